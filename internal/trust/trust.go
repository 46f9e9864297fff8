// Package trust remembers which targets' own files (configuration, allow list)
// may tell oakum what to ignore.
//
// Its promise: what a repository brings along counts for nothing until its user
// said so on this machine, and no longer than the files stay as they were then:
// a record holds each file's SHA-256, and lies in the user's state folder, never
// in the target. Limits: a record is bound to the target's path; a moved clone is
// trusted anew.
package trust

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Record is what is trusted of one target.
type Record struct {
	Target string            `json:"target"` // absolute, links resolved
	Files  map[string]string `json:"files"`  // SHA-256 in hex, by name
}

// Store holds the records, a file each, in one folder.
type Store struct{ Dir string }

// Hash is what a Record holds of a file.
func Hash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// Covers tells whether the file is trusted as it is.
func (r Record) Covers(name string, content []byte) bool {
	return r.Files[name] != "" && r.Files[name] == Hash(content)
}

// Target is the name under which path is recorded: absolute, links resolved.
func Target(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", path, err)
	}
	real, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", path, err)
	}
	return filepath.ToSlash(real), nil
}

// file is where a target's record lies; its name is a hash, so that it depends
// on no file system's rules for names.
func (s Store) file(target string) string {
	return filepath.Join(s.Dir, "trust", Hash([]byte(target))[:32]+".json")
}

// Get is the target's record; one without files where there is none, or none
// that we may read (a container's user has no home, or another one's): nothing
// is trusted then, and scanning goes on.
func (s Store) Get(target string) (Record, error) {
	r, err := read(s.file(target))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ENOTDIR) {
		return Record{Target: target}, nil
	}
	return r, err
}

func read(file string) (r Record, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return r, fmt.Errorf("read trust record: %w", err)
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return r, fmt.Errorf("read trust record %s: %w; delete it and trust its target again", file, err)
	}
	return r, nil
}

// Put records r, in the place of what was recorded of its target.
func (s Store) Put(r Record) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write trust record: %w", err)
	}
	file := s.file(r.Target)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("write trust record: %w", err)
	}
	if err := os.WriteFile(file+".new", append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("write trust record: %w", err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return fmt.Errorf("write trust record: %w", err)
	}
	return nil
}

// Forget takes the target's record away and tells whether there was one.
func (s Store) Forget(target string) (bool, error) {
	err := os.Remove(s.file(target))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("forget trust: %w", err)
	}
	return true, nil
}

// List gives all records, by target.
func (s Store) List() ([]Record, error) {
	entries, err := os.ReadDir(filepath.Join(s.Dir, "trust"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list trust records: %w", err)
	}
	var all []Record
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		r, err := read(filepath.Join(s.Dir, "trust", e.Name()))
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b Record) int { return cmp.Compare(a.Target, b.Target) })
	return all, nil
}
