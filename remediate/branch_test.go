package remediate

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/remediate/signed"
)

func newRepository(t testing.TB) *world {
	t.Helper()
	for name, value := range map[string]string{"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.DevNull,
		"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com", "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com"} {
		t.Setenv(name, value)
	}
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	w := newWorld(t)
	w.commit()
	return w
}

// A branch holds the change, and the worktree stays as it was.
func TestApplyOnBranch(t *testing.T) {
	w := newRepository(t)
	before := treeOf(t, w.dir)
	p, file := w.planned(Wish{To: "memory:"})
	if err := w.apply(file); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(treeOf(t, w.dir), before) {
		t.Error("the worktree was changed")
	}
	branch := p.Targets[0].Branch
	shown := w.git("show", "--format=%B%an", "--no-patch", branch) + w.git("grep", "-h", "", branch)
	for _, v := range sampleValues(t) {
		if strings.Contains(shown, v) {
			t.Errorf("the commit still holds a value")
		}
	}
	if !strings.Contains(shown, "Oakum-Plan: "+p.ID) || !strings.Contains(shown, "ref+awssecrets://orders/db#/password") {
		t.Errorf("the commit is\n%s", shown)
	}
	if err := w.apply(file); err != nil {
		t.Errorf("applied twice: %v", err)
	}
	if err := w.tools().Rollback(t.Context(), p.ID); err != nil {
		t.Fatal(err)
	}
	if got := w.git("branch", "--list", "oakum/*"); got != "" || w.kept() != "" {
		t.Errorf("a rollback leaves the branch %q and in the store %q", got, w.kept())
	}
	w.silent(string(file))
}

// Once the branch is merged, a rollback would take away what the program reads: the
// store keeps it until the merge is reverted, whatever became of the branch.
func TestRollbackAfterMerge(t *testing.T) {
	for _, deleted := range []bool{false, true} {
		w := newRepository(t)
		p, file := w.planned(Wish{To: "memory:"})
		if err := w.apply(file); err != nil {
			t.Fatal(err)
		}
		stored := w.kept()
		w.git("checkout", "-q", "-b", "release")
		w.git("merge", "-q", "--no-ff", "-m", "merge", p.Targets[0].Branch)
		w.git("checkout", "-q", "main") // whose files hold the old values
		if deleted {
			w.git("branch", "-q", "-D", p.Targets[0].Branch)
		}
		if err := w.tools().Rollback(t.Context(), p.ID); err == nil || !strings.Contains(err.Error(), "refs/heads/release") || w.kept() != stored {
			t.Errorf("branch deleted %v: the store holds %q, %v", deleted, w.kept(), err)
		}
		w.git("checkout", "-q", "release")
		w.git("revert", "--no-edit", "-m", "1", "HEAD")
		w.git("checkout", "-q", "main")
		if err := w.tools().Rollback(t.Context(), p.ID); err != nil || w.kept() != "" {
			t.Errorf("branch deleted %v: after the revert the store holds %q, %v", deleted, w.kept(), err)
		}
	}
}

// A patch does what the branch does, and holds no value.
func TestApplyAsPatch(t *testing.T) {
	w := newRepository(t)
	at := filepath.Join(t.TempDir(), "move.patch")
	p, file := w.planned(Wish{To: "memory:", Mode: Patch, Patch: at})
	if err := w.apply(file); err != nil {
		t.Fatal(err)
	}
	patch, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	w.silent(string(file), string(patch))
	w.git("apply", at)
	for name, content := range treeOf(t, w.dir) {
		for _, v := range sampleValues(t) {
			if strings.Contains(content, v) {
				t.Errorf("after the patch %s still holds a value", name)
			}
		}
	}
	if err := w.tools().Rollback(t.Context(), p.ID); err == nil {
		t.Error("a rollback after the patch was applied takes away what it refers to")
	}
	w.git("checkout", "-q", ".")
	os.Remove(filepath.Join(w.dir, ".oakum-refs.yaml"))
	if err := w.tools().Rollback(t.Context(), p.ID); err != nil || w.kept() != "" {
		t.Errorf("the store holds %q, %v", w.kept(), err)
	}
	if _, err := os.Stat(at); err == nil {
		t.Error("the patch is still there")
	}
}

