package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/internal/triage"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

// triageHouse is a repository with a key in its working tree and one in its history
// alone, a scan of it, and a desk.
func triageHouse(t *testing.T) (d *triageDesk, dir string, values []string) {
	t.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip(err)
	}
	dir = t.TempDir()
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command(git, append([]string{"-C", dir, "-c", "user.name=Ann", "-c", "user.email=ann@example.org"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	values = []string{leaktest.Must(1, `{{github "ghp_"}}`), leaktest.Must(2, `{{npm}}`), leaktest.Must(3, `{{slackBot}}`)}
	run("init", "-q")
	put("old.env", "# old\nNPM="+values[1]+"\n")
	run("add", ".")
	run("commit", "-qm", "one")
	put("old.env", "# old\n")
	put("app.env", "A=1\nTOKEN="+values[0]+"\nSLACK="+values[2]+"\n")
	run("add", ".")
	run("commit", "-qm", "two")
	a := &app{Stdio: Stdio{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}}, env: map[string]string{"OAKUM_STATE_DIR": t.TempDir()}}
	doc, err := a.triaged(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return &triageDesk{app: a, doc: doc, base: filepath.FromSlash(baseOf(doc))}, dir, values
}

func byRule(t *testing.T, d *triageDesk, rule string) *leak.Finding {
	t.Helper()
	for _, f := range d.doc.Findings {
		if f.Rule == rule {
			return f
		}
	}
	t.Fatalf("no finding of %s", rule)
	return nil
}

// The lines around a finding are read again, from the disk or the history, and show
// no value: not its own, nor its neighbour's.
func TestTriageContext(t *testing.T) {
	d, dir, values := triageHouse(t)
	for rule, want := range map[string]string{
		"github-pat": ">    2  TOKEN=••••••••",
		"npm-token":  ">    2  NPM=••••••••",
	} {
		lines, err := d.Context(t.Context(), byRule(t, d, rule))
		text := strings.Join(lines, "\n")
		if err != nil || !strings.Contains(text, want) {
			t.Errorf("%s: %v\n%s", rule, err, text)
		}
		for _, v := range values {
			if strings.Contains(text, v[len(v)/2:]) {
				t.Errorf("%s: a value is shown", rule)
			}
		}
	}
	f := byRule(t, d, "github-pat")
	if err := os.WriteFile(filepath.Join(dir, "app.env"), []byte("A=1\nTOKEN=$TOKEN\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if lines, err := d.Context(t.Context(), f); err == nil || !strings.Contains(err.Error(), "not at its place any more") {
		t.Errorf("%v: %q", err, lines)
	}
	for _, place := range []leak.Place{leak.File{Name: "../outside"}, leak.File{Name: "/etc/hosts"}, leak.File{Name: "a.zip", Inner: leak.Inner{"b"}}, leak.Variable{Name: "X"}} {
		g := *f
		g.Place = place
		if lines, err := d.Context(t.Context(), &g); err == nil {
			t.Errorf("%s was opened: %q", place, lines)
		}
	}
}

// A false positive is an entry of the allow file that the next scan obeys; taken back,
// it is none.
func TestTriageAllows(t *testing.T) {
	d, dir, _ := triageHouse(t)
	f := byRule(t, d, "github-pat")
	open := func() int {
		t.Helper()
		doc, err := d.triaged(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, g := range doc.Findings {
			if g.Suppressed == nil {
				n++
			}
		}
		return n
	}
	before := open()
	if told, err := d.Allow([]*leak.Finding{f}, "an inert one"); err != nil || !strings.Contains(told, ".oakum-allow") {
		t.Fatalf("%q, %v", told, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, ".oakum-allow"))
	if err != nil || !strings.Contains(string(text), f.ID+`  reason="an inert one"`) {
		t.Errorf("%v: %s", err, text)
	}
	if n := open(); n != before-1 {
		t.Errorf("%d are open, want %d", n, before-1)
	}
	if _, err := d.Forbid([]*leak.Finding{f}); err != nil {
		t.Fatal(err)
	}
	if n := open(); n != before {
		t.Errorf("%d are open, want %d", n, before)
	}
	if said := d.Err.(*bytes.Buffer).String(); said != "" {
		t.Errorf("something was said over the screen: %s", said)
	}
}

// Decisions are found again by the next session, wherever it is started from.
func TestTriageResumes(t *testing.T) {
	d, dir, _ := triageHouse(t)
	decisions, err := d.open()
	if err != nil || len(decisions.Decisions) != 0 {
		t.Fatalf("%+v, %v", decisions, err)
	}
	f := byRule(t, d, "npm-token")
	decisions.Decisions = append(decisions.Decisions, triage.Decision{ID: f.ID, Rule: f.Rule, Choice: triage.Remediate, Day: "2026-11-24"})
	if err := d.Keep(decisions); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	doc, err := d.triaged(t.Context(), ".")
	if err != nil {
		t.Fatal(err)
	}
	next := &triageDesk{app: d.app, doc: doc, base: baseOf(doc)}
	again, err := next.open()
	if err != nil || again.Count(triage.Remediate) != 1 {
		t.Errorf("%+v, %v", again, err)
	}
	if err := next.told(again, 3); err != nil || !strings.Contains(d.Out.(*bytes.Buffer).String(), "1 to remediate") {
		t.Errorf("%v: %s", err, d.Out)
	}
}
