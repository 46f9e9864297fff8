package agefile

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
)

// What a driver remembers never stands for what the file holds: another writer's entries
// are seen and kept, an older file that is put back is what it is, and one that was
// emptied or damaged is an error, to readers and to writers.
func TestTheFileDecides(t *testing.T) {
	file, id := filepath.Join(t.TempDir(), "secrets.age"), Identity{File: filepath.Join(t.TempDir(), "id")}
	one, two := store.New(open(t, file, id), store.Options{}), store.New(open(t, file, id), store.Options{})
	put := func(s *store.Store, name string) error {
		_, err := s.Create(t.Context(), store.Put{Name: name, Value: leak.NewSecret([]byte("value of " + name)), Op: "op " + name})
		return err
	}
	code := func(s *store.Store, name string) store.Code {
		_, v, err := s.Read(t.Context(), name, "")
		if err == nil && !v.Equal(leak.NewSecret([]byte("value of "+name))) {
			t.Errorf("%s is another value", name)
		}
		return store.CodeOf(err)
	}
	var older []byte
	for i := range 4 {
		for n, s := range []*store.Store{one, two} {
			if err := put(s, fmt.Sprintf("n%d-%d", i, n)); err != nil {
				t.Fatal(err)
			}
		}
		if i == 1 {
			older, _ = os.ReadFile(file)
		}
	}
	for i := range 4 {
		for n := range 2 {
			if name := fmt.Sprintf("n%d-%d", i, n); code(one, name) != store.OK || code(two, name) != store.OK {
				t.Errorf("%s: %v, %v", name, code(one, name), code(two, name))
			}
		}
	}
	write := func(content []byte) {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(older)
	if code(two, "n1-1") != store.OK || code(two, "n3-1") != store.NotFound {
		t.Errorf("of an older file: %v, %v", code(two, "n1-1"), code(two, "n3-1"))
	}
	if err := put(two, "late"); err != nil || code(one, "late") != store.OK || code(one, "n3-0") != store.NotFound {
		t.Errorf("written over an older file: %v; %v, %v", err, code(one, "late"), code(one, "n3-0"))
	}
	whole, _ := os.ReadFile(file)
	for what, content := range map[string][]byte{"emptied": {}, "cut": whole[:len(whole)/2]} {
		write(whole)
		if err := put(two, "before-"+what); err != nil {
			t.Fatal(err)
		}
		write(content)
		if got := code(two, "late"); got == store.OK || got == store.NotFound {
			t.Errorf("read of a file that was %s: %v", what, got)
		}
		if err := put(two, "after-"+what); err == nil {
			t.Errorf("written into a file that was %s", what)
		}
	}
}
