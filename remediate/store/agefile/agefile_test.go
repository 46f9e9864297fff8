package agefile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/disk"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/store/storetest"
)

func open(t *testing.T, file string, id Identity) *Driver {
	t.Helper()
	d, err := Open(Options{File: file, Identity: id, Locks: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestConformance(t *testing.T) {
	file, keys := filepath.Join(t.TempDir(), "secrets.age"), t.TempDir()
	other := filepath.Join(keys, "other.txt")
	if err := (Identity{File: other}).create(); err != nil {
		t.Fatal(err)
	}
	storetest.Run(t, &storetest.Bench{
		Driver: open(t, file, Identity{File: filepath.Join(keys, "identity.txt")}),
		Prefix: []string{"try"},
		Denied: open(t, file, Identity{File: other}),
	})
}

func TestPassphrase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secrets.age")
	s := store.New(open(t, file, Identity{Passphrase: leak.NewSecret([]byte("four random common words"))}), store.Options{})
	p := store.Put{Name: "prod/mysql", Value: leak.NewSecret([]byte("v4lue of it")), Op: "op"}
	if _, err := s.Create(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if _, got, err := s.Read(t.Context(), p.Name, ""); err != nil || !got.Equal(p.Value) {
		t.Error(got, err)
	}
	wrong := store.New(open(t, file, Identity{Passphrase: leak.NewSecret([]byte("others"))}), store.Options{})
	if _, _, err := wrong.Read(t.Context(), p.Name, ""); store.CodeOf(err) != store.PermissionDenied {
		t.Errorf("another passphrase: %v", err)
	}
}

// The identity is never where its file is, by whatever way it is named.
func TestIdentityApart(t *testing.T) {
	repo, out := t.TempDir(), t.TempDir()
	for _, dir := range []string{".git", "deploy"} {
		if err := os.Mkdir(filepath.Join(repo, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(out, "link")
	if err := os.Symlink(filepath.Join(repo, "deploy"), link); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	file := filepath.Join(repo, "deploy", "secrets.age")
	for _, c := range []struct {
		identity string
		refused  bool
	}{
		{filepath.Join(repo, "identity.txt"), true}, {filepath.Join(repo, "deploy", "id"), true}, {filepath.Join(repo, "deploy", "..", "id"), true},
		{filepath.Join(link, "id"), true}, {filepath.Join(out, "id"), false}, {filepath.Join(repo+"-keys", "id"), false},
	} {
		_, err := store.New(open(t, file, Identity{File: c.identity}), store.Options{}).Create(t.Context(), store.Put{Name: "a", Value: leak.NewSecret([]byte("b")), Op: "o"})
		if (store.CodeOf(err) == store.InvalidArgument) != c.refused {
			t.Errorf("%s: %v", c.identity, err)
		}
		os.Remove(file)
		os.RemoveAll(c.identity)
	}
}

// What is on the disk is readable by its owner alone, and shows nothing.
func TestFilesOnDisk(t *testing.T) {
	file, id := filepath.Join(t.TempDir(), "secrets.age"), filepath.Join(t.TempDir(), "new", "identity.txt")
	_, err := store.New(open(t, file, Identity{File: id}), store.Options{}).Create(t.Context(), store.Put{Name: "prod/mysql", Value: leak.NewSecret([]byte("h1dden value")), Op: "op"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, id} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil || !bytes.HasPrefix(text, []byte("-----BEGIN AGE ENCRYPTED FILE-----")) || bytes.Contains(text, []byte("mysql")) {
		t.Errorf("the file begins %.40q, %v", text, err)
	}
	os.Chmod(id, 0o644)
	if _, err := open(t, file, Identity{File: id}).Stat(t.Context(), "prod/mysql"); store.CodeOf(err) != store.Unauthenticated || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("an identity that others can read: %v", err)
	}
}

// Whoever could read the file still can after somebody else wrote it.
func TestRecipientsStay(t *testing.T) {
	file, keys := filepath.Join(t.TempDir(), "secrets.age"), t.TempDir()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	ada := Identity{File: filepath.Join(keys, "ada"), Recipients: []string{id.Recipient().String()}}
	bob := Identity{File: filepath.Join(keys, "bob")}
	if err := os.WriteFile(bob.File, []byte(id.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, who := range []Identity{ada, bob, ada} {
		_, err := store.New(open(t, file, who), store.Options{}).Create(t.Context(), store.Put{Name: fmt.Sprint("n", i), Value: leak.NewSecret([]byte("value")), Op: "op"})
		if err != nil {
			t.Errorf("writer %d: %v", i, err)
		}
	}
}

// Writers at the same time: each entry is there in the end.
func TestWritersTogether(t *testing.T) {
	file, id, locks := filepath.Join(t.TempDir(), "secrets.age"), filepath.Join(t.TempDir(), "id"), t.TempDir()
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			d, err := Open(Options{File: file, Identity: Identity{File: id}, Locks: locks})
			if err == nil {
				_, err = store.New(d, store.Options{}).Create(t.Context(), store.Put{Name: fmt.Sprint("n", i), Value: leak.NewSecret(fmt.Append(nil, "value ", i)), Op: "op"})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	d, err := Open(Options{File: file, Identity: Identity{File: id}, Locks: locks})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 16 {
		if _, err := d.Stat(t.Context(), fmt.Sprint("n", i)); err != nil {
			t.Errorf("entry %d: %v", i, err)
		}
	}
}

// Only the last values are kept.
func TestOldValuesGo(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "s.age"), Identity{File: filepath.Join(t.TempDir(), "id")})
	s := store.New(d, store.Options{})
	version := ""
	for i := range 10 {
		p := store.Put{Name: "n", Value: leak.NewSecret(fmt.Append(nil, "value ", i)), Op: fmt.Sprint(i)}
		r, err := s.Create(t.Context(), p)
		if version != "" {
			r, err = s.Replace(t.Context(), p, version)
		}
		if err != nil {
			t.Fatal(err)
		}
		version = r.Version
	}
	c, err := d.load(t.Context())
	if err != nil || len(c.Entries["n"].Values) != keepVersions {
		t.Errorf("%d values are kept, %v", len(c.Entries["n"].Values), err)
	}
}

// A write that is cut off leaves its new content beside the file, which is tidied up.
func TestTidy(t *testing.T) {
	dir, keys := t.TempDir(), t.TempDir()
	stopped := errors.New("cut off")
	d, err := Open(Options{File: filepath.Join(dir, "secrets.age"), Identity: Identity{File: filepath.Join(keys, "identity.txt")}, Locks: t.TempDir(),
		Disk: disk.Disk{Watch: func(s disk.Step) error {
			if s.Op == "rename" {
				return stopped
			}
			return nil
		}}})
	if err != nil {
		t.Fatal(err)
	}
	s := store.New(d, store.Options{Attempts: 1})
	if _, err := s.Create(t.Context(), store.Put{Name: "prod/mysql", Value: leak.NewSecret([]byte("v4lue of it")), Op: "op"}); err == nil {
		t.Fatal("it was not cut off")
	}
	for _, want := range []int{1, 0, 0} {
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != want {
			t.Errorf("%d files are there, not %d: %v", len(entries), want, err)
		}
		if err := s.Tidy(t.Context(), "prod/mysql", "op"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPromoteAll: several values become current in one write, or none does.
func TestPromoteAll(t *testing.T) {
	s := store.New(open(t, filepath.Join(t.TempDir(), "secrets.age"), Identity{File: filepath.Join(t.TempDir(), "identity.txt")}), store.Options{})
	var all []store.Promotion
	for _, name := range []string{"id", "secret"} {
		old, err := s.Create(t.Context(), store.Put{Name: name, Value: leak.NewSecret([]byte("old " + name)), Op: "first"})
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Pend(t.Context(), store.Put{Name: name, Value: leak.NewSecret([]byte("new " + name)), Op: "second"}, old.Version)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, store.Promotion{Name: name, Version: r.Version, From: old.Version})
	}
	hold := func(want string) {
		t.Helper()
		for _, p := range all {
			if _, v, err := s.Read(t.Context(), p.Name, ""); err != nil || store.Plain(v) != want+p.Name {
				t.Errorf("%s is not the %sone: %v", p.Name, want, err)
			}
		}
	}
	stale := slices.Clone(all)
	stale[1].From = "7"
	if err := s.PromoteAll(t.Context(), stale); store.CodeOf(err) != store.Conflict {
		t.Errorf("from a version that is not current: %v", err)
	}
	hold("old ")
	for range 2 {
		if err := s.PromoteAll(t.Context(), all); err != nil {
			t.Error(err)
		}
		hold("new ")
	}
}

// Several entries are written together or not at all, and what stands there is kept.
func TestWriteAll(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "secrets.age"), Identity{File: filepath.Join(t.TempDir(), "id")})
	s := store.New(d, store.Options{})
	put := func(name, value string) store.Put {
		return store.Put{Name: name, Value: leak.NewSecret([]byte(value)), Op: "op of " + name}
	}
	if !s.CanCreateAll() {
		t.Fatal("an age file takes one entry after the other")
	}
	for range 2 { // twice is once
		if err := s.CreateAll(t.Context(), []store.Put{put("a", "value 1"), put("b", "value 2")}); err != nil {
			t.Fatal(err)
		}
	}
	for _, all := range [][]store.Put{{put("c", "value 3"), put("b", "another")}, {put("c", "value 3"), put("d", "")}} {
		if err := s.CreateAll(t.Context(), all); err == nil {
			t.Errorf("%s is stored", all[1].Name)
		}
	}
	later := store.Write{Name: "c", Value: leak.NewSecret([]byte("value 3"))}
	if err := d.WriteAll(t.Context(), []store.Write{later, {Name: "a", Value: later.Value}}); store.CodeOf(err) != store.AlreadyExists {
		t.Errorf("a name that is taken: %v", err)
	}
	for name, value := range map[string]string{"a": "value 1", "b": "value 2"} {
		if e, got, err := s.Read(t.Context(), name, ""); err != nil || !got.Equal(leak.NewSecret([]byte(value))) || e.Version != "1" || e.MadeBy() != "op of "+name {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
	if _, err := s.Stat(t.Context(), "c"); store.CodeOf(err) != store.NotFound {
		t.Errorf("of a write that was refused: %v", err)
	}
}
