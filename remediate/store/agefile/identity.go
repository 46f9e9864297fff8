package agefile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"filippo.io/age"

	"github.com/oakum-sec/oakum/leak"
)

// Identity opens the file: a key file of age's, or a passphrase.
type Identity struct {
	File       string      // as age-keygen writes it; made at the first write where there is none
	Passphrase leak.Secret // in the file's place
	Recipients []string    // more people who may read: age1… public keys
}

func (i Identity) String() string {
	if !i.Passphrase.IsZero() {
		return "the passphrase is another"
	}
	return "this one is in " + i.File
}

// apart refuses an identity that lies where the encrypted file does: in the same
// repository, or below the same folder. Whoever copies the one would copy the other.
func (i Identity) apart(file string) error {
	if !i.Passphrase.IsZero() {
		return nil
	}
	at, err := filepath.Abs(i.File)
	if err != nil {
		return err
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(at)); err == nil { // else it is not made yet
		at = filepath.Join(dir, filepath.Base(at))
	}
	if target, err := filepath.EvalSymlinks(at); err == nil {
		at = target
	}
	tree := worktree(filepath.Dir(file))
	if rel, err := filepath.Rel(tree, at); err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return fmt.Errorf("the identity %s lies in %s, beside what it opens: keep it in your configuration folder, and never in a repository", i.File, tree)
	}
	return nil
}

// worktree is the repository that a folder is in, or the folder.
func worktree(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			return dir
		}
	}
}

func (i Identity) identities() ([]age.Identity, error) {
	if !i.Passphrase.IsZero() {
		var id *age.ScryptIdentity
		err := i.Passphrase.Reveal(func(p []byte) (err error) {
			id, err = age.NewScryptIdentity(string(p))
			return err
		})
		return []age.Identity{id}, err
	}
	f, err := os.Open(i.File)
	if err != nil {
		return nil, fmt.Errorf("read the age identity: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("read the age identity: %s can be read by others (mode %04o): chmod 600 it", i.File, info.Mode().Perm())
	}
	ids, err := age.ParseIdentities(f)
	if err != nil { // age's own error quotes the line
		return nil, fmt.Errorf("read the age identity: %s is no file of identities as age-keygen writes it", i.File)
	}
	return ids, nil
}

// recipients are those that the file names, this identity and those that the user
// adds. They are written into the file, so that nobody who could read it is locked
// out by the next writer.
func (i Identity) recipients(c *content) ([]age.Recipient, error) {
	if !i.Passphrase.IsZero() {
		if len(c.Recipients)+len(i.Recipients) > 0 {
			return nil, errors.New("a file is for a passphrase or for recipients, not for both")
		}
		var to *age.ScryptRecipient
		err := i.Passphrase.Reveal(func(p []byte) (err error) {
			to, err = age.NewScryptRecipient(string(p))
			return err
		})
		return []age.Recipient{to}, err
	}
	own, err := i.own()
	if err != nil {
		return nil, err
	}
	all := slices.Concat(c.Recipients, own, i.Recipients)
	slices.Sort(all)
	c.Recipients = slices.Compact(all)
	return parseRecipients(c.Recipients)
}

func parseRecipients(names []string) ([]age.Recipient, error) {
	var to []age.Recipient
	for _, name := range names {
		parsed, err := age.ParseRecipients(strings.NewReader(name))
		if err != nil {
			return nil, fmt.Errorf("%q is no age recipient: %w", name, err)
		}
		to = append(to, parsed...)
	}
	return to, nil
}

// own are the public keys of the identity's file, which is made where there is none.
func (i Identity) own() ([]string, error) {
	ids, err := i.identities()
	if errors.Is(err, fs.ErrNotExist) {
		if err = i.create(); err == nil {
			ids, err = i.identities()
		}
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, id := range ids {
		switch id := id.(type) {
		case *age.X25519Identity:
			names = append(names, id.Recipient().String())
		case *age.HybridIdentity:
			names = append(names, id.Recipient().String())
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s holds no identity that this version can encrypt to", i.File)
	}
	return names, nil
}

// create writes a new identity for its owner alone. It never overwrites one.
func (i Identity) create() error {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return fmt.Errorf("make an age identity: %w", err)
	}
	text := fmt.Appendf(nil, "# made by oakum; public key: %s\n%s\n", id.Recipient(), id)
	defer clear(text)
	if err := os.MkdirAll(filepath.Dir(i.File), 0o700); err != nil {
		return fmt.Errorf("make an age identity: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(i.File), ".identity-*")
	if err != nil {
		return fmt.Errorf("make an age identity: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = bytes.NewReader(text).WriteTo(f)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Link(f.Name(), i.File)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make an age identity: %w", err)
	}
	return nil
}
