package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

// gateCases are environments of CI systems' jobs, a file each, as their documentation
// gives them. A file says how the job's clone was made, which variables (and event) the
// job has, and what oakum scan --ci is to make of that.
const gateCases = "../../testdata/ci"

// upstream is a repository on a server, in which each file has a key of its own:
//
//	A ─ B ─ M             main    a.env, b.env, m.env; M allows what is in b.env and w.env
//	     ├─ F1 ─ F2       feature f1.env, f2.env w.env; F1 allows what is in f2.env
//	     MERGE, QUEUE     of M and F2
//	ORPHAN                orphan  orphan.env
//
// with v0.9 on M and v1.0 on F2, an annotated tag with a key in its message.
type upstream struct {
	*house
	names map[string]string // what $NAME stands for in a case
}

func newUpstream(t *testing.T) *upstream {
	u := &upstream{house: emptyHouse(t), names: map[string]string{"GONE": strings.Repeat("dead", 10)}}
	seed := uint64(700)
	ids := map[string]string{}
	add := func(name string) {
		seed++
		u.write(name, leaktest.Must(seed, "TOKEN={{github \"ghp_\"}}\n"))
		ids[name] = u.idIn(name)
	}
	point := func(name string) { u.names[name] = u.git("rev-parse", "HEAD") }
	add("w.env")
	held := u.read("w.env")
	if err := os.Remove(filepath.Join(u.dir, "w.env")); err != nil {
		t.Fatal(err)
	}
	add("a.env")
	u.commit("A")
	add("b.env")
	u.commit("B")
	point("B")
	add("f2.env")
	f2 := u.read("f2.env")
	if err := os.Remove(filepath.Join(u.dir, "f2.env")); err != nil {
		t.Fatal(err)
	}
	add("m.env")
	agreed := ids["b.env"] + "  reason=\"agreed\"\n" + ids["w.env"] + "  reason=\"agreed\"\n"
	u.write(".oakum-allow", agreed)
	u.commit("M")
	point("M")
	u.git("tag", "v0.9")
	u.git("checkout", "-q", "-b", "feature", u.names["B"])
	add("f1.env")
	u.write(".oakum-allow", ids["f2.env"]+"  reason=\"trust me\"\n")
	u.commit("F1")
	point("F1")
	u.write("f2.env", f2)
	u.write("w.env", held)
	u.commit("F2")
	point("F2")
	u.git("tag", "-a", "-m", "release "+leaktest.Must(seed+1, "{{github \"ghp_\"}}"), "v1.0")
	u.names["TAG"] = u.git("rev-parse", "v1.0")
	for _, name := range []string{"MERGE", "QUEUE"} {
		u.git("checkout", "-q", "--detach", u.names["M"])
		u.git("merge", "-q", "--no-ff", "-s", "ort", "-X", "ours", "-m", name, "feature")
		point(name)
	}
	u.git("update-ref", "refs/pull/7/merge", u.names["MERGE"])
	u.git("branch", "queue")
	u.git("checkout", "-q", "--orphan", "orphan")
	u.git("rm", "-q", "-r", "-f", ".")
	add("orphan.env")
	u.commit("ORPHAN")
	point("ORPHAN")
	u.git("checkout", "-q", "main")
	u.names["M12"] = u.names["M"][:12]
	u.git("branch", u.names["M12"], "feature")
	u.git("config", "uploadpack.allowAnySHA1InWant", "true")
	return u
}

// idIn is the id of the finding in a file.
func (h *house) idIn(name string) string {
	h.t.Helper()
	_, out, words := h.oakum("scan", "dir", "--format", "json", name)
	var d struct{ Findings []struct{ ID string } }
	if err := json.Unmarshal([]byte(out), &d); err != nil || len(d.Findings) != 1 {
		h.t.Fatalf("%s: %v, %d findings: %s", name, err, len(d.Findings), words)
	}
	return d.Findings[0].ID
}

// expand puts the repository's ids into a case's text.
func (u *upstream) expand(text, event string) string {
	return os.Expand(text, func(name string) string {
		if name == "EVENT" {
			return event
		}
		if v, ok := u.names[name]; ok {
			return v
		}
		u.t.Fatalf("a case names $%s", name)
		return ""
	})
}

// clone makes a job's clone, as its runner would: "CHECKOUT [depth=N] [only=BRANCH] [branch=BRANCH]".
func (u *upstream) clone(spec string) string {
	u.t.Helper()
	dir := filepath.Join(u.t.TempDir(), "clone")
	u.git("init", "-q", dir)
	words := strings.Fields(spec)
	fetch := []string{"-C", dir, "fetch", "-q"}
	refs := []string{"+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*", "+refs/pull/*:refs/remotes/pull/*"}
	for _, w := range words[1:] {
		if n, ok := strings.CutPrefix(w, "depth="); ok {
			fetch = append(fetch, "--depth", n, "--no-tags")
			refs = []string{"+" + checkoutRef(words[0]) + ":refs/remotes/job"}
		}
		if b, ok := strings.CutPrefix(w, "only="); ok {
			fetch = append(fetch, "--no-tags")
			refs = []string{"+refs/heads/" + b + ":refs/remotes/origin/" + b}
		}
	}
	u.git(append(append(fetch, "file://"+u.dir), refs...)...)
	at := "refs/remotes/origin/" + words[0]
	switch {
	case strings.Contains(spec, "depth="):
		at = "refs/remotes/job"
	case words[0] == "merge":
		at = "refs/remotes/pull/7/merge"
	}
	if b, ok := strings.CutPrefix(words[0], "branch="); ok {
		u.git("-C", dir, "checkout", "-q", "-b", b, "refs/remotes/origin/"+b)
	} else {
		u.git("-C", dir, "checkout", "-q", "--detach", at)
	}
	return dir
}

