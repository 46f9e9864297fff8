package agefile

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// DefaultFile is the file's name where the user names none.
const DefaultFile = "secrets.age"

// At reads age:FILE?identity=FILE&recipient=age1…. A relative FILE is relative to the
// current folder, as on every command line; without one it is DefaultFile in dir.
// References name it relative to dir, if it is below that. The identity is by default
// in the user's configuration folder (OAKUM_AGE_IDENTITY names another file); where
// OAKUM_AGE_PASSPHRASE_FILE names a file, the passphrase in that is used in its place.
func At(target *url.URL, dir string, getenv func(string) string) (Options, error) {
	opt := Options{File: filepath.FromSlash(target.Opaque + target.Host + target.Path)}
	if opt.File == "" {
		opt.File = filepath.Join(dir, DefaultFile)
	}
	file, err := filepath.Abs(opt.File)
	if err != nil {
		return opt, err
	}
	opt.Named = filepath.ToSlash(file)
	if rel, err := filepath.Rel(resolved(dir), filepath.Join(resolved(filepath.Dir(file)), filepath.Base(file))); err == nil && filepath.IsLocal(rel) {
		opt.Named = filepath.ToSlash(rel)
	}
	opt.Named = escape(opt.Named)
	opt.Identity.Recipients = target.Query()["recipient"]
	if opt.Identity.File = target.Query().Get("identity"); opt.Identity.File == "" {
		if opt.Identity.File, err = identityFile(getenv); err != nil {
			return opt, err
		}
	}
	if name := getenv("OAKUM_AGE_PASSPHRASE_FILE"); name != "" {
		text, err := os.ReadFile(name)
		defer clear(text)
		if err != nil {
			return opt, fmt.Errorf("read the passphrase: %w", err)
		}
		line, _, _ := strings.Cut(string(text), "\n")
		opt.Identity.Passphrase = leak.NewSecret([]byte(strings.TrimSuffix(line, "\r")))
	}
	return opt, nil
}

// resolved is a folder with its links followed, as far as it is there.
func resolved(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real
	}
	return dir
}

// identityFile is where the identity lies if nothing else is said (XDG Base Directory
// Specification 0.8; %AppData% on Windows).
func identityFile(getenv func(string) string) (string, error) {
	if file := getenv("OAKUM_AGE_IDENTITY"); file != "" {
		return file, nil
	}
	dir := getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) {
		dir = ""
	}
	if runtime.GOOS == "windows" && dir == "" {
		dir = getenv("AppData")
	}
	if home := getenv("HOME"); dir == "" && home != "" {
		dir = filepath.Join(home, ".config")
	}
	if dir == "" {
		return "", errors.New("there is no home folder to keep the age identity in: OAKUM_AGE_IDENTITY names its file")
	}
	return filepath.Join(dir, "oakum", "age-identity.txt"), nil
}

// escape writes a path as references have it.
func escape(path string) string {
	var out strings.Builder
	for _, c := range []byte(path) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~/@=", c) >= 0 {
			out.WriteByte(c)
		} else {
			fmt.Fprintf(&out, "%%%02X", c)
		}
	}
	return out.String()
}
