package policy

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// maxBundle bounds a bundle's files together, unpacked. A policy is code and
// lists: OPA's own large examples have a few hundred kilobytes.
const maxBundle = 64 << 20

// Read reads a policy as the user named it: a folder, a bundle (.tar.gz) or one
// .rego file.
func Read(name string) (Options, error) {
	opt := Options{Name: filepath.ToSlash(name)}
	info, err := os.Stat(name)
	if err != nil {
		return opt, fmt.Errorf("read policy: %w", err)
	}
	if info.IsDir() {
		root, err := os.OpenRoot(name)
		if err != nil {
			return opt, fmt.Errorf("read policy: %w", err)
		}
		defer root.Close()
		opt.Files, err = OfFolder(root.FS())
		return opt, err
	}
	if info.Size() > maxBundle {
		return opt, fmt.Errorf("read policy %s: %d bytes are more than a policy has", opt.Name, info.Size())
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return opt, fmt.Errorf("read policy: %w", err)
	}
	opt.Files, err = OfFile(path.Base(opt.Name), content)
	return opt, err
}

// OfFile are a bundle's files, of an archive's content or of a single module's.
func OfFile(name string, content []byte) (map[string][]byte, error) {
	if path.Ext(name) == ".rego" {
		return map[string][]byte{name: content}, nil
	}
	files, err := ofArchive(content)
	if err != nil {
		return nil, fmt.Errorf("read policy %s: it is no folder, .rego file or bundle (.tar.gz): %w", name, err)
	}
	return files, nil
}

// OfFolder are a bundle's files below a folder. Links are not followed.
func OfFolder(folder fs.FS) (map[string][]byte, error) {
	files, total := map[string][]byte{}, 0
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir // a repository's .git
		case !entry.Type().IsRegular() || !Wanted(name):
			return nil
		}
		content, err := fs.ReadFile(folder, name)
		files[name] = content
		if total += len(content); total > maxBundle {
			return errTooLarge
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	return files, nil
}

var errTooLarge = errors.New("more bytes than a policy has: name the folder that holds the policy alone")

// ofArchive unpacks a bundle as `opa build` writes it.
func ofArchive(content []byte) (map[string][]byte, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	files, left := map[string][]byte{}, int64(maxBundle)
	for entries := tar.NewReader(unzipped); ; {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		name := strings.TrimPrefix(path.Clean("/"+entry.Name), "/")
		if entry.Typeflag != tar.TypeReg || !Wanted(name) {
			continue
		}
		if entry.Size > left {
			return nil, errTooLarge
		}
		left -= entry.Size
		if files[name], err = io.ReadAll(entries); err != nil {
			return nil, err
		}
	}
}
