package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/spf13/cobra"
)

// These tests run built programs. The sibling is a program of one file with the name
// of the real one: what is proven is whom oakum runs and how, not what that one does
// (webhook/ runs the real one).

const echoMain = `package main

import ("bufio"; "fmt"; "os"; "os/signal"; "strings"; "syscall")

func main() {
	if at := os.Getenv("RAN"); at != "" { os.WriteFile(at, nil, 0o600) }
	if len(os.Args) > 2 && os.Args[2] == "wait" {
		got := make(chan os.Signal, 1)
		signal.Notify(got, os.Interrupt, syscall.SIGTERM)
		fmt.Println("ready")
		fmt.Println("got", <-got)
		os.Exit(5)
	}
	line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	fmt.Printf("%s|%s|%s\n", strings.Join(os.Args[1:], " "), line, os.Getenv("MARK"))
	fmt.Fprintln(os.Stderr, "words")
	os.Exit(7)
}
`

// program is one that these tests build: from a module, without a version or with a
// commit of its own.
type program struct{ module, main string }

func (p program) build(t *testing.T, commit bool) string {
	t.Helper()
	dir := t.TempDir()
	pkg := filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(p.main, p.module+"/")))
	if err := os.MkdirAll(pkg, 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(pkg, "main.go"), echoMain)
	put(t, filepath.Join(dir, "go.mod"), "module "+p.module+"\n\ngo 1.26\n")
	out := filepath.Join(dir, "built")
	args := []string{"build", "-buildvcs=false", "-o", out, p.main}
	if commit {
		args[1] = "-buildvcs=true"
		for _, words := range []string{"init -q", "add .", "-c user.name=a -c user.email=a@example.com commit -q -m a"} {
			do(t, dir, "git", strings.Fields(words)...)
		}
	}
	do(t, dir, "go", args...)
	return out
}

func do(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	c := exec.Command(name, args...)
	c.Dir, c.Env = dir, append(os.Environ(), "GOWORK=off")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// unversioned is cmd/oakum, built as the sibling of these tests is.
var unversioned = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "oakum-sibling-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, exe("oakum"))
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, "../../cmd/oakum").CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return path, nil
})

func exe(name string) string {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return name
}

// install puts a copy of the file at from to dir/name.
func install(t *testing.T, from, dir, name string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(dir, exe(name))
	if err := os.WriteFile(to, content, 0o755); err != nil {
		t.Fatal(err)
	}
	return to
}

// house is a folder with bin/oakum in it.
func house(t *testing.T) (dir, oakum string) {
	t.Helper()
	from, err := unversioned()
	if err != nil {
		t.Fatal(err)
	}
	dir, err = filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir, install(t, from, filepath.Join(dir, "bin"), "oakum")
}

// runAs runs a program somewhere else and returns what it wrote and its exit code.
func runAs(t *testing.T, path string, env []string, args ...string) (out, words string, code int) {
	t.Helper()
	c := exec.CommandContext(t.Context(), path, args...)
	c.Dir, c.Env = t.TempDir(), append(os.Environ(), env...)
	var stdout, stderr bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader("input\n"), &stdout, &stderr
	c.Run() // its error is the exit code, which is what is tested
	return stdout.String(), stderr.String(), c.ProcessState.ExitCode()
}

var webhookProgram = program{"github.com/oakum-sec/oakum/webhook", webhookSibling.main}

func TestSiblingHasArgumentsStreamsAndExitCode(t *testing.T) {
	echo := webhookProgram.build(t, false)
	for place, c := range map[string]struct{ in, link string }{
		"beside":               {in: "bin"},
		"libexec":              {in: "libexec/oakum"},
		"where the link leads": {in: "bin", link: "elsewhere"},
	} {
		dir, oakum := house(t)
		install(t, echo, filepath.Join(dir, filepath.FromSlash(c.in)), "oakum-webhook")
		if c.link != "" {
			link := filepath.Join(dir, c.link)
			if err := os.Symlink(oakum, link); err != nil {
				t.Skip("no symbolic links here")
			}
			oakum = link
		}
		for _, line := range []string{"webhook serve --config x", "webhook --help", "scan k8s --live -n a", "scan k8s --live --kinds pods --format json"} {
			out, words, code := runAs(t, oakum, []string{"MARK=seen"}, strings.Fields(line)...)
			if want := line + "|input\n|seen\n"; out != want || words != "words\n" || code != 7 {
				t.Errorf("%s: %s: %q, %q, exit code %d; want %q", place, line, out, words, code, want)
			}
		}
	}
}

