//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/disk"
	"github.com/oakum-sec/oakum/remediate/store/agefile"
)

// asProgram has the test's own binary be the program.
const asProgram = "OAKUM_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		onDisk.Watch = die(os.Getenv(dieAt))
		os.Exit(run())
	}
	os.Exit(m.Run())
}

// dieAt is the step of its disk at which the program is killed; 0 has it tell of each.
const dieAt = "OAKUM_TEST_DIE_AT"

// die kills the program itself before it goes on from a step: no deferred call runs, no
// buffer is written, as when the system or its user does it.
func die(at string) func(disk.Step) error {
	n, err := strconv.Atoi(at)
	if err != nil {
		return nil
	}
	count := 0
	return func(disk.Step) error {
		if count++; n == 0 {
			fmt.Fprintln(os.Stderr, stepMark)
		}
		if count == n {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		return nil
	}
}

const stepMark = "disk step"

// laptop is a user's machine: a project, a home, and the program.
type laptop struct {
	t        *testing.T
	dir      string // of the project
	home     string
	password string
	env      []string // of the program, beside its own
}

func newLaptop(t *testing.T) *laptop {
	t.Helper()
	top := t.TempDir()
	l := &laptop{t, filepath.Join(top, "orders"), filepath.Join(top, "home"), leaktest.Must(21, `{{alnum 24}}`), nil}
	if err := os.MkdirAll(filepath.Join(l.home, "run"), 0o700); err != nil {
		t.Fatal(err)
	}
	l.reset()
	return l
}

// reset puts project and runs back to the beginning. Key and identity stay, so a plan
// of the project stays good.
func (l *laptop) reset() {
	l.t.Helper()
	for _, dir := range []string{l.dir, filepath.Join(l.home, "state")} {
		if err := os.RemoveAll(dir); err != nil {
			l.t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		".env":             "PORT=80\nDB_PASSWORD=" + l.password + "\nGITHUB_TOKEN=" + leaktest.Must(22, `{{github "ghp_"}}`) + "\n",
		"config/prod.json": `{"database": {"password": "` + l.password + `"}}` + "\n",
		"stack.yaml":       "db_password: " + l.password + "\nslack_token: " + leaktest.Must(23, `{{slackBot}}`) + "\n",
	} {
		at := filepath.Join(l.dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			l.t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o640); err != nil {
			l.t.Fatal(err)
		}
	}
}

// command is the program, asked for something.
func (l *laptop) command(args ...string) (*exec.Cmd, *bytes.Buffer) {
	l.t.Helper()
	self, err := os.Executable()
	if err != nil {
		l.t.Fatal(err)
	}
	cmd, said := exec.Command(self, args...), &bytes.Buffer{}
	cmd.Dir, cmd.Stdout, cmd.Stderr = filepath.Join(l.home, "run"), said, said
	cmd.Env = []string{asProgram + "=1", "HOME=" + l.home, "PATH=" + os.Getenv("PATH"), "TERM=dumb",
		"OAKUM_STATE_DIR=" + filepath.Join(l.home, "state"), "OAKUM_KEY_FILE=" + filepath.Join(l.home, "key")}
	cmd.Env = append(cmd.Env, l.env...)
	return cmd, said
}

func (l *laptop) ok(args ...string) string {
	l.t.Helper()
	cmd, said := l.command(args...)
	if err := cmd.Run(); err != nil {
		l.t.Fatalf("%q: %v\n%s", args, err, said)
	}
	return said.String()
}

// tree is the project without the age file, whose bytes are new each time.
func (l *laptop) tree() map[string]string {
	l.t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(l.dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == agefile.DefaultFile {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text, err := os.ReadFile(name)
		all[name] = fmt.Sprint(info.Mode(), " ", string(text))
		return err
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return all
}

// age opens the age file, past the program.
func (l *laptop) age() *agefile.Driver {
	l.t.Helper()
	d, err := agefile.Open(agefile.Options{File: filepath.Join(l.dir, agefile.DefaultFile), Locks: l.t.TempDir(),
		Identity: agefile.Identity{File: filepath.Join(l.home, ".config", "oakum", "age-identity.txt")}})
	if err != nil {
		l.t.Fatal(err)
	}
	return d
}

// secret reads one from the age file.
func (l *laptop) secret(name string) leak.Secret {
	l.t.Helper()
	e, value, err := l.age().Read(context.Background(), name, "")
	if err != nil || e.Version != "1" {
		l.t.Errorf("%s in the age file: version %q, %v", name, e.Version, err)
	}
	return value
}

// killed runs a command and kills it after a while, if it lives so long.
func (l *laptop) killed(after time.Duration, args ...string) (said string, dead bool) {
	l.t.Helper()
	cmd, out := l.command(args...)
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { cmd.Process.Signal(syscall.SIGKILL) })
	defer timer.Stop()
	err := cmd.Wait()
	exit, ok := errors.AsType[*exec.ExitError](err)
	return out.String(), ok && exit.Sys().(syscall.WaitStatus).Signaled()
}

// TestKilledProgram kills the program itself, at random moments of its work, and
// resumes until it ends: as TestKilledApply of package remediate does step by step in
// one process, here with real files, fsync, locks and age.
func TestKilledProgram(t *testing.T) {
	l := newLaptop(t)
	plan := filepath.Join(l.home, "plan.json")
	l.ok("remediate", "plan", l.dir, "--in-place", "--out", plan)
	began := time.Now()
	l.ok("remediate", "apply", plan)
	whole, want := time.Since(began), l.tree()
	dice, deaths := rand.New(rand.NewPCG(5, 6)), 0
	var told strings.Builder
	for try := range 10 {
		l.reset()
		for kill := range 4 {
			args := []string{"remediate", "apply", plan} // which goes on with what has begun
			if kill == 3 {
				told.WriteString(l.ok(args...))
				break
			}
			said, dead := l.killed(time.Duration(dice.Int64N(int64(whole))), args...)
			told.WriteString(said)
			if dead {
				deaths++
			}
		}
		if got := l.tree(); !maps.Equal(got, want) {
			t.Fatalf("try %d: the project is\n%v\nexpected\n%v", try, got, want)
		}
		for name, value := range map[string]string{"orders/db/password": l.password, "orders/github/token": leaktest.Must(22, `{{github "ghp_"}}`)} {
			if !l.secret(name).Equal(leak.NewSecret([]byte(value))) {
				t.Errorf("try %d: %s is another value", try, name)
			}
		}
	}
	t.Logf("killed %d times; a whole run takes %v", deaths, whole)
	if deaths < 10 {
		t.Errorf("the program was killed %d times only", deaths)
	}
	for _, text := range []string{told.String(), string(must(os.ReadFile(plan)))} {
		if strings.Contains(text, l.password) {
			t.Error("a value was told")
		}
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// The run, as a user types it: a rollback gives the files back byte for byte.
func TestRunOnce(t *testing.T) {
	l := newLaptop(t)
	before, plan := l.tree(), filepath.Join(l.home, "plan.json")
	shown := l.ok("remediate", "plan", l.dir, "--out", plan, "--write-map", filepath.Join(l.home, "map.yaml"))
	for _, want := range []string{"orders/db/password in agefile", "in 3 places", "ref+age://secrets.age#/orders/db/password", "next  oakum remediate apply"} {
		if !strings.Contains(shown, want) {
			t.Errorf("the plan does not show %q:\n%s", want, shown)
		}
	}
	shown = l.ok("remediate", "plan", l.dir, "--out", plan, "--map", filepath.Join(l.home, "map.yaml"))
	if !strings.Contains(shown, "orders/db/password in agefile") {
		t.Errorf("the map that plan wrote does not give the plan again:\n%s", shown)
	}
	shown = l.ok("remediate", "apply", plan)
	if !strings.Contains(shown, "MOVED_NOT_ROTATED") {
		t.Errorf("apply tells\n%s", shown)
	}
	if out := l.ok("scan", "dir", l.dir); !strings.Contains(out, "clean") {
		t.Errorf("a scan tells\n%s", out)
	}
	id := strings.Fields(shown[strings.Index(shown, "\np")+1:])[0]
	l.ok("remediate", "rollback", id)
	if got := l.tree(); !maps.Equal(got, before) {
		t.Errorf("a rollback leaves\n%v", got)
	}
	if _, err := os.Stat(filepath.Join(l.dir, agefile.DefaultFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the age file is left: %v", err)
	}
	exported := l.ok("remediate", "status", id, "--export")
	if n := strings.Count(exported, `"specversion":"1.0"`); n < 20 || strings.Contains(exported, l.password) {
		t.Errorf("%d events are exported:\n%s", n, exported)
	}
}
