// Package keyfile keeps a user's keys: 32 random bytes each, in a file that its owner
// alone can read. What is derived from one is its user's to say.
package keyfile

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Size is how many random bytes a key is made of.
const Size = 32

// maxFile is more than a key file has: nobody's device is read to its end.
const maxFile = 1 << 10

// Kind is a sort of keys.
type Kind struct {
	// Head begins a key's file; the key follows in hex, and a line break. Its number is
	// raised when what is derived from a key changes.
	Head string
	Name string // "the key of known secrets"
	Lost string // what to do where somebody may have read one
}

// Open reads the key in file, or makes one where there is none.
func (k Kind) Open(file string) ([]byte, error) {
	secret, err := k.Read(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	if secret, err = k.Make(file); errors.Is(err, fs.ErrExist) { // somebody was faster
		return k.Read(file)
	}
	return secret, err
}

// Read reads a key, and refuses one that others can read. The error is fs.ErrNotExist's
// where there is none.
func (k Kind) Read(file string) ([]byte, error) { return k.read(file, false) }

// ReadMounted reads a key that a platform put there, as Docker and Kubernetes mount
// secrets: who can read it is theirs to say, and its mode tells nothing.
func (k Kind) ReadMounted(file string) ([]byte, error) { return k.read(file, true) }

func (k Kind) read(file string, mounted bool) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", k.Name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", k.Name, err)
	}
	if !mounted && openToOthers(info) {
		return nil, fmt.Errorf("read %s: %s can be read by others (mode %04o); chmod 600 it, and %s if somebody may have read it", k.Name, file, info.Mode().Perm(), k.Lost)
	}
	held := make([]byte, maxFile) // of one size, so that no copy of it is left behind
	defer clear(held)
	n, err := io.ReadFull(f, held)
	switch {
	case err == nil: // and there may be more
		n = 0
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("read %s: %w", k.Name, err)
	}
	return k.decode(held[:n], file)
}

// openToOthers does not speak of pipes, which are read once, nor of Windows, which has no modes.
func openToOthers(info fs.FileInfo) bool {
	return runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0
}

func (k Kind) decode(held []byte, file string) ([]byte, error) {
	text, ok := bytes.CutPrefix(bytes.TrimSpace(held), []byte(k.Head))
	if !ok || len(text) != hex.EncodedLen(Size) {
		return nil, fmt.Errorf("read %s: %s is no key file of this version of oakum", k.Name, file)
	}
	secret := make([]byte, Size)
	if _, err := hex.Decode(secret, text); err != nil {
		return nil, fmt.Errorf("read %s: %s is damaged", k.Name, file)
	}
	return secret, nil
}

// Make writes a new key for its owner alone. It never overwrites one (fs.ErrExist), and a
// key that is not wholly written is never seen under its name.
func (k Kind) Make(file string) ([]byte, error) {
	secret := make([]byte, Size)
	rand.Read(secret) // never fails since Go 1.24
	text := append(hex.AppendEncode([]byte(k.Head), secret), '\n')
	defer clear(text)
	if err := place(file, text); err != nil {
		return nil, fmt.Errorf("make %s: %w", k.Name, err)
	}
	return secret, nil
}

// place writes a file aside, and gives it its name when it is whole.
func place(file string, text []byte) error {
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".key-*") // of mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), file)
}
