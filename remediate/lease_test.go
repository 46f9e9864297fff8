package remediate

import (
	"context"
	"errors"
	"maps"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/oakum-sec/oakum/remediate/disk"
	"github.com/oakum-sec/oakum/remediate/internal/killtest"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/store/storetest"
)

// elsewhere is another machine of the same user, on which the same files lie: with its
// own state, and nothing that counts steps.
func (w *world) elsewhere(state, who string) *Tools {
	t := w.tools()
	t.State, t.Who, t.Say = state, who, nil
	t.Disk = disk.Disk{Sync: func(*os.File) error { return nil }}
	t.Open = func(context.Context, string, string) (store.Driver, error) { return named{w.store}, nil }
	return t
}

type named struct{ *storetest.Memory }

func (n named) Describe(ctx context.Context) (store.Description, error) {
	return stepping{Memory: n.Memory}.Describe(ctx)
}

// A plan that was begun on one machine is left alone by others, whatever point it has come
// to, until one is told to take it over.
func TestBegunElsewhere(t *testing.T) {
	w := newWorld(t)
	before := treeOf(t, w.dir)
	p, file := w.planned(Wish{To: "memory:"})
	w.count = 0
	if err := w.apply(file); err != nil {
		t.Fatal(err)
	}
	steps, want, kept, refused := w.count, treeOf(t, w.dir), w.kept(), 0
	for n := 1; n <= steps; n += 29 {
		w.again()
		w.count, w.at = 0, killtest.At(n)
		killtest.Alive(func() error { return w.apply(file) })
		w.at = nil
		stored := w.kept() != ""
		bob := w.elsewhere(t.TempDir(), "bob@desk")
		at := treeOf(t, w.dir)
		if !stored {
			continue // nobody has begun
		}
		refused++
		if _, err := bob.Apply(t.Context(), file, ""); !errors.Is(err, ErrElsewhere) || !strings.Contains(err.Error(), "was stored by ada@laptop") {
			t.Fatalf("step %d: another machine applies it: %v", n, err)
		}
		if err := bob.Rollback(t.Context(), p.ID); !errors.Is(err, ErrElsewhere) {
			t.Fatalf("step %d: another machine takes it back: %v", n, err)
		}
		if !maps.Equal(treeOf(t, w.dir), at) {
			t.Fatalf("step %d: another machine changed the files", n)
		}
		if n%2 == 0 {
			if err := w.apply(file); err != nil {
				t.Fatalf("step %d: going on where it was begun: %v", n, err)
			}
		} else {
			carl := w.elsewhere(t.TempDir(), "carl@server")
			carl.TakeOver = true
			if _, err := carl.Apply(t.Context(), file, ""); err != nil {
				t.Fatalf("step %d: taking it over: %v", n, err)
			}
		}
		if !maps.Equal(treeOf(t, w.dir), want) || w.kept() != kept {
			t.Fatalf("step %d: it comes to\n%s\nexpected\n%s", n, w.kept(), kept)
		}
	}
	if refused < 10 || maps.Equal(before, want) {
		t.Errorf("refused %d times", refused)
	}
}

// Of two machines that begin at the same time, one applies the plan.
func TestTwoAtOnce(t *testing.T) {
	w := newWorld(t)
	_, file := w.planned(Wish{To: "memory:"})
	for range 20 {
		w.again()
		var both sync.WaitGroup
		errs := make([]error, 2)
		for i, who := range []string{"ada@laptop", "bob@desk"} {
			tools := w.elsewhere(t.TempDir(), who)
			both.Go(func() { _, errs[i] = tools.Apply(t.Context(), file, "") })
		}
		both.Wait()
		won := 0
		for i, err := range errs {
			if err == nil {
				won++
			} else if !errors.Is(err, ErrElsewhere) {
				t.Fatalf("machine %d: %v", i, err)
			}
		}
		if won > 1 {
			t.Fatal("both applied the plan")
		}
	}
}

// A journal that was put back to an older one, head and all, is noticed.
func TestOlderJournal(t *testing.T) {
	w := newWorld(t)
	p, file := w.planned(Wish{To: "memory:"})
	w.at = killtest.At(40) // in the first steps
	killtest.Alive(func() error { return w.apply(file) })
	w.at = nil
	home := w.tools().Home().Of(p.ID)
	older := map[string][]byte{}
	for _, name := range []string{"journal.jsonl", "journal.head"} {
		text, err := os.ReadFile(home + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		older[name] = text
	}
	if w.kept() != "" {
		t.Fatal("something is stored already")
	}
	if err := w.apply(file); err != nil {
		t.Fatal(err)
	}
	for name, text := range older {
		if err := os.WriteFile(home+"/"+name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.apply(file); !errors.Is(err, ErrElsewhere) {
		t.Errorf("an older journal: %v", err)
	}
}