func TestSiblingThatIsNotThere(t *testing.T) {
	dir, oakum := house(t)
	for line, want := range map[string]string{
		"webhook serve":      "oakum-webhook",
		"webhook --help":     "oakum-webhook",
		"scan k8s --live":    "oakum-webhook",
		"remediate plan":     "oakum-remediate",
		"run -- true":        "oakum-remediate",
		"scan ci aws --help": "oakum-remediate",
	} {
		_, words, code := runAs(t, oakum, nil, strings.Fields(line)...)
		if code != exitFailure || !strings.Contains(words, want+" is not installed") || !strings.Contains(words, "cp oakum-src/bin/"+want+" "+filepath.Join(dir, "bin")) {
			t.Errorf("%s: exit code %d: %s", line, code, words)
		}
	}
	out, _, code := runAs(t, oakum, nil, "--help")
	for _, name := range []string{"webhook", "remediate", "run "} {
		if !strings.Contains(out, "\n  "+name) || code != exitClean {
			t.Errorf("help (exit code %d) does not list %s:\n%s", code, name, out)
		}
	}
	if _, words, code := runAs(t, oakum, nil, "scan", "k8s", "--secrets", "."); code != exitFailure || !strings.Contains(words, "say --live") {
		t.Errorf("--secrets without --live: exit code %d: %s", code, words)
	}
}

// A sibling that oakum called says what the user typed: lines of its help can be typed again.
func TestSiblingSpeaksAsItWasCalled(t *testing.T) {
	p := Program{Name: "oakum-webhook", Commands: func(Kit) []*cobra.Command {
		return []*cobra.Command{{Use: "webhook", Short: "x", RunE: func(*cobra.Command, []string) error { return nil }}}
	}}
	for called, want := range map[string]string{"oakum": "oakum webhook [flags]", "oakum-webhook": "oakum-webhook webhook [flags]", "/opt/bin/oakum-webhook": "oakum-webhook webhook [flags]"} {
		var out bytes.Buffer
		code := Run(t.Context(), p, []string{called, "webhook", "--help"}, nil, Stdio{In: strings.NewReader(""), Out: &out, Err: &out})
		if code != exitClean || !strings.Contains(out.String(), "\n  "+want+"\n") {
			t.Errorf("%s: exit code %d, and no %q:\n%s", called, code, want, &out)
		}
	}
}

// What executes templates of Go is oakum's alone, and its siblings have oakum do it.
func TestSiblingsLeaveTemplatesToOakum(t *testing.T) {
	for _, line := range []string{"rules list", "gitleaks git --no-banner"} {
		var words bytes.Buffer
		code := Run(t.Context(), Program{Name: "oakum-webhook"}, append([]string{"oakum-webhook"}, strings.Fields(line)...), nil, Stdio{In: strings.NewReader(""), Out: &words, Err: &words})
		if code != exitFailure || !strings.Contains(words.String(), "oakum is not installed") || !strings.Contains(words.String(), "cp oakum-src/bin/oakum ") {
			t.Errorf("%s: exit code %d: %s", line, code, &words)
		}
	}
}

// What lies in the current folder, in PATH or beside a link is anybody's.
func TestSiblingOfNobodyElse(t *testing.T) {
	echo := webhookProgram.build(t, false)
	dir, oakum := house(t)
	strangers, here, linked := filepath.Join(dir, "path"), filepath.Join(dir, "here"), filepath.Join(dir, "linked")
	for _, d := range []string{strangers, here, linked} {
		install(t, echo, d, "oakum-webhook")
	}
	link := filepath.Join(linked, exe("oakum"))
	if err := os.Symlink(oakum, link); err != nil {
		t.Skip("no symbolic links here")
	}
	ran := filepath.Join(dir, "ran")
	for _, program := range []string{oakum, link} {
		c := exec.Command(program, "webhook", "serve")
		c.Dir, c.Env = here, append(os.Environ(), "PATH="+strangers, "RAN="+ran)
		out, _ := c.CombinedOutput()
		if _, err := os.Stat(ran); err == nil || c.ProcessState.ExitCode() != exitFailure {
			t.Errorf("%s: a stranger was run: exit code %d: %s", program, c.ProcessState.ExitCode(), out)
		}
	}
}

