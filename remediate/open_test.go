package remediate

import (
	"context"
	"testing"

	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/store/storetest"
)

// A store that hundreds of targets share is one to a run, with what it remembers of its
// content; another of the same kind is another.
func TestStoreIsShared(t *testing.T) {
	w := newWorld(t)
	tools, opens := w.tools(), 0
	tools.Open = func(_ context.Context, named, _ string) (store.Driver, error) {
		opens++
		return called{&storetest.Memory{}, named}, nil
	}
	r := &run{Tools: tools}
	at := map[string]*store.Store{}
	for _, named := range []string{"a", "b"} {
		for _, dir := range []string{"/one", "/two", "/one"} {
			s, d, err := r.open(t.Context(), named, dir)
			if err != nil || d.Identity != named {
				t.Fatal(d, err)
			}
			if at[named] != nil && at[named] != s {
				t.Errorf("%s in %s is opened as another store", named, dir)
			}
			at[named] = s
		}
	}
	if at["a"] == at["b"] || opens != 4 {
		t.Errorf("two stores are one, or %d times opened", opens)
	}
}

// called is a store in memory of this name.
type called struct {
	store.Driver
	identity string
}

func (n called) Describe(ctx context.Context) (store.Description, error) {
	d, err := n.Driver.Describe(ctx)
	d.Identity = n.identity
	return d, err
}
