package launch

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/oakum-sec/oakum/leak"
)

// memory is a folder in a memory file system, for files that a program wants its
// secrets in.
type memory struct{ dir string }

// newMemory makes the folder, which only this user may enter.
func newMemory(getenv func(string) string) (*memory, error) {
	for _, at := range []string{getenv("XDG_RUNTIME_DIR"), "/dev/shm", "/run"} {
		if at == "" || !isMemory(at) {
			continue
		}
		if dir, err := os.MkdirTemp(at, "oakum-run-"); err == nil {
			return &memory{dir}, nil
		}
	}
	return nil, errors.New("there is no memory file system that this user may write to (XDG_RUNTIME_DIR, /dev/shm), and secrets do not go to a disk: have them in variables in place of files")
}

// write puts each value in a file and gives the variables that name these. A file that
// is there is replaced as a whole: a program that reads it meanwhile has the old one.
func (m *memory) write(files map[string]leak.Secret) (env []string, err error) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(m.dir, name)
		if err := put(path+".new", files[name]); err != nil {
			return nil, fmt.Errorf("write the file for %s: %w", name, err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			return nil, err
		}
		env = append(env, name+"="+path)
	}
	return env, nil
}

func (m *memory) remove() { os.RemoveAll(m.dir) }
