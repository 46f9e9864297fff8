package cli_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/internal/state"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

// settle waits until a change made before is old enough for a state to rely on
// files' times: two seconds.
func settle() { time.Sleep(2100 * time.Millisecond) }

// wantSame scans with a state and without one, and wants the same bytes and code.
func wantSame(t *testing.T, what, file string, args ...string) (words string) {
	t.Helper()
	code, out, words := oakum(t, append(args, "--state", file)...)
	plainCode, plain, _ := oakum(t, args...)
	if code != plainCode || out != plain {
		t.Errorf("%s: code %d without a state, %d with one; without:\n%s\nwith:\n%s", what, plainCode, code, plain, out)
	}
	if len(plain) < 500 {
		t.Errorf("%s: there is nothing to compare in %q", what, plain)
	}
	return words
}

// TestStateChangesNothing goes with one state through all that can happen to a
// repository and to what the user says, in every format.
func TestStateChangesNothing(t *testing.T) {
	h := newHideout(t)
	outside := t.TempDir()
	file, list, config := filepath.Join(outside, "state"), filepath.Join(outside, "allow"), filepath.Join(outside, "rules.toml")
	put := func(name, content string) {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	first := func() string { // the fingerprint of some finding
		_, out, _ := oakum(t, "scan", "--format", "jsonl", h.dir)
		_, id, _ := strings.Cut(out, `"v1.`)
		id, _, _ = strings.Cut(id, `"`)
		return "v1." + id
	}
	args := []string{"scan", h.dir}
	steps := []struct {
		name string
		do   func()
	}{
		{"the first scan", func() {}},
		{"nothing happened", settle},
		{"a commit", func() { h.write("new.env", h.mark("new", "", "", "")); h.commit("new") }},
		{"a branch less", func() { h.git("branch", "-q", "-D", "side") }},
		{"a repack", func() { h.git("repack", "-q", "-a", "-d") }},
		{"a new pack", func() { h.orphan("more.env", h.mark("more", "", "", "")); h.git("repack", "-q", "-d") }},
		{"another file", func() { h.write("readme", h.mark("other readme", "", "", "")) }},
		{"a file less", func() { os.Remove(filepath.Join(h.dir, "untracked.env")) }},
		{"an allowlist", func() {
			put(list, first()+` reason="test"`+"\n")
			args = append(args, "--allow-file", list)
			settle()
		}},
		{"nothing happened again", func() {}},
		{"another allowlist", func() { put(list, "# nothing\n") }},
		{"a rule", func() {
			put(config, "[[rules]]\nid = \"hello\"\ndescription = \"hello\"\nregex = '''hell[o]'''\nkeywords = [\"hell\"]\n")
			args = append(args, "--config", config)
		}},
		{"the rule again", func() {}},
		{"a rule without a literal", func() { put(config, "[[rules]]\nid = \"env\"\ndescription = \"env\"\npath = '''\\.env$'''\n") }},
		{"another tier", func() { args = append(args[:2], "--min-proof", "proven") }},
		{"all forgotten", func() {
			h.git("reflog", "expire", "--expire=now", "--all")
			h.git("gc", "-q", "--prune=now")
			args = args[:2]
			settle()
		}},
	}
	formats := []string{"text", "json", "jsonl", "sarif"}
	for i, step := range steps {
		step.do()
		wantSame(t, step.name, file, append(args, "--format", formats[i%len(formats)])...)
	}
	content, err := os.ReadFile(file)
	if err != nil || len(content) < 5000 {
		t.Fatalf("the state has %d bytes, %v", len(content), err)
	}
	h.wantNoValue("the state", string(content))
}

// TestStateUnchanged: where nothing changed, the report in the state is told, and
// nothing is scanned.
func TestStateUnchanged(t *testing.T) {
	h := newHideout(t)
	settle()
	file := filepath.Join(t.TempDir(), "state")
	wantSame(t, "the first scan", file, "scan", h.dir)
	bend(t, file, func(s *state.State) {
		report := bytes.Replace(s.Report, []byte(`"notices":null`), []byte(`"notices":[{"code":"x","text":"told again"}]`), 1)
		if len(report) == len(s.Report) {
			t.Fatalf("the state holds no report, or it has notices")
		}
		s.Report = report
	})
	for _, format := range []string{"text", "json"} {
		if _, _, words := oakum(t, "scan", h.dir, "--state", file, "--format", format); !strings.Contains(words, "told again") {
			t.Errorf("it was scanned again; %q", words)
		}
	}
	h.write("other", "a file more\n")
	if _, _, words := oakum(t, "scan", h.dir, "--state", file); strings.Contains(words, "told again") {
		t.Error("a new file, and the old report is told")
	}
}

// bend rewrites a state.
func bend(t *testing.T, file string, change func(*state.State)) {
	t.Helper()
	f, err := state.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := f.State
	if s.Report, err = f.ReadReport(); err != nil {
		t.Fatal(err)
	}
	if s.Objects, err = f.ReadObjects(); err != nil {
		t.Fatal(err)
	}
	change(&s)
	if err := os.WriteFile(file, s.Marshal(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestStateRefused: a state that is damaged or of something else is named, and
// everything is scanned.
func TestStateRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "repo")
	h := &hideout{t: t, dir: dir, values: map[string]string{}, want: map[string]string{}}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	h.git("init", "-q", "-b", "main", "--template=")
	h.write("a.env", h.mark("file", "", "", ""))
	h.commit("one")
	outside := t.TempDir()
	file := filepath.Join(outside, "state")
	settle()
	wantSame(t, "the first scan", file, "scan", dir)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	put := func(content []byte) {
		t.Helper()
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(what, why string) {
		t.Helper()
		if words := wantSame(t, what, file, "scan", dir); !strings.Contains(words, "everything is scanned") || !strings.Contains(words, why) {
			t.Errorf("%s: %q does not say that everything is scanned, because %q", what, words, why)
		}
	}
	for i := 0; i < len(whole); i += 97 {
		bent := bytes.Clone(whole)
		bent[i] ^= 4
		put(bent)
		wantSame(t, "bent", file, "scan", dir)
		put(whole[:i])
		wantSame(t, "cut", file, "scan", dir)
	}
	put(whole[:len(whole)-1])
	refused("cut", "damaged")
	put(whole)
	bend(t, file, func(s *state.State) { s.World, s.Objects = state.Key{}, []byte{7} })
	refused("objects that are none", "malformed")
	put(whole)
	bend(t, file, func(s *state.State) { s.Report = []byte("{}") })
	refused("a report that is none", "schema")
	put(whole)
	bend(t, file, func(s *state.State) { s.Rules[0]++ })
	refused("of other rules", "other rules")
	put(whole)
	bend(t, file, func(s *state.State) { s.Repository[0]++ })
	refused("of another repository", "another repository")
	precious := []byte("what somebody else keeps here\n")
	put(precious)
	refused("no state at all", "left as it is")
	if now, err := os.ReadFile(file); err != nil || !bytes.Equal(now, precious) {
		t.Errorf("a file that is no state was overwritten: %v", err)
	}
}

// TestStateUsage: what there is nothing to remember of is refused before any work.
func TestStateUsage(t *testing.T) {
	h := newHideout(t)
	file := filepath.Join(t.TempDir(), "state")
	report := filepath.Join(t.TempDir(), "report")
	for _, args := range [][]string{
		{"scan", "--staged", h.dir}, {"scan", "--range", "main~1..main", h.dir}, {"scan", "git", "--since", "main~1", h.dir}, {"scan", "--branch", "main", h.dir},
		{"scan", filepath.Join(h.dir, "config")}, {"scan", "dir", h.dir}, {"scan", "stdin"}, {"scan", "--reveal", "--output", report, h.dir},
	} {
		if code, out, words := oakum(t, append(args, "--state", file)...); code != 2 || out != "" || words == "" {
			t.Errorf("%v: code %d, %q", args, code, words)
		}
	}
	for _, name := range []string{os.DevNull, filepath.Join(h.dir, "state"), filepath.Join(h.dir, ".git", "state"), t.TempDir(), filepath.Join(t.TempDir(), "no", "state")} {
		if code, _, words := oakum(t, "scan", h.dir, "--state", name); code != 2 || words == "" {
			t.Errorf("--state %s: code %d, %q", name, code, words)
		}
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a state was written")
	}
}

// TestStateOfInterrupted: a scan that was stopped leaves none.
func TestStateOfInterrupted(t *testing.T) {
	dir := t.TempDir()
	h := &hideout{t: t, dir: dir}
	h.git("init", "-q", "-b", "main", "--template=")
	h.write("a.env", leaktest.Must(1, `TOKEN={{github "ghp_"}}`))
	h.commit("one")
	file := filepath.Join(t.TempDir(), "state")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, words bytes.Buffer
	cli.Main(ctx, []string{"oakum", "scan", dir, "--state", file}, os.Environ(), cli.Stdio{In: strings.NewReader(""), Out: &out, Err: &words})
	if _, err := os.Stat(file); err == nil {
		t.Errorf("a state was written; %s", out.String())
	}
}