func TestSiblingOfAnotherKind(t *testing.T) {
	other := program{"github.com/oakum-sec/oakum/webhook", "github.com/oakum-sec/oakum/webhook/cmd/other"}
	script := filepath.Join(t.TempDir(), "script")
	put(t, script, "#!/bin/sh\n: >$RAN\n")
	for want, from := range map[string]string{
		"is of another version":        webhookProgram.build(t, true),
		"is not oakum-webhook: it was": other.build(t, false),
		"does not say what":            script,
	} {
		dir, oakum := house(t)
		install(t, from, filepath.Join(dir, "bin"), "oakum-webhook")
		ran := filepath.Join(dir, "ran")
		_, words, code := runAs(t, oakum, []string{"RAN=" + ran}, "webhook", "serve")
		if _, err := os.Stat(ran); err == nil || code != exitFailure || !strings.Contains(words, want) {
			t.Errorf("want %q: exit code %d: %s", want, code, words)
		}
	}
}

func TestSiblingHasSignals(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot send Ctrl-C to another one on Windows")
	}
	dir, oakum := house(t)
	install(t, webhookProgram.build(t, false), filepath.Join(dir, "bin"), "oakum-webhook")
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		c := exec.CommandContext(t.Context(), oakum, "webhook", "wait")
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		ready := make([]byte, len("ready\n"))
		out.Read(ready)
		c.Process.Signal(sig)
		rest := make([]byte, 64)
		n, _ := out.Read(rest)
		c.Wait() // its error is the exit code
		if got := c.ProcessState.ExitCode(); got != 5 || string(rest[:n]) != "got "+sig.String()+"\n" {
			t.Errorf("%v: exit code %d, %q", sig, got, rest[:n])
		}
	}
}

// A sibling that is a child, as all are on Windows, is told of the end of the context.
func TestSiblingAsAChild(t *testing.T) {
	echo := webhookProgram.build(t, false)
	var out bytes.Buffer
	a := &app{Stdio: Stdio{In: strings.NewReader("input\n"), Out: &out, Err: &out}, environ: append(os.Environ(), "MARK=seen")}
	err := a.child(t.Context(), echo, []string{echo, "webhook", "serve"})
	if e, ok := errors.AsType[*exitError](err); !ok || e.code != 7 || out.String() != "webhook serve|input\n|seen\nwords\n" {
		t.Errorf("%v: %q", err, &out)
	}
	if runtime.GOOS == "windows" {
		return
	}
	ctx, cancel := context.WithCancel(t.Context())
	ready := &readyWriter{done: cancel}
	a.Out = ready
	err = a.child(ctx, echo, []string{echo, "webhook", "wait"})
	if e, ok := errors.AsType[*exitError](err); !ok || e.code != 5 || !strings.Contains(ready.String(), "got interrupt") {
		t.Errorf("%v: %q", err, ready)
	}
}

// readyWriter calls done once it was written to. Its buffer is no part of it, for
// that would take what it reads past Write.
type readyWriter struct {
	text bytes.Buffer
	done func()
}

func (w *readyWriter) Write(p []byte) (int, error) {
	w.done()
	return w.text.Write(p)
}

func (w *readyWriter) String() string { return w.text.String() }

// A program that does not know its own name would find itself as its sibling.
func TestSiblingIsNotItself(t *testing.T) {
	dir := t.TempDir()
	one, two, link := filepath.Join(dir, "one"), filepath.Join(dir, "two"), filepath.Join(dir, "link")
	put(t, one, "program")
	put(t, two, "program")
	if err := os.Link(one, link); err != nil {
		t.Skip("no hard links here")
	}
	for path, want := range map[string]bool{one: true, link: true, two: false, filepath.Join(dir, "missing"): false} {
		if same(path, one) != want {
			t.Errorf("%s is the same as %s: %v", path, one, !want)
		}
	}
}
