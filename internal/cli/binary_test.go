package cli_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
)

// These tests run the program as users do: `go run` and a test binary would
// both hide an exit code or a signal that goes wrong in main.

// binary builds cmd/oakum once a test run.
func binary(t *testing.T) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatalf("build cmd/oakum: %v", err)
	}
	return path
}

var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "oakum-binary-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "oakum")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	out, err := exec.Command("go", "build", "-o", path, "../../cmd/oakum").CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return path, nil
})

func command(t *testing.T, args ...string) (c *exec.Cmd, stdout, stderr *bytes.Buffer) {
	t.Helper()
	c = exec.CommandContext(t.Context(), binary(t), args...)
	c.Dir = t.TempDir()
	c.Env = append(os.Environ(), "OAKUM_STATE_DIR="+t.TempDir())
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	c.Stdout, c.Stderr = stdout, stderr
	return c, stdout, stderr
}

func TestExitCodesOfTheBinary(t *testing.T) {
	dir := t.TempDir()
	put := func(name, content string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("clean/a.txt", "nothing")
	put("key/.env", leaktest.Must(1, `TOKEN={{github "ghp_"}}`))
	put("large/a.bin", strings.Repeat("x", 2000))
	for name, c := range map[string]struct {
		args []string
		code int
	}{
		"clean":         {[]string{"scan", dir + "/clean"}, 0},
		"findings":      {[]string{"scan", dir + "/key"}, 1},
		"usage":         {[]string{"scan", "--bogus"}, 2},
		"not there":     {[]string{"scan", dir + "/nowhere"}, 2},
		"no command":    {[]string{"scna"}, 2},
		"incomplete":    {[]string{"scan", "--max-size", "1k", dir + "/large"}, 3},
		"help":          {[]string{"scan", "--help"}, 0},
		"output folder": {[]string{"scan", "-o", dir + "/none/x", dir + "/clean"}, 2},
	} {
		cmd, _, stderr := command(t, c.args...)
		cmd.Run() // its error is the exit code, which is what is tested
		if got := cmd.ProcessState.ExitCode(); got != c.code {
			t.Errorf("%s: exit code %d, want %d; stderr: %s", name, got, c.code, stderr)
		}
	}
}

// Ctrl-C ends a scan that waits for its input, with a report that does not
// claim to be complete.
func TestInterruptedBinary(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot send Ctrl-C to another one on Windows")
	}
	cmd, stdout, stderr := command(t, "scan", "stdin")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// More than a pipe holds: when it is written, the program reads, so it
	// listens for signals.
	if _, err := in.Write(bytes.Repeat([]byte("nothing to see\n"), 1<<15)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	cmd.Wait() // its error is the exit code
	if got := cmd.ProcessState.ExitCode(); got != 3 {
		t.Errorf("exit code %d (%v), want 3; stderr: %s", got, cmd.ProcessState, stderr)
	}
	if !strings.Contains(stdout.String(), "incomplete (stopped before its end)") {
		t.Errorf("the report does not say that it is incomplete: %s", stdout)
	}
}

// `oakum rules list | head -1` is nothing to complain about.
func TestBrokenPipeIsQuiet(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows tells of a closed pipe in other ways")
	}
	cmd, _, stderr := command(t, "rules", "list")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = w
	r.Close()
	err = cmd.Run()
	w.Close()
	if err == nil {
		t.Error("writing to nobody succeeded: the test tests nothing")
	}
	if stderr.Len() > 0 {
		t.Errorf("it complains: %s", stderr)
	}
}
