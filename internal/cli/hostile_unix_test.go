//go:build unix

package cli_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak/leaktest"
)

// These tests treat the program badly: input without end, files that cannot be
// read, places that cannot be written. Each must end with a clear word, the
// right code and within its memory.

// maxResident is the memory that a scan may take whatever its input's size is,
// in bytes.
const maxResident = 150 << 20

// run starts a program, waits for it and tells the most memory it has had, in
// bytes. The kernel counts a child's from before it became the program, when it was
// a copy of this one (setmax_mm_hiwater_rss in Linux's fs/exec.c), so on Linux the
// peak of its own memory is asked for while it runs; the peak never falls.
func run(t *testing.T, c *exec.Cmd) int64 {
	t.Helper()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Wait() // its error is the exit code
	}()
	var peak int64
	for {
		if n, ok := highWater(c.Process.Pid); ok {
			peak = n
		}
		select {
		case <-done:
			if runtime.GOOS == "darwin" { // which counts in bytes
				return c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
			}
			return peak
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// highWater is VmHWM of a process that runs (proc(5)), in bytes.
func highWater(pid int) (int64, bool) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, false
	}
	_, rest, ok := strings.Cut(string(status), "VmHWM:")
	if !ok {
		return 0, false
	}
	kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	return kib << 10, err == nil
}

// endless gives n bytes of a pattern.
type endless struct {
	piece []byte
	left  int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := 0
	for n < len(p) && n < e.left {
		n += copy(p[n:min(len(p), e.left)], e.piece)
	}
	e.left -= n
	return n, nil
}

// TestLongLine scans lines of eight megabytes, of bytes that start as many
// rules as can be, and finds the one key at their end.
func TestLongLine(t *testing.T) {
	const size = 8 << 20
	for name, piece := range map[string]string{"letters": "x", "url": "://", "aws": "AKIA", "github": "ghp_", "spaces": " ", "zeros": "\x00"} {
		cmd, stdout, stderr := command(t, "scan", "stdin")
		long := &endless{bytes.Repeat([]byte(piece), 64<<10/len(piece)), size}
		cmd.Stdin = io.MultiReader(long, strings.NewReader(` "`+leaktest.Must(3, `{{github "ghp_"}}`)+`"`))
		got := run(t, cmd)
		if code := cmd.ProcessState.ExitCode(); code != 1 || stderr.Len() > 0 {
			t.Errorf("%s: exit code %d, stderr %q", name, code, stderr)
		}
		if !strings.Contains(stdout.String(), "stdin:1:"+strconv.Itoa(size+3)) {
			t.Errorf("%s: the place of the key is not told: %s", name, stdout)
		}
		if got == 0 || got > maxResident {
			t.Errorf("%s: takes %d MB", name, got>>20)
		}
	}
}

// TestHugeFile scans two sparse gigabytes.
func TestHugeFile(t *testing.T) {
	if testing.Short() {
		t.Skip("reads two gigabytes")
	}
	name := filepath.Join(t.TempDir(), "huge")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	const size = 2 << 30
	if _, err := f.WriteAt([]byte("\n"+leaktest.Must(3, `{{github "ghp_"}}`)+"\n"), size); err != nil {
		t.Skip("no sparse files here:", err)
	}
	f.Close()
	cmd, stdout, _ := command(t, "scan", name)
	got := run(t, cmd)
	if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(stdout.String(), "huge:2:1") {
		t.Errorf("exit code %d: %s", code, stdout)
	}
	if got == 0 || got > maxResident {
		t.Errorf("takes %d MB", got>>20)
	}
}

// TestFullDisk: a report that cannot be written is exit 2, whatever was found.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no full disk at hand")
	}
	defer full.Close()
	dir := t.TempDir()
	for _, format := range []string{"text", "json", "jsonl", "sarif"} {
		for _, output := range []bool{true, false} {
			args := []string{"scan", "--format", format, dir}
			if output {
				args = append(args, "--output", "/dev/full")
			}
			cmd, _, stderr := command(t, args...)
			if !output {
				cmd.Stdout = full
			}
			cmd.Run() // its error is the exit code
			if code := cmd.ProcessState.ExitCode(); code != 2 || !strings.Contains(stderr.String(), "no space left") {
				t.Errorf("%s, --output %v: exit code %d: %s", format, output, code, stderr)
			}
		}
	}
}

// TestNoHome: scanning needs no home and no place to write; what keeps state says
// which variable it wants.
func TestNoHome(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"a.txt": "nothing", ".oakum-allow": "# nothing\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, env := range [][]string{{}, {"HOME=/dev/null/none"}, {"OAKUM_STATE_DIR=/dev/null/none"}} {
		for args, want := range map[string]int{"scan": 0, "trust": 2} {
			cmd, _, stderr := command(t, args, dir)
			cmd.Env = env
			cmd.Run() // its error is the exit code
			if code := cmd.ProcessState.ExitCode(); code != want {
				t.Errorf("%s with %v: exit code %d, want %d: %s", args, env, code, want, stderr)
			}
			if len(env) == 0 && want == 2 && !strings.Contains(stderr.String(), "OAKUM_STATE_DIR") {
				t.Errorf("%s does not say what to set: %s", args, stderr)
			}
		}
	}
}

// TestInterruptedPipe: Ctrl-C is answered while a pipe is waited for that nobody
// writes to.
func TestInterruptedPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	cmd, stdout, _ := command(t, "scan", pipe)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	time.Sleep(500 * time.Millisecond) // a signal that comes before the program listens ends it at once
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		cmd.Process.Kill()
		t.Fatal("it does not end")
	}
	if code := cmd.ProcessState.ExitCode(); code != 3 || !strings.Contains(stdout.String(), "incomplete") {
		t.Errorf("exit code %d (%v): %s", code, cmd.ProcessState, stdout)
	}
}

// TestUnreadable runs as nobody, where the tests run as root: a file and a
// folder without permission are told of, and the rest is scanned.
func TestUnreadable(t *testing.T) {
	base, err := os.MkdirTemp("", "oakum-unreadable")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(base)
	program, err := os.ReadFile(binary(t))
	if err != nil {
		t.Fatal(err)
	}
	self := filepath.Join(base, "oakum")
	if err := os.WriteFile(self, program, 0o755); err != nil {
		t.Fatal(err)
	}
	tree := filepath.Join(base, "tree")
	for name, mode := range map[string]os.FileMode{"open.txt": 0o644, "file.txt": 0, "locked/inner.txt": 0o644} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(tree, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(tree, name), []byte("nothing\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	locked := filepath.Join(tree, "locked")
	defer os.Chmod(locked, 0o755)
	for name, mode := range map[string]os.FileMode{base: 0o755, locked: 0} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(self, "scan", tree)
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	cmd.Dir, cmd.Env = base, []string{"HOME=" + base}
	out, _ := cmd.CombinedOutput() // its error is the exit code
	if code := cmd.ProcessState.ExitCode(); code != 3 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"file.txt: ", "locked: ", "permission denied", "2 failures"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is not told in\n%s", want, out)
		}
	}
}