// A plan that is older than the world is refused, with the name of what moved, and
// nothing has happened.
func TestStalePlan(t *testing.T) {
	for name, move := range map[string]func(w *world){
		"config.json":                 func(w *world) { writeFiles(t, w.dir, map[string]string{"config.json": "{}\n"}) },
		"deploy/production.yml":       func(w *world) { os.Remove(filepath.Join(w.dir, "deploy", "production.yml")) },
		".oakum-refs.yaml":            func(w *world) { writeFiles(t, w.dir, map[string]string{".oakum-refs.yaml": "version: 1\n"}) },
		"another value than the plan": func(w *world) { w.put("orders/db", "theirs") },
	} {
		w := newWorld(t)
		_, file := w.planned(Wish{To: "memory:"})
		move(w)
		stored := w.kept()
		if err := w.apply(file); !errors.Is(err, ErrStale) || !strings.Contains(filepath.ToSlash(err.Error()), name) {
			t.Errorf("%s moved: %v", name, err)
		}
		if w.kept() != stored {
			t.Errorf("%s moved: the store was changed", name)
		}
	}
	w := newRepository(t)
	_, file := w.planned(Wish{To: "memory:"})
	w.git("commit", "-q", "--allow-empty", "-m", "later")
	if err := w.apply(file); !errors.Is(err, ErrStale) || w.kept() != "" {
		t.Errorf("a later commit: %v, and the store holds %q", err, w.kept())
	}
}

// A plan that somebody changed, or that was made with another key, is refused.
func TestForeignPlan(t *testing.T) {
	w := newWorld(t)
	_, file := w.planned(Wish{To: "memory:"})
	for what, changed := range map[string][]byte{
		"a name":     bytes.Replace(file, []byte("orders/db"), []byte("others/db"), 1),
		"a folder":   bytes.Replace(file, []byte(w.dir), []byte("/etc"), 1),
		"a space":    bytes.Replace(file, []byte(`"schema"`), []byte(` "schema"`), 1),
		"more of it": append(bytes.Clone(file), "{}\n"...),
		"a field":    bytes.Replace(file, []byte(`"schema"`), []byte(`"run": "sh", "schema"`), 1),
	} {
		if err := w.apply(changed); err == nil {
			t.Errorf("a plan is applied after %s was changed", what)
		}
	}
	if w.kept() != "" {
		t.Error("something was stored")
	}
}

// What another plan has taken over stays when the first one is rolled back.
func TestRollbackOfWhatIsShared(t *testing.T) {
	w := newWorld(t)
	first, file := w.planned(Wish{To: "memory:", Prefix: "same"})
	if err := w.apply(file); err != nil {
		t.Fatal(err)
	}
	stored, home := w.kept(), w.dir
	w.dir = filepath.Join(t.TempDir(), "copy")
	writeFiles(t, w.dir, sample())
	second, file := w.planned(Wish{To: "memory:", Prefix: "same"})
	if err := w.apply(file); err != nil {
		t.Fatal(err)
	}
	if w.kept() != stored {
		t.Errorf("equal values are not adopted: %q", w.kept())
	}
	if err := w.tools().Rollback(t.Context(), first.ID); err != nil || w.kept() != stored {
		t.Errorf("the first plan's rollback leaves %q, %v", w.kept(), err)
	}
	for name, text := range treeOf(t, home) {
		if strings.Contains(text, "ref+") {
			t.Errorf("%s still refers to the store", name)
		}
	}
	if err := w.tools().Rollback(t.Context(), second.ID); err != nil || w.kept() != stored {
		t.Errorf("what the second plan did not make is removed: %q, %v", w.kept(), err)
	}
}

// What cannot be taken back asks for the plan's hash.
func TestFinishAsksForApproval(t *testing.T) {
	w := newWorld(t)
	p, file := w.planned(Wish{To: "memory:"})
	if err := w.tools().Finish(p.ID, signed.Hash(file)); err == nil {
		t.Error("a run that has not begun is finished")
	}
	if err := w.apply(file); err != nil {
		t.Fatal(err)
	}
	if err := w.tools().Finish(p.ID, signed.Hash([]byte("another"))); err == nil || !strings.Contains(err.Error(), "--approve "+signed.Hash(file)) {
		t.Errorf("finished without approval: %v", err)
	}
	for range 2 {
		if err := w.tools().Finish(p.ID, signed.Hash(file)); err != nil {
			t.Fatal(err)
		}
	}
	for name := range treeOf(t, w.state) {
		if strings.Contains(name, keptPrefix) {
			t.Errorf("%s is still there", name)
		}
	}
	if err := w.tools().Rollback(t.Context(), p.ID); err == nil {
		t.Error("a finished run is rolled back")
	}
}
