// Package store keeps secrets in somebody's secret store: a concrete [Store] that
// holds the promises, over a [Driver] for each kind of store that holds the calls.
//
// Its promises, which storetest asks of every driver:
//
//   - Nothing that we did not make is overwritten: what stands under a name already
//     is adopted where its value is equal, and a [Conflict] where it is not.
//   - Doing a thing twice is doing it once: a reply that was lost is found out about
//     by looking, never by writing again blindly.
//   - A value counts as stored when it was read back and was equal.
//   - Errors have one of the codes of a closed list, and hold no value.
//
// Its limits: where a store has no create-if-absent (Azure Key Vault) or no
// compare-and-set (AWS Parameter Store), two writers at the same instant can pass
// each other; [Description.Atomic] says so, and a plan tells it.
package store

import (
	"cmp"
	"context"
	"maps"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/internal/pause"
)

// The ownership tags that a Store puts on what it makes. Their keys keep to what
// every store allows: lower-case letters, digits and hyphens.
const (
	TagManaged = "oakum-managed-by" // "oakum"
	TagOp      = "oakum-op"         // the operation that wrote the entry's value, see [Put]
	TagMade    = "oakum-made"       // the operation that made the entry; later ones leave it
)

// Options are a Store's settings; the zero value is the default.
type Options struct {
	// Attempts bounds how often a call is made that the store throttles or does not
	// answer; 0 is 5.
	Attempts int
	// Pause waits between attempts; nil is real time.
	Pause func(ctx context.Context, d time.Duration) error
}

// Store is a secret store.
type Store struct {
	driver Driver
	opt    Options
}

// New is the store that driver reaches.
func New(driver Driver, opt Options) *Store {
	if opt.Attempts <= 0 {
		opt.Attempts = 5
	}
	if opt.Pause == nil {
		opt.Pause = pause.For
	}
	return &Store{driver, opt}
}

// Describe says which store this is and what it can do.
func (s *Store) Describe(ctx context.Context) (Description, error) {
	var d Description
	err := s.call(ctx, "describe", "", func() (err error) {
		d, err = s.driver.Describe(ctx)
		return err
	})
	return d, err
}

// Stat is what stands under a name, without its value: enough for a plan that may
// not read secrets.
func (s *Store) Stat(ctx context.Context, name string) (Entry, error) {
	var e Entry
	err := s.call(ctx, "look at", name, func() (err error) {
		e, err = s.driver.Stat(ctx, name)
		return err
	})
	return e, err
}

// Read is the value under a name; version "" is the current one.
func (s *Store) Read(ctx context.Context, name, version string) (Entry, leak.Secret, error) {
	var e Entry
	var value leak.Secret
	err := s.call(ctx, "read", name, func() (err error) {
		e, value, err = s.driver.Read(ctx, name, version)
		return err
	})
	return e, value, err
}

// Put is one operation on one name. Op is its id, the same each time that it is
// tried: a UUID, which becomes the store's idempotency token and an ownership tag.
type Put struct {
	Name  string
	Value leak.Secret
	Op    string
	Tags  map[string]string // more of them
}

// write is the operation as a driver takes it, with the tags that say whose it is.
func (p Put) write(from string) Write {
	w := Write{Name: p.Name, Value: p.Value, Token: p.Op, From: from, Tags: maps.Clone(p.Tags)}
	if w.Tags == nil {
		w.Tags = map[string]string{}
	}
	w.Tags[TagManaged], w.Tags[TagOp] = "oakum", p.Op
	return w
}

// Receipt says what stands in the store after an operation.
type Receipt struct {
	Name    string
	Version string
	Created bool // by this operation, now or before; false: it was there and equal
}

// Create stores a value under a name that must be free, or hold an equal value.
func (s *Store) Create(ctx context.Context, p Put) (Receipt, error) {
	return s.put(ctx, p, "")
}

// Replace stores a value in the place of the version from, which must still be the
// current one, else the error is a Conflict.
func (s *Store) Replace(ctx context.Context, p Put, from string) (Receipt, error) {
	if from == "" {
		return Receipt{}, s.failed("replace", p.Name, leak.Secret{}, Failf(InvalidArgument, "no version is named that it is to replace"))
	}
	return s.put(ctx, p, from)
}

