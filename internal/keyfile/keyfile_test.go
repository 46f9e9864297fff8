package keyfile

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

var keys = Kind{Head: "test-key-1 ", Name: "the key of tests", Lost: "test again"}

// TestOneKey: whoever opens a key that is not there gets the same one.
func TestOneKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state", "key")
	if _, err := keys.Read(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before there is one: %v", err)
	}
	made := make([][]byte, 8)
	var all sync.WaitGroup
	for i := range made {
		all.Go(func() {
			var err error
			if made[i], err = keys.Open(file); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, secret := range made {
		if len(secret) != Size || !bytes.Equal(secret, made[0]) {
			t.Error("made at the same time, the keys differ")
		}
	}
	if _, err := keys.Make(file); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a key is made over another: %v", err)
	}
	left, err := os.ReadDir(filepath.Dir(file))
	if info, statErr := os.Stat(file); err != nil || statErr != nil || len(left) != 1 || info.Mode().Perm() != 0o600 {
		t.Errorf("it left %v, %v, %v", left, err, statErr)
	}
}

func TestRefused(t *testing.T) {
	for name, content := range map[string]string{
		"empty": "", "short": keys.Head + "abcd\n", "no hex": keys.Head + strings.Repeat("z", 64), "another kind": "key-1 " + strings.Repeat("a", 64),
		"long": keys.Head + strings.Repeat("a", 66), "endless": keys.Head + strings.Repeat("a", 64) + strings.Repeat(" ", maxFile),
	} {
		file := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := keys.Open(file); err == nil {
			t.Errorf("%s is taken for a key", name)
		}
	}
	if _, err := keys.Read(t.TempDir()); err == nil {
		t.Error("a folder is read")
	}
}

// TestModes: what others can read is no secret, unless a platform vouches for it.
func TestModes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	secret, err := keys.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o444} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := keys.Open(file); err == nil || !strings.Contains(err.Error(), "chmod 600") || !strings.Contains(err.Error(), keys.Lost) {
			t.Errorf("mode %04o: %v", mode, err)
		}
		if got, err := keys.ReadMounted(file); err != nil || !bytes.Equal(got, secret) {
			t.Errorf("mounted with mode %04o: %v", mode, err)
		}
	}
}
