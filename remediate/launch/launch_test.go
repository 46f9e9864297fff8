//go:build !windows

package launch_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/launch"
	"github.com/oakum-sec/oakum/remediate/ref"
)

// TestMain lets the test binary be the program that is started: what it is depends on
// its first argument.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if as, ok := programs[os.Args[1]]; ok {
			as()
			return
		}
	}
	os.Exit(m.Run())
}

// values is a store of texts.
func values(of map[string]string) func(context.Context, ref.Ref) (leak.Secret, error) {
	return func(_ context.Context, r ref.Ref) (leak.Secret, error) {
		v, ok := of[r.Path]
		if !ok {
			return leak.Secret{}, errors.New("nothing has this name")
		}
		return leak.NewSecret([]byte(v)), nil
	}
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestResolve(t *testing.T) {
	w := launch.Wanted{
		Env:      []string{"PATH=/bin", "URL=postgres://app:ref+vault://secret/db+@host/app", "A=outer", "=::=::\\"},
		Names:    ref.Names{"TOKEN": {Backend: ref.AWSSecrets, Path: "prod/token"}},
		EnvFiles: []string{write(t, ".env", "# comment\nA=inner\nB='single ref+awsssm://b'\n"), write(t, "more.env", "A=last\n")},
		Files:    map[string]ref.Ref{"KEY": {Backend: ref.GCPSecrets, Path: "p/key"}},
	}
	g, err := w.Resolve(t.Context(), values(map[string]string{"secret/db": "p w", "prod/token": "t0ken", "b": "bee", "p/key": "\x00binary"}))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"A=last", "B=single bee", "PATH=/bin", "TOKEN=t0ken", "URL=postgres://app:p w@host/app"}; !slices.Equal(g.Env, want) {
		t.Errorf("the environment is %q", g.Env)
	}
	if !g.Files["KEY"].Equal(leak.NewSecret([]byte("\x00binary"))) || g.Count != 4 {
		t.Errorf("%d references", g.Count)
	}
}

// A copy of a file has values as its format writes them, or is refused.
func TestCopies(t *testing.T) {
	value := values(map[string]string{"a": `q"uo\te`, "b": "plain-1"})
	for _, c := range []struct{ name, text, want string }{
		{"config.json", `{"x": "ref+vault://a", "y": "u:ref+vault://b+@h"}`, `{"x": "q\"uo\\te", "y": "u:plain-1@h"}`},
		{"app.yaml", "x: ref+vault://b\n", "x: plain-1\n"},
		{"app.yaml", "x: ref+vault://a\n", ""},
	} {
		g, err := launch.Wanted{Copies: map[string]string{"CONFIG": write(t, c.name, c.text)}}.Resolve(t.Context(), value)
		if c.want == "" && (err == nil || strings.Contains(err.Error(), "uo")) {
			t.Errorf("%s: %v", c.text, err)
		}
		if c.want != "" && (err != nil || !g.Files["CONFIG"].Equal(leak.NewSecret([]byte(c.want)))) {
			t.Errorf("%s: %v", c.text, err)
		}
	}
}

// Nothing is given where one thing cannot be, and what is said names it and no value.
func TestResolveRefuses(t *testing.T) {
	const secret = "hunter2hunter2"
	for says, w := range map[string]launch.Wanted{
		"B: resolve ref+vault://secret/none": {Env: []string{"A=ref+vault://secret/a", "B=ref+vault://secret/none"}},
		"zero byte":                          {Env: []string{"A=ref+vault://secret/zero"}},
		"KEY: resolve":                       {Files: map[string]ref.Ref{"KEY": {Backend: ref.Vault, Path: "secret/none"}}},
		"not read as a dotenv file":          {EnvFiles: []string{write(t, ".env", "PASSWORD "+secret+" '\n")}},
		"no such file":                       {EnvFiles: []string{filepath.Join(t.TempDir(), "none")}},
	} {
		_, err := w.Resolve(t.Context(), values(map[string]string{"secret/a": secret, "secret/zero": secret + "\x00"}))
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), secret) {
			t.Errorf("%v, expected %q", err, says)
		}
	}
}

