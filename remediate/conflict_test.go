package remediate

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/internal/killtest"
	"github.com/oakum-sec/oakum/remediate/signed"
	"github.com/oakum-sec/oakum/remediate/store"
)

// left is why a plan leaves a rule's findings alone, "" where it does not.
func left(p *Plan, rule string) string {
	for _, l := range p.Left {
		if l.Rule == rule {
			return l.Why
		}
	}
	return ""
}

// What stands in the store under a name is of that one secret: the others move.
func TestConflictIsOfOneSecret(t *testing.T) {
	password := leaktest.Must(12, `{{alnum 20}}`)
	for name, c := range map[string]struct {
		at, value string
		rule      string // "": no conflict
		says      string
	}{
		"another value":         {"orders/prod/github", "theirs", "github-pat", "is no document of texts (version 1), so it takes no field token: give it another name"},
		"a field's other value": {"orders/prod/github", `{"token": "theirs"}`, "github-pat", "the field token of orders/prod/github in memory holds another value"},
		"somebody's document":   {"orders/prod/github", `{"url": "theirs"}`, "github-pat", "was not made by oakum (version 1): add the field token to it yourself"},
		"an equal field":        {"orders/db", `{"password": "` + password + `", "username": "theirs"}`, "", ""},
		"numbers beside it":     {"orders/db", `{"password": "` + password + `", "port": 3306}`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.put(c.at, c.value)
			p, file := w.planned(Wish{To: "memory:"})
			want := 4
			if c.rule != "" {
				want--
			}
			if why := left(p, c.rule); len(p.Secrets) != want || !strings.Contains(why, c.says) {
				t.Errorf("%d secrets move; left: %q", len(p.Secrets), why)
			}
			if err := w.apply(file); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(w.kept(), c.at+" v1 "+c.value) {
				t.Errorf("what was there is changed:\n%s", w.kept())
			}
			token, kept := leaktest.Must(13, `{{github "ghp_"}}`), treeOf(t, w.dir)["deploy/production.yml"]
			if strings.Contains(kept, token) != (c.rule != "") {
				t.Errorf("the token's file is\n%s", strings.ReplaceAll(kept, token, "TOKEN"))
			}
			if err := w.tools().Rollback(t.Context(), p.ID); err != nil {
				t.Fatal(err)
			}
			if got := w.kept(); got != c.at+" v1 "+c.value {
				t.Errorf("a rollback leaves\n%s", got)
			}
		})
	}
}

// A name that a deleted secret holds is a conflict too.
func TestConflictWithDeleted(t *testing.T) {
	w := newWorld(t)
	w.put("orders/prod/github", "theirs")
	if err := w.store.Bury(t.Context(), "orders/prod/github"); err != nil {
		t.Fatal(err)
	}
	p, _ := w.planned(Wish{To: "memory:"})
	if why := left(p, "github-pat"); len(p.Secrets) != 3 || !strings.Contains(why, "belongs to a deleted secret") {
		t.Errorf("%d secrets move; left: %q", len(p.Secrets), why)
	}
}

// grown is a world whose first plan is applied, and in which another field of the same
// service turned up.
func grown(t *testing.T) (w *world, first *Plan) {
	t.Helper()
	w = newWorld(t)
	first, file := w.planned(Wish{To: "memory:"})
	if err := w.apply(file); err != nil {
		t.Fatal(err)
	}
	w.more()
	return w, first
}

