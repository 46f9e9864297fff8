package dynamic_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/remediate/disk"
	"github.com/oakum-sec/oakum/remediate/journal"
)

var errKilled = errors.New("killed")

// TestKilled ends runs at records of their journal, at random, and goes on: an apply
// comes to where it would have come, and an undo leaves nothing.
func TestKilled(t *testing.T) {
	p := realtest.StartPostgres(t)
	shopIn(t, p)
	b := newBench(t, p.Password)
	s := postgresSettings(t, p, "rotate_root: true\nretire: true\n")
	plan, _ := b.plan(t, s)
	random, kills := rand.New(rand.NewPCG(10, 5)), 0
	until := func(act func() error) {
		t.Helper()
		for at := 1; ; at++ {
			left := random.IntN(2) + at // the records of what is done already come first
			b.tools.Disk.Watch = func(step disk.Step) error {
				if step.Path == journal.Name && step.Op == "write" && !step.Done {
					if left--; left < 0 {
						return errKilled
					}
				}
				return nil
			}
			err := act()
			if err == nil {
				return
			}
			if !errors.Is(err, errKilled) {
				t.Fatalf("killed at record %d, and then: %v", at, err)
			}
			kills++
		}
	}
	until(func() error { return b.tools.Apply(t.Context(), s, plan.Hash) })
	if plan, text := b.plan(t, s); plan.Conflicts() > 0 || strings.Count(text, " = ") < 11 {
		t.Errorf("after all kills the plan is\n%s", text)
	}
	lease := b.read(t, "database/creds/api-role")
	ask(t, p, lease.Data["username"].(string), lease.Data["password"].(string), "SELECT * FROM orders")
	until(func() error { return b.tools.Undo(t.Context(), s) })
	if roles := p.Do(t, "SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles WHERE rolname !~ '^pg_'"); roles != "owner postgres readers shop_app\n" {
		t.Errorf("after it was taken back there are %s", roles)
	}
	if kills < 20 {
		t.Errorf("only %d kills", kills)
	}
	t.Logf("killed %d times", kills)
}
