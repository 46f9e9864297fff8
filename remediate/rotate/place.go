package rotate

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
)

// place is where a credential is kept: one entry, or one for each of its parts, such as
// an AWS key's id and its secret. It is read and written as one value; that of several
// entries is the document of them, by part.
type place struct {
	slots []slot
	parts []string // of each slot; nil: the only one holds the whole credential
}

// placeOf is where settings keep a credential. was are the entries of an order, with the
// versions of then; nil before there is one.
func (r *rotation) placeOf(s *store.Store, was []Held) (place, error) {
	if r.set.Entries == nil {
		return place{slots: []slot{r.slotOf(s, r.set.Entry, "", was)}}, nil
	}
	parts := r.rot.Traits().Parts
	if named := slices.Sorted(maps.Keys(r.set.Entries)); !slices.Equal(named, slices.Sorted(slices.Values(parts))) {
		return place{}, fmt.Errorf("`entries` are of %s, and a credential of kind %s has %s: name an entry for each", strings.Join(named, " and "), r.set.Kind, strings.Join(parts, " and "))
	}
	p := place{parts: parts}
	for _, part := range parts {
		p.slots = append(p.slots, r.slotOf(s, r.set.Entries[part], part, was))
	}
	return p, nil
}

func (r *rotation) slotOf(s *store.Store, name, part string, was []Held) slot {
	one := slot{store: s, name: name, op: r.order.Op, next: r.spot(s, name+nextSuffix)}
	for _, h := range was {
		if h.Part == part {
			one.from = h.Version
		}
	}
	return one
}

// String names the entries.
func (p place) String() string {
	var names []string
	for _, s := range p.slots {
		names = append(names, s.name)
	}
	return strings.Join(names, " and ")
}

// several tells whether it is more than one entry.
func (p place) several() bool { return len(p.slots) > 1 }

// split gives each entry's value of the whole one.
func (p place) split(value leak.Secret) ([]leak.Secret, error) {
	if p.parts == nil {
		return []leak.Secret{value}, nil
	}
	fields, _ := store.Fields(value)
	var all []leak.Secret
	for _, part := range p.parts {
		v, ok := fields[part]
		if !ok {
			return nil, fmt.Errorf("the credential has no %s", part)
		}
		all = append(all, v)
	}
	return all, nil
}

func (p place) join(all []leak.Secret) (leak.Secret, error) {
	if p.parts == nil {
		return all[0], nil
	}
	fields := map[string]leak.Secret{}
	for i, part := range p.parts {
		fields[part] = all[i]
	}
	return store.Document(fields)
}

// current is what programs read. The versions become those that are written over.
func (p place) current(ctx context.Context) (value leak.Secret, err error) {
	all := make([]leak.Secret, len(p.slots))
	for i := range p.slots {
		if p.slots[i].from, all[i], err = p.slots[i].current(ctx); err != nil {
			return leak.Secret{}, err
		}
	}
	return p.join(all)
}

// standing is what the entries hold of a rotation: some of them its new values, or all.
type standing struct {
	some, all bool
	value     leak.Secret
	version   string
}

// stand compares the entries with what they held before. Another value than that and
// this rotation's is somebody else's doing. want is the new value, zero where it is not
// known; then it is there unless a part of it still waits.
func (p place) stand(ctx context.Context, old, want leak.Secret) (st standing, err error) {
	olds, err := p.split(old)
	if err != nil {
		return st, err
	}
	var still []slot // that hold the old value
	values, versions := make([]leak.Secret, len(p.slots)), make([]string, len(p.slots))
	for i, s := range p.slots {
		e, value, err := s.store.Read(ctx, s.name, "")
		switch {
		case err != nil:
			return standing{}, err
		case store.Equal(value, olds[i]):
			still = append(still, s)
		case e.Tags[store.TagOp] != s.op:
			return standing{}, fmt.Errorf("%s was changed by somebody else since the order was made (version %s): nothing goes on. Roll back, and order again", s.name, e.Version)
		default:
			st.some = true
		}
		values[i], versions[i] = value, e.Version
	}
	st.version = strings.Join(versions, ",")
	if st.value, err = p.join(values); err != nil {
		return standing{}, err
	}
	st.all = st.some && (!p.several() || want.IsZero() || store.Equal(st.value, want))
	if st.all && want.IsZero() && len(still) > 0 {
		waits, err := anyWaits(ctx, still)
		st.all = !waits
		return st, err
	}
	return st, nil
}

// waits is what waits to be promoted; zero is nothing. An entry beside which nothing
// waits stands for itself.
func (p place) waits(ctx context.Context) (leak.Secret, error) {
	all, some := make([]leak.Secret, len(p.slots)), false
	for i, s := range p.slots {
		_, value, err := s.waits(ctx)
		if err == nil && value.IsZero() && p.several() {
			_, value, err = s.current(ctx)
		} else if !value.IsZero() {
			some = true
		}
		if err != nil {
			return leak.Secret{}, err
		}
		all[i] = value
	}
	if !some {
		return leak.Secret{}, nil
	}
	return p.join(all)
}

// anyWaits tells whether something waits beside one of these entries.
func anyWaits(ctx context.Context, slots []slot) (bool, error) {
	for _, s := range slots {
		if _, value, err := s.waits(ctx); err != nil || !value.IsZero() {
			return err == nil, err
		}
	}
	return false, nil
}

// pend has a new value wait, beside each entry that it changes.
func (p place) pend(ctx context.Context, old, fresh leak.Secret) error {
	return p.each(old, fresh, func(s slot, _, fresh leak.Secret) error { return s.pend(ctx, fresh) })
}

// each calls do for each entry that a new value changes.
func (p place) each(old, fresh leak.Secret, do func(s slot, old, fresh leak.Secret) error) error {
	olds, err := p.split(old)
	if err != nil {
		return err
	}
	news, err := p.split(fresh)
	if err != nil {
		return err
	}
	for i, s := range p.slots {
		if p.several() && store.Equal(olds[i], news[i]) {
			continue
		}
		if err := do(s, olds[i], news[i]); err != nil {
			return err
		}
	}
	return nil
}

// abandon takes away what waits. What was promoted stays.
func (p place) abandon(ctx context.Context) error {
	for _, s := range p.slots {
		if err := s.abandon(ctx); err != nil {
			return err
		}
	}
	return nil
}

// back puts the old value in the place of the new one, which must still be current.
func (p place) back(ctx context.Context, old, fresh leak.Secret) error {
	return p.each(old, fresh, func(s slot, old, fresh leak.Secret) error { return s.back(ctx, old, fresh) })
}