// more adds the file of the second plan.
func (w *world) more() {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Join(w.dir, "deploy"), 0o755); err != nil {
		w.t.Fatal(err)
	}
	text := "DB_ROOT_PASSWORD=" + leaktest.Must(14, `{{alnum 24}}`) + "\n"
	if err := os.WriteFile(filepath.Join(w.dir, "deploy", "root.env"), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// A document that oakum made takes another field, by compare-and-set, and gives it back.
func TestFieldIsAdded(t *testing.T) {
	w, first := grown(t)
	before, kept := treeOf(t, w.dir), w.kept()
	p, file := w.planned(Wish{To: "memory:"})
	if len(p.Secrets) != 1 || p.Steps[0].Text != "add root_password to orders/db in memory" || p.Steps[0].Found != "1" {
		t.Fatalf("the plan is %+v, %+v", p.Secrets, p.Steps)
	}
	if err := w.apply(file); err != nil {
		t.Fatal(err)
	}
	_, value, err := w.store.Read(t.Context(), "orders/db", "")
	fields, ok := store.Fields(value)
	if err != nil || !ok || len(fields) != 2 || !fields["root_password"].Equal(leak.NewSecret([]byte(leaktest.Must(14, `{{alnum 24}}`)))) {
		t.Errorf("the document has %d fields, %v", len(fields), err)
	}
	if err := w.tools().Rollback(t.Context(), p.ID); err != nil {
		t.Fatal(err)
	}
	if got := strings.Replace(w.kept(), "orders/db v3", "orders/db v1", 1); !maps.Equal(treeOf(t, w.dir), before) || got != kept {
		t.Errorf("a rollback leaves\n%s\nexpected\n%s", w.kept(), kept)
	}
	if err := w.tools().Rollback(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	if w.kept() != "" {
		t.Errorf("both rollbacks leave\n%s", w.kept())
	}
	w.silent(string(file))
}

// What another plan added a field to stays when the first one is taken back.
func TestFieldOfAnotherPlan(t *testing.T) {
	w := newWorld(t)
	first, file := w.planned(Wish{To: "memory:"})
	if err := w.apply(file); err != nil {
		t.Fatal(err)
	}
	other := &world{t: t, dir: filepath.Join(filepath.Dir(w.dir), "jobs"), state: w.state, store: w.store}
	other.more()
	p, file := other.planned(Wish{To: "memory:", Prefix: "orders"})
	if err := other.apply(file); err != nil {
		t.Fatal(err)
	}
	if err := w.tools().Rollback(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(w.said.String(), "orders/db stays in the store: plan "+p.ID) || !strings.Contains(w.kept(), "root_password") {
		t.Errorf("the first plan's rollback takes what the second refers to:\n%s\n%s", w.said.String(), w.kept())
	}
	if err := other.tools().Rollback(t.Context(), p.ID); err != nil {
		t.Fatal(err)
	}
	if got := w.kept(); !strings.HasPrefix(got, "orders/db v3 {\"password\"") || strings.Contains(got, "root_password") {
		t.Errorf("both rollbacks leave\n%s", got)
	}
}

// What others do to the document in between is theirs.
func TestFieldIsAddedAfterOthers(t *testing.T) {
	w, _ := grown(t)
	_, file := w.planned(Wish{To: "memory:"})
	if _, err := w.store.Write(t.Context(), store.Write{Name: "orders/db", Value: leak.NewSecret([]byte(`{"theirs": "x"}`)), Token: "theirs", From: "1"}); err != nil {
		t.Fatal(err)
	}
	if err := w.apply(file); err == nil || !strings.Contains(err.Error(), "older than the world") {
		t.Errorf("a document that was changed since: %v", err)
	}
	if !strings.Contains(w.kept(), `orders/db v2 {"theirs": "x"}`) {
		t.Errorf("the store holds\n%s", w.kept())
	}
}

// TestKilledAddition ends an addition at each of its steps, and its rollback too.
func TestKilledAddition(t *testing.T) {
	w, first := grown(t)
	p, file := w.planned(Wish{To: "memory:"})
	text, err := signed.Encode(first)
	if err != nil {
		t.Fatal(err)
	}
	again := func() {
		t.Helper()
		w.again()
		if err := w.apply(text); err != nil {
			t.Fatal(err)
		}
		w.more()
		w.count = 0
	}
	before, kept := treeOf(t, w.dir), w.kept()
	w.count = 0
	if err := w.apply(file); err != nil {
		t.Fatal(err)
	}
	steps, applied := w.count, w.kept()
	w.count = 0
	if err := w.tools().Rollback(t.Context(), p.ID); err != nil {
		t.Fatal(err)
	}
	back := w.count
	v3 := strings.Replace(kept, "orders/db v1", "orders/db v3", 1)
	if w.kept() != v3 {
		t.Fatalf("a rollback leaves\n%s", w.kept())
	}
	stride := killtest.Every(7) // a whole apply goes before each
	for n := 1; n <= steps; n += stride {
		again()
		w.at = killtest.At(n)
		killtest.Alive(func() error { return w.apply(file) })
		w.at = nil
		if err := w.apply(file); err != nil || w.kept() != applied {
			t.Fatalf("killed at step %d: %v\n%s", n, err, w.kept())
		}
		again()
		w.at = killtest.At(n)
		killtest.Alive(func() error { return w.apply(file) })
		w.at = nil
		if _, err := os.Stat(w.tools().Home().Of(p.ID) + "/" + planName); err != nil {
			continue
		}
		err := w.tools().Rollback(t.Context(), p.ID)
		if got := w.kept(); err != nil || got != kept && got != v3 || !maps.Equal(treeOf(t, w.dir), before) {
			t.Fatalf("killed at step %d and given up: %v\n%s", n, err, got)
		}
	}
	for n := 1; n <= back; n += stride {
		again()
		if err := w.apply(file); err != nil {
			t.Fatal(err)
		}
		w.count, w.at = 0, killtest.At(n)
		killtest.Alive(func() error { return w.tools().Rollback(t.Context(), p.ID) })
		w.at = nil
		if err := w.tools().Rollback(t.Context(), p.ID); err != nil || w.kept() != v3 || !maps.Equal(treeOf(t, w.dir), before) {
			t.Fatalf("killed at step %d of the rollback: %v\n%s", n, err, w.kept())
		}
	}
	if steps < 100 || back < 60 {
		t.Errorf("an addition has %d places to be killed at, its rollback %d", steps, back)
	}
}