func checkoutRef(name string) string {
	if name == "merge" {
		return "refs/pull/7/merge"
	}
	return "refs/heads/" + name
}

// gateCase is what a file says.
type gateCase struct{ clone, env, event, want string }

func readGateCase(t *testing.T, file string) (c gateCase) {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range a.Files {
		part, ok := map[string]*string{"clone": &c.clone, "env": &c.env, "event.json": &c.event, "want": &c.want}[f.Name]
		if !ok {
			t.Fatalf("%s: there is no part %s", file, f.Name)
		}
		*part = strings.TrimSpace(string(f.Data))
	}
	if c.clone == "" || c.env == "" || !strings.HasPrefix(string(a.Comment), "# ") {
		t.Fatalf("%s: it says no clone, no environment or not where it is from", file)
	}
	return c
}

// jobEnv is the environment of a job: nothing of the machine's own CI system counts.
func (u *upstream) jobEnv(c gateCase) []string {
	event := filepath.Join(u.t.TempDir(), "event.json")
	if err := os.WriteFile(event, []byte(u.expand(c.event, "")), 0o600); err != nil {
		u.t.Fatal(err)
	}
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + u.t.TempDir(), "OAKUM_STATE_DIR=" + u.t.TempDir()}
	for line := range strings.Lines(u.expand(c.env, event)) {
		env = append(env, strings.TrimSpace(line))
	}
	return env
}

// gated is what a JSON report says of a gate.
type gated struct {
	Targets []struct {
		Change struct{ Platform, Head, Base, Word string }
	}
	Findings []struct {
		Place    struct{ Kind, Path, What string }
		Decision struct{ Verdict string }
	}
}

func (g gated) denied() string {
	var names []string
	for _, f := range g.Findings {
		if f.Decision.Verdict == "deny" {
			names = append(names, f.Place.Path+f.Place.What)
		}
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " ")
}

// TestGateCases runs oakum scan --ci in each recorded environment, on a clone as its
// runner makes it.
func TestGateCases(t *testing.T) {
	files, err := filepath.Glob(gateCases + "/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	const recorded = 63
	if len(files) != recorded {
		t.Errorf("%d cases, not %d", len(files), recorded)
	}
	for i, f := range files {
		if files[i], err = filepath.Abs(f); err != nil {
			t.Fatal(err)
		}
	}
	u := newUpstream(t)
	platforms := map[string]int{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			here := *u.house
			here.t = t
			up := &upstream{&here, u.names}
			platform, _, _ := strings.Cut(name, "-")
			platforms[platform]++
			up.runGateCase(platform, readGateCase(t, file))
		})
	}
	if len(platforms) != 9 { // eight, and none
		t.Errorf("%v", platforms)
	}
}

func (u *upstream) runGateCase(platform string, c gateCase) {
	t := u.t
	dir := u.clone(u.expand(c.clone, ""))
	args := []string{"oakum", "scan", dir, "--ci", "--format", "json"}
	want := strings.Split(u.expand(c.want, ""), "\n")
	if more, ok := strings.CutPrefix(want[0], "args "); ok {
		args, want = append(args, strings.Fields(more)...), want[1:]
	}
	var out, words bytes.Buffer
	code := cli.Main(context.Background(), args, u.jobEnv(c), cli.Stdio{In: strings.NewReader(""), Out: &out, Err: &words})
	var got gated
	if out.Len() > 0 {
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
	}
	for _, line := range want {
		kind, value, _ := strings.Cut(line, " ")
		has := ""
		switch kind {
		case "code":
			has = fmt.Sprint(code)
		case "denied":
			has = got.denied()
		case "word":
			has = u.wordOf(got)
		case "says":
			if strings.Contains(words.String(), value) {
				has = value
			}
		default:
			t.Fatalf("a case wants %q", line)
		}
		if has != value {
			t.Errorf("%s: %q, want %q\n%s", kind, has, value, words.String())
		}
	}
	if len(got.Targets) == 1 && got.Targets[0].Change.Platform != platform {
		t.Errorf("it is %s", got.Targets[0].Change.Platform)
	}
	u.wantAsGitTells(dir, got)
}

// wordOf is whose files counted.
func (u *upstream) wordOf(g gated) string {
	if len(g.Targets) != 1 {
		return ""
	}
	switch c := g.Targets[0].Change; c.Word {
	case "":
		return "none"
	case c.Head:
		return "own"
	case u.names["M"]:
		return "main"
	}
	return "before"
}

// wantAsGitTells compares the base with git's merge base of the change and main.
func (u *upstream) wantAsGitTells(dir string, g gated) {
	if len(g.Targets) != 1 || g.Targets[0].Change.Base == "" {
		return
	}
	c := g.Targets[0].Change
	cmd := exec.Command("git", "-C", dir, "merge-base", "--is-ancestor", c.Base, c.Head)
	if out, err := cmd.CombinedOutput(); err != nil {
		u.t.Errorf("%s is no ancestor of %s: %s", c.Base, c.Head, out)
	}
}