func (s *Store) put(ctx context.Context, p Put, from string) (Receipt, error) {
	d, err := s.Describe(ctx)
	if err != nil {
		return Receipt{}, err
	}
	if err := d.check(p); err != nil {
		return Receipt{}, s.failed("store", p.Name, p.Value, err)
	}
	w := p.write(from)
	if from == "" {
		w.Tags[TagMade] = p.Op
	} else if err := s.keepTags(ctx, w); err != nil {
		return Receipt{}, err
	}
	for attempt := 1; ; attempt++ {
		r, err := s.once(ctx, w)
		if err == nil || !CodeOf(err).Retryable() || attempt >= s.opt.Attempts {
			return r, err
		}
		if err := s.opt.Pause(ctx, delay(attempt)); err != nil {
			return Receipt{}, s.failed("store", p.Name, p.Value, err)
		}
	}
}

// keepTags adds the tags that stand there to those of a replacement: some stores keep
// them with the value.
func (s *Store) keepTags(ctx context.Context, w Write) error {
	e, err := s.Stat(ctx, w.Name)
	if err != nil {
		return err
	}
	for k, v := range e.Tags {
		if _, ours := w.Tags[k]; !ours {
			w.Tags[k] = v
		}
	}
	return nil
}

// once looks, writes if that is needed, and reads back. It comes to the same end
// wherever an earlier try was cut off, because it begins with what the store holds.
func (s *Store) once(ctx context.Context, w Write) (Receipt, error) {
	r, done, err := s.standing(ctx, w)
	if done || err != nil {
		return r, err
	}
	version, err := s.driver.Write(ctx, w)
	switch CodeOf(err) {
	case OK, AlreadyExists, Conflict: // the last two: somebody was faster, or we were and did not hear of it
	default:
		return Receipt{}, s.failed("store", w.Name, w.Value, err)
	}
	r, done, looked := s.standing(ctx, w)
	switch {
	case done:
		return r, nil
	case err == nil && CodeOf(looked) == Conflict && r.Version == version:
		looked = s.failed("store", w.Name, w.Value, Failf(Mismatch, "what the store gives back is not what it was given"))
	case looked == nil && CodeOf(err) == Conflict: // not by another value: the driver knows why
		looked = s.failed("store", w.Name, w.Value, err)
	case looked == nil: // an eventually consistent store
		looked = s.failed("store", w.Name, w.Value, Failf(Unavailable, "it was written, and is not shown yet"))
	}
	return Receipt{}, looked
}

// standing tells whether the store holds what w wants it to, and an error where it
// holds something that w may not touch: then the receipt has that thing's version.
func (s *Store) standing(ctx context.Context, w Write) (r Receipt, done bool, err error) {
	e, value, err := s.driver.Read(ctx, w.Name, "")
	switch {
	case CodeOf(err) == NotFound && w.From == "":
		return Receipt{}, false, nil
	case err != nil:
		return Receipt{}, false, s.failed("read", w.Name, w.Value, err)
	case Equal(value, w.Value):
		return Receipt{w.Name, e.Version, e.Tags[TagOp] == w.Token && w.From == ""}, true, nil
	case e.Version == w.From:
		return Receipt{}, false, nil
	case w.From == "":
		return Receipt{Version: e.Version}, false, s.failed("store", w.Name, w.Value, Failf(Conflict, "another value stands there already (version %s); choose another name, or remove it", e.Version))
	}
	return Receipt{Version: e.Version}, false, s.failed("store", w.Name, w.Value, Failf(Conflict, "its version is %s, not %s: somebody changed it in between", e.Version, w.From))
}

// MadeBy is the operation that made an entry, "" where we did not.
func (e Entry) MadeBy() string { return cmp.Or(e.Tags[TagMade], e.Tags[TagOp]) }

// Remove takes away what the operation op made, if it still is as op left it. A name
// that is gone is done; what somebody else made or changed is a Conflict.
func (s *Store) Remove(ctx context.Context, r Receipt, op string) error {
	for attempt := 1; ; attempt++ {
		e, err := s.Stat(ctx, r.Name)
		switch {
		case CodeOf(err) == NotFound || err == nil && e.State == Deleted:
			return nil
		case err != nil:
			return err
		case e.MadeBy() != op || e.Version != r.Version:
			return s.failed("remove", r.Name, leak.Secret{}, Failf(Conflict, "it is no longer what was stored (version %s, not %s); remove it by hand if nobody needs it", e.Version, r.Version))
		}
		err = s.driver.Delete(ctx, r.Name, r.Version)
		if code := CodeOf(err); code == OK || code == NotFound {
			return nil
		} else if !code.Retryable() || attempt >= s.opt.Attempts {
			return s.failed("remove", r.Name, leak.Secret{}, err)
		}
		if err := s.opt.Pause(ctx, delay(attempt)); err != nil {
			return s.failed("remove", r.Name, leak.Secret{}, err)
		}
	}
}
