//go:build unix

package filesource_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/oakum-sec/oakum/scanner/filesource"
)

func TestPipesAndSocketsAreNotOpened(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"file": "1"})
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	short, err := os.MkdirTemp("", "s") // a socket's path has 104 bytes at most
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(short)
	l, err := net.Listen("unix", filepath.Join(short, "sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	equal(t, seen(t, filesource.New(dirs(dir), filesource.Options{})), "file=1", "boundary special pipe")
	equal(t, seen(t, filesource.New(dirs(short), filesource.Options{})), "boundary special sock")
}

// A pipe that takes a file's place after the folder was listed must not hold
// the scan up.
func TestFileSwappedForAPipe(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a": "1", "b": "2"})
	var got []string
	for b := range filesource.New(dirs(dir), filesource.Options{}).Blobs(t.Context()) {
		if len(got) == 0 {
			p := filepath.Join(dir, "b")
			if err := os.Remove(p); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Mkfifo(p, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got = append(got, content(b))
	}
	equal(t, got, "a=1", "boundary special b")
}

// TestUnreadable runs itself again as nobody where the tests run as root, who
// may read everything.
func TestUnreadable(t *testing.T) {
	if dir := os.Getenv("OAKUM_TEST_UNREADABLE"); dir != "" {
		for _, line := range seen(t, filesource.New(dirs(dir), filesource.Options{})) {
			t.Log(line)
		}
		return
	}
	base, err := os.MkdirTemp("", "oakum-unreadable")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(base)
	dir, self := filepath.Join(base, "tree"), filepath.Join(base, "test")
	write(t, dir, map[string]string{"a": "1", "locked/b": "2", "no": "3"})
	for p, mode := range map[string]os.FileMode{base: 0o755, filepath.Join(dir, "locked"): 0, filepath.Join(dir, "no"): 0} {
		if err := os.Chmod(p, mode); err != nil {
			t.Fatal(err)
		}
	}
	binary, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(self, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^TestUnreadable$", "-test.v")
	cmd.Env = append(os.Environ(), "OAKUM_TEST_UNREADABLE="+dir)
	cmd.Dir = base
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	os.Chmod(filepath.Join(dir, "locked"), 0o755)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"a=1", "failure unreadable locked", "failure unreadable no"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is not told in\n%s", want, out)
		}
	}
}
