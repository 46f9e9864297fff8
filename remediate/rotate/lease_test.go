package rotate

import (
	"errors"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/store/storetest"
)

// TestLeases: who rotates two entries has the word beside both, or beside none: somebody
// else may be rotating one of them alone.
func TestLeases(t *testing.T) {
	st := store.New(&storetest.Memory{}, store.Options{})
	of := func(who string, names ...string) (all leases) {
		for _, name := range names {
			all = append(all, lease{spot{store: st, name: name + leaseSuffix, op: who}, who})
		}
		return all
	}
	held := func(name string) string {
		v, err := spot{store: st, name: name + leaseSuffix}.look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return store.Plain(v)
	}
	one, both := of("bob", "secret"), of("ada", "id", "secret")
	if err := one.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := both.Do(t.Context()); !errors.Is(err, ErrTaken) || held("id") != "" || held("secret") != "bob" {
		t.Errorf("where one is taken: %v; %q and %q", err, held("id"), held("secret"))
	}
	if err := one.Undo(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := both.Do(t.Context()); err != nil || held("id") != "ada" || held("secret") != "ada" {
		t.Errorf("where both are free: %v; %q and %q", err, held("id"), held("secret"))
	}
	if is, err := both.Done(t.Context()); !is || err != nil {
		t.Errorf("both are held: %v, %v", is, err)
	}
	if err := one.Do(t.Context()); !errors.Is(err, ErrTaken) {
		t.Errorf("another host gets one of them: %v", err)
	}
	if err := both.Undo(t.Context()); err != nil || held("id")+held("secret") != "" {
		t.Errorf("they are not given back: %v", err)
	}
	if _, err := st.Create(t.Context(), store.Put{Name: "id" + leaseSuffix, Value: leak.NewSecret([]byte("ada")), Op: "x"}); err != nil {
		t.Fatal(err)
	}
	if is, err := both.any(t.Context()); !is || err != nil {
		t.Errorf("one is left: %v, %v", is, err)
	}
}
