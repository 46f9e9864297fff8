package command_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer/command"
	"github.com/oakum-sec/oakum/remediate/store"
)

// parse reads a command that runs in a folder of its own.
func parse(t *testing.T, dir, text string) consumer.Consumer {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the commands of these tests are a Unix shell's")
	}
	c, err := command.Parse(node(t, "kind: command\ndir: "+dir+"\n"+text), consumer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func node(t *testing.T, text string) *yaml.Node {
	t.Helper()
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(text), &n); err != nil {
		t.Fatal(err)
	}
	return n.Content[0]
}

func update(t *testing.T) consumer.Update {
	t.Helper()
	words := strings.Fields(leaktest.Must(1, `{{uuid}} {{alnum 24}} {{alnum 24}}`))
	s := func(v string) leak.Secret { return leak.NewSecret([]byte(v)) }
	return consumer.Update{Op: words[0], New: map[string]leak.Secret{"password": s(words[1])}, Old: map[string]leak.Secret{"password": s(words[2])}}
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A command is run once by a process, gets the values on its standard input alone, and
// goes back by its undo.
func TestRun(t *testing.T) {
	dir, u := t.TempDir(), update(t)
	c := parse(t, dir, `run: [sh, -c, 'cat > given; env > env; echo "$OAKUM_OP" >> ran']
undo: same
stdin: {password: password}`)
	if notes, err := c.(consumer.Checker).Check(t.Context(), u); err != nil || len(notes) != 0 {
		t.Error(notes, err)
	}
	for range 2 {
		if err := c.Do(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	if done, err := c.Done(t.Context(), u); !done || err != nil {
		t.Error(err)
	}
	if got := read(t, dir, "given"); got != `{"password":"`+store.Plain(u.New["password"])+`"}` {
		t.Error("it is given something else")
	}
	if strings.Contains(read(t, dir, "env"), store.Plain(u.New["password"])) {
		t.Error("a value is in the environment")
	}
	if err := c.Undo(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir, "given"); !strings.Contains(got, store.Plain(u.Old["password"])) {
		t.Error("it is not given the old value back")
	}
	if got := read(t, dir, "ran"); got != u.Op+"\nundo-"+u.Op+"\n" {
		t.Errorf("it ran for %q", got)
	}
	if done, _ := c.Done(t.Context(), u); done {
		t.Error("it is done after it was undone")
	}
}

// A check looks at the world: its exit code is the answer, and a failure is one.
func TestCheck(t *testing.T) {
	dir, u := t.TempDir(), update(t)
	c := parse(t, dir, "run: [touch, there]\ncheck: [test, -e, there]")
	for _, want := range []bool{false, true} {
		if done, err := c.Done(t.Context(), u); done != want || err != nil {
			t.Errorf("%v, %v", done, err)
		}
		if err := c.Do(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	if done, err := parse(t, dir, "run: [touch, there]\ncheck: [test, -e, there]").Done(t.Context(), u); !done || err != nil {
		t.Error("another process does not see it")
	}
	if _, err := parse(t, dir, "run: [touch, there]\ncheck: [sh, -c, 'exit 2']").Done(t.Context(), u); err == nil {
		t.Error("a check that fails is taken for an answer")
	}
}

func TestFailures(t *testing.T) {
	dir, u := t.TempDir(), update(t)
	c := parse(t, dir, "run: [sh, -c, 'cat >&2; echo it went wrong; exit 3']\nstdin: {password: password}")
	err := c.Do(t.Context(), u)
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "it went wrong") || strings.Contains(err.Error(), store.Plain(u.New["password"])) {
		t.Error(err)
	}
	if done, err := c.Done(t.Context(), u); done || err != nil {
		t.Errorf("%v, %v", done, err)
	}
	if err := c.Undo(t.Context(), u); !errors.Is(err, consumer.ErrNoWayBack) || !strings.Contains(c.Risk(), "no way back") {
		t.Error(err)
	}
	if err := parse(t, dir, "run: [sleep, '60']\nwithin: 200ms").Do(t.Context(), u); err == nil || !strings.Contains(err.Error(), "did not end within") {
		t.Error(err)
	}
	if _, err := parse(t, dir, "run: [no-such-program-here]").(consumer.Checker).Check(t.Context(), u); !errors.Is(err, consumer.ErrUnfit) {
		t.Error(err)
	}
	// A value that is cut by the end of what is kept is not told in part.
	long := parse(t, dir, "run: [sh, -c, 'head -c 70000 /dev/zero | tr \"\\\\0\" x; cat; echo; exit 1']\nstdin: {password: password}")
	if err := long.Do(t.Context(), u); err == nil || len(err.Error()) > 2000 || strings.Contains(err.Error(), store.Plain(u.New["password"])[8:]) {
		t.Error(err)
	}
}

func TestSettings(t *testing.T) {
	for text, word := range map[string]string{
		"run: systemctl restart x": "list of words", "name: x": "run", "run: same": "run", "run: []": "list of words", "run: [a]\nenv: {A: b}": "no key of this kind",
	} {
		if _, err := command.Parse(node(t, "kind: command\n"+text), consumer.Options{}); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// A command that tries a credential where programs run reads it from its standard input,
// and changes nothing that could be looked at or taken back (FM-22).
func TestAttempt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the commands of these tests are a Unix shell's")
	}
	dir, u := t.TempDir(), update(t)
	for _, bad := range []string{"run: [true]", "run: [true]\nstdin: {p: password}\nundo: same", "run: [true]\nstdin: {p: password}\ncheck: [true]"} {
		if _, err := command.ParseAttempt(node(t, bad), consumer.Options{}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	c, err := command.ParseAttempt(node(t, "name: the pods\nrun: [sh, -c, 'cat > given; exit 1']\nstdin: {p: password}\ndir: "+dir), consumer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if notes, err := c.(consumer.Checker).Check(t.Context(), u); err != nil || len(notes) > 0 {
		t.Error(notes, err)
	}
	if err := c.Do(t.Context(), u); err == nil || strings.Contains(err.Error(), store.Plain(u.New["password"])) {
		t.Errorf("what is refused there: %v", err)
	}
	if got := read(t, dir, "given"); got != `{"p":"`+store.Plain(u.New["password"])+`"}` || c.String() != "the pods" {
		t.Errorf("%s is given something else", c)
	}
}