// programs are what is started.
var programs = map[string]func(){
	"as-printer": func() {
		os.Stdout.WriteString(os.Getenv("TOKEN") + " " + strings.Join(os.Args[2:], " "))
		os.Exit(7)
	},
	"as-reader": func() {
		b, _ := os.ReadFile(os.Getenv("KEY"))
		info, _ := os.Stat(os.Getenv("KEY"))
		os.Stdout.WriteString(os.Getenv("KEY") + " " + string(b) + " " + info.Mode().String())
	},
	"as-lister": func() { os.Stdout.WriteString(strings.Join(os.Environ(), "\n")) },
	"as-killed": func() { syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} },
	"as-slow-ender": func() {
		told := make(chan os.Signal, 1)
		signal.Notify(told, syscall.SIGTERM)
		os.Stdout.WriteString("started\n")
		select {
		case <-told:
			time.Sleep(time.Second)
		case <-time.After(20 * time.Second): // nobody tells it
			os.Exit(1)
		}
	},
	"as-sleeper": func() {
		os.Stdout.WriteString(os.Getenv("TOKEN") + "\n")
		time.Sleep(time.Minute)
	},
}

// program starts this binary as one of programs.
func program(as string, w launch.Wanted, value func(context.Context, ref.Ref) (leak.Secret, error), args ...string) (launch.Program, *bytes.Buffer) {
	var out bytes.Buffer
	w.Env = append(w.Env, "PATH="+os.Getenv("PATH"))
	return launch.Program{
		Command: append([]string{os.Args[0], as}, args...), Wanted: w, Getenv: os.Getenv, Out: &out, Err: os.Stderr,
		Resolve: func(ctx context.Context) (launch.Given, error) { return w.Resolve(ctx, value) },
		Say:     func(string, ...any) {},
	}, &out
}

func TestRun(t *testing.T) {
	one := values(map[string]string{"secret/token": "t0ken"})
	token := launch.Wanted{Env: []string{"TOKEN=ref+vault://secret/token"}}
	p, out := program("as-printer", token, one, "a", "b c")
	if code, err := p.Run(t.Context()); code != 7 || err != nil || out.String() != "t0ken a b c" {
		t.Errorf("exit code %d, %v: %q", code, err, out)
	}
	p, _ = program("as-killed", token, one)
	if code, err := p.Run(t.Context()); code != 128+9 || err != nil {
		t.Errorf("a killed program: exit code %d, %v", code, err)
	}
	p, out = program("as-printer", launch.Wanted{Env: []string{"TOKEN=ref+vault://secret/none"}}, one)
	if _, err := p.Run(t.Context()); err == nil || out.Len() > 0 {
		t.Errorf("a program was started without its secret: %q, %v", out, err)
	}
	p, _ = program("as-printer", token, one)
	p.Command = []string{"no-such-program-here"}
	if _, err := p.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "no-such-program-here") {
		t.Errorf("a program that is not there: %v", err)
	}
}

func TestFiles(t *testing.T) {
	w := launch.Wanted{Files: map[string]ref.Ref{"KEY": {Backend: ref.Vault, Path: "secret/key"}}}
	p, out := program("as-reader", w, values(map[string]string{"secret/key": "k3y"}))
	code, err := p.Run(t.Context())
	if err != nil && strings.Contains(err.Error(), "no memory file system") {
		t.Skip(err)
	}
	path, rest, _ := strings.Cut(out.String(), " ")
	if code != 0 || err != nil || rest != "k3y -rw-------" {
		t.Fatalf("exit code %d, %v: %q", code, err, out)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left behind: %v", path, err)
	}
}

// lines calls back for each write, which for the programs here is a line.
type lines func(string)

func (l lines) Write(b []byte) (int, error) {
	l(strings.TrimSpace(string(b)))
	return len(b), nil
}

// A changed secret restarts the program; a store that does not answer does not.
func TestWatch(t *testing.T) {
	var now atomic.Int32
	answers := []string{"one", "", "two"}
	value := func(context.Context, ref.Ref) (leak.Secret, error) {
		a := answers[min(int(now.Add(1))-1, len(answers)-1)]
		if a == "" {
			return leak.Secret{}, errors.New("sealed")
		}
		return leak.NewSecret([]byte(a)), nil
	}
	p, _ := program("as-sleeper", launch.Wanted{Env: []string{"TOKEN=ref+vault://secret/token"}}, value)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var told, said []string
	p.Out = lines(func(s string) {
		if told = append(told, s); s == "two" {
			cancel()
		}
	})
	p.Watch, p.Say = 20*time.Millisecond, func(format string, args ...any) { said = append(said, format) }
	code, err := p.Run(ctx)
	if code != 128+15 || err != nil || !slices.Equal(told, []string{"one", "two"}) {
		t.Errorf("exit code %d, %v, started with %q", code, err, told)
	}
	if len(said) != 2 || !strings.Contains(said[0], "could not be asked") || !strings.Contains(said[1], "started again") {
		t.Errorf("it says %q", said)
	}
}
