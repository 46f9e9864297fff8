package trust

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestStore(t *testing.T) {
	s := Store{Dir: filepath.Join(t.TempDir(), "state")}
	if all, err := s.List(); err != nil || len(all) != 0 {
		t.Fatalf("an empty store lists %v, %v", all, err)
	}
	r, err := s.Get("/a")
	if err != nil || r.Covers("x", nil) || r.Covers("x", []byte("1")) {
		t.Fatalf("an empty store trusts: %v, %v", r, err)
	}
	for _, target := range []string{"/b", "/a"} {
		if err := s.Put(Record{Target: target, Files: map[string]string{"x": Hash([]byte("1"))}}); err != nil {
			t.Fatal(err)
		}
	}
	if r, err = s.Get("/a"); err != nil {
		t.Fatal(err)
	}
	if !r.Covers("x", []byte("1")) || r.Covers("x", []byte("2")) || r.Covers("y", []byte("1")) {
		t.Error("a record covers other than the one file as it was")
	}
	all, err := s.List()
	if err != nil || len(all) != 2 || all[0].Target != "/a" {
		t.Errorf("list %v, %v", all, err)
	}
	if was, err := s.Forget("/a"); !was || err != nil {
		t.Errorf("forget: %v, %v", was, err)
	}
	if was, err := s.Forget("/a"); was || err != nil {
		t.Errorf("forget twice: %v, %v", was, err)
	}
	if r, err = s.Get("/a"); err != nil || r.Covers("x", []byte("1")) {
		t.Error("trusted after it was forgotten")
	}
}

func TestStoreIsTheUsersOwn(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows keeps no such modes")
	}
	s := Store{Dir: filepath.Join(t.TempDir(), "state")}
	if err := s.Put(Record{Target: "/a"}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{filepath.Join(s.Dir, "trust"): 0o700, s.file("/a"): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("mode %v, want %v", got, want)
		}
	}
}

func TestBrokenRecordIsNoTrust(t *testing.T) {
	s := Store{Dir: t.TempDir()}
	if err := s.Put(Record{Target: "/a"}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.file("/a"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get("/a"); err == nil {
		t.Error("a broken record is read without an error")
	}
}

func TestTargetResolvesLinks(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "real"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", filepath.Join(dir, "link")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	real, err := Target(filepath.Join(dir, "real"))
	if err != nil {
		t.Fatal(err)
	}
	link, err := Target(filepath.Join(dir, "link", "..", "link"))
	if err != nil || link != real {
		t.Errorf("link is %q, %v; want %q", link, err, real)
	}
	if _, err := Target(filepath.Join(dir, "nowhere")); err == nil {
		t.Error("a target that is not there has a name")
	}
}
