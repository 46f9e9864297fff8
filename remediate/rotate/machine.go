package rotate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/internal/pause"
	"github.com/oakum-sec/oakum/remediate/journal"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/signed"
	"github.com/oakum-sec/oakum/remediate/store"
)

// Machine orders and runs rotations.
type Machine struct {
	Home    act.Home
	Version string // of oakum

	// Settings reads an entry of a file of settings.
	Settings func(file, name string) (Settings, error)
	// Open reaches a store that is named as --to names it.
	Open func(ctx context.Context, named string) (store.Driver, error)
	// Rotator makes the rotator of an entry.
	Rotator func(ctx context.Context, s Settings) (Rotator, error)
	// Consumers makes what an entry's credential is used by.
	Consumers func(ctx context.Context, s Settings) ([]consumer.Consumer, error)
	// Places makes what tries a new credential where programs run; nil: nothing does.
	Places func(ctx context.Context, s Settings) ([]consumer.Consumer, error)
	// Ask gets a value from a person; nil: nobody is there.
	Ask func(ctx context.Context, what string) (leak.Secret, error)
	// Trap tells why a credential must not be tried, "" that nothing speaks against it:
	// one that was planted raises an alarm. It asks nobody; nil: no traps are known.
	Trap func(c Credential) (why string)
	// Remember adds a retired value to what oakum refuses for ever; nil: it is not kept.
	Remember func(ctx context.Context, name string, value leak.Secret) error
	// Search tells where values still stand, of the folders that an entry names.
	Search func(ctx context.Context, folders []string, values []leak.Secret) (places []string, err error)
	// Say tells a person what is done; nil: nobody.
	Say func(format string, args ...any)

	Store  store.Options
	Verify Verify
	Pause  func(ctx context.Context, d time.Duration) error // nil is real time
}

// Verify is how long a new credential is tried before it is used.
type Verify struct {
	Times  int           // in a row; 0 is 3
	Over   time.Duration // from the first to the last; 0 is ten seconds
	Within time.Duration // for a provider that needs time; 0 is two minutes
}

// The acts of a run, as the journal names them.
const (
	actRotate   = "rotate"
	actRollback = "rollback"
)

// The files of a run, in its folder.
const (
	orderName  = "order.json"
	oldName    = "old.sealed"    // the entry's value as it was
	escrowName = "escrow.sealed" // a credential that a provider made, before the store has it
)

// rotation is an order at work.
type rotation struct {
	*Machine
	*act.Folder
	order *Order
	hash  string
	set   Settings
	rot   Rotator
	users []consumer.Consumer
	there []consumer.Consumer // where programs run, as one that is told: to try it
	place place
	stays bool // a deleted name stays taken in the store

	oldValue leak.Secret // the entry's
	old      Credential
}

// Run does what an order says, given as its file. approve is its hash, which stages ask
// for that hurt. A *act.Wait is in the error where it has to go on later.
func (m *Machine) Run(ctx context.Context, file []byte, approve string) (id string, err error) {
	o, _, err := ReadOrder(bytes.NewReader(file), m.Home.Key)
	if err != nil {
		return "", err
	}
	return o.ID, m.do(ctx, o.ID, file, func(r *rotation) error {
		if last, _ := journal.Last(r.Journal.Records()); last == actRollback {
			return fmt.Errorf("the rotation %s was rolled back: order again", o.ID)
		}
		return r.run(ctx, approve)
	})
}

// Resume goes on with what a run was about when it ended.
func (m *Machine) Resume(ctx context.Context, id, approve string) error {
	return m.do(ctx, id, nil, func(r *rotation) error {
		if last, _ := journal.Last(r.Journal.Records()); last == actRollback {
			return r.rollback(ctx)
		}
		return r.run(ctx, approve)
	})
}

// Rollback takes a run back, its last stage first: the old credential is made active,
// programs get it back, and the new one is removed.
func (m *Machine) Rollback(ctx context.Context, id string) error {
	return m.do(ctx, id, nil, func(r *rotation) error {
		if r.verified("delete") {
			return errors.New("the old credential is deleted: there is nothing to go back to. Rotate again if the new one is no good")
		}
		return r.rollback(ctx)
	})
}

// do opens the run of an order and does something with it.
func (m *Machine) do(ctx context.Context, id string, file []byte, what func(*rotation) error) error {
	f, err := m.Home.Open(id, orderName, file)
	if err != nil {
		return err
	}
	defer f.Close()
	r := &rotation{Machine: m, Folder: f, hash: signed.Hash(f.File)}
	if r.order, _, err = ReadOrder(bytes.NewReader(f.File), m.Home.Key); err != nil {
		return err
	}
	if last, ended := journal.Last(f.Journal.Records()); ended {
		return fmt.Errorf("the rotation %s came to its end already (%s)", id, last)
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	return what(r)
}

// open reaches all that the order is about, and makes sure that it is the same as when
// the order was made.
func (r *rotation) open(ctx context.Context) (err error) {
	if r.set, err = r.Settings(r.order.File, r.order.Name); err != nil {
		return err
	}
	text, err := r.set.text()
	if err != nil {
		return err
	}
	if r.Home.Key.FileTag(text) != r.order.Settings {
		return fmt.Errorf("the settings of %s in %s were changed since the order was made: put them back, or roll back and order again", r.order.Name, r.order.File)
	}
	d, err := r.connect(ctx, r.order.Store.held())
	if err != nil {
		return err
	}
	if d.Kind != r.order.Store.Kind || d.Identity != r.order.Store.Identity {
		return fmt.Errorf("the store %s is %s now, and was %s when the order was made", r.set.Store, d.Identity, r.order.Store.Identity)
	}
	return r.recall(ctx)
}

// connect makes what the settings name: the rotator, the consumers, and the entries in
// their store. was are the entries of an order, nil before there is one.
func (r *rotation) connect(ctx context.Context, was []Held) (d store.Description, err error) {
	if r.rot, err = r.Rotator(ctx, r.set); err != nil {
		return d, err
	}
	if r.users, err = r.Consumers(ctx, r.set); err != nil {
		return d, err
	}
	if r.Places != nil {
		if r.there, err = r.Places(ctx, r.set); err != nil {
			return d, err
		}
	}
	driver, err := r.Open(ctx, r.set.Store)
	if err != nil {
		return d, err
	}
	s := store.New(driver, r.Store)
	if d, err = s.Describe(ctx); err != nil {
		return d, err
	}
	r.stays = d.Lingers
	r.place, err = r.placeOf(s, was)
	return d, err
}

// spots are those beside the entries.
func (r *rotation) spots(suffix string) (all []spot) {
	for _, s := range r.place.slots {
		all = append(all, r.spot(s.store, s.name+suffix))
	}
	return all
}

func (r *rotation) spot(s *store.Store, name string) spot {
	return spot{store: s, stays: r.stays, name: name, op: r.order.Op}
}

// recall gets the old credential: from the run's folder, or from the store where the
// run has only just begun; then it is sealed into the folder.
func (r *rotation) recall(ctx context.Context) error {
	if r.verified("search") { // it was the last thing that needed it
		return nil
	}
	sealed, err := r.Root.ReadFile(oldName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := r.keepOld(ctx); err != nil {
			return err
		}
	case err != nil:
		return err
	default:
		plain, err := r.Home.Key.Unseal(sealed, oldName+" "+r.order.ID)
		if err != nil {
			return fmt.Errorf("open the old credential of %s: %w", r.order.ID, err)
		}
		r.oldValue = leak.NewSecret(plain)
	}
	if r.old, err = r.set.Form.Read(r.oldValue, r.rot.Traits().Parts); err != nil {
		return err
	}
	if !slices.Equal(tags(r.Machine, r.old), r.order.Tags) {
		return fmt.Errorf("%s holds another credential than when the order was made: order again", r.place)
	}
	return nil
}

// keepOld seals the old value, if it is that of the order.
func (r *rotation) keepOld(ctx context.Context) error {
	now := place{slots: slices.Clone(r.place.slots), parts: r.place.parts}
	value, err := now.current(ctx)
	if err != nil {
		return err
	}
	for i, s := range now.slots {
		if was := r.place.slots[i].from; s.from != was {
			return fmt.Errorf("%s has version %s, and had %s when the order was made: order again", s.name, s.from, was)
		}
	}
	r.oldValue = value
	return r.seal(oldName, value)
}

// seal writes a value into the run's folder, for its owner's key alone.
func (r *rotation) seal(name string, value leak.Secret) error {
	sealed := r.Home.Key.Seal([]byte(store.Plain(value)), name+" "+r.order.ID)
	if err := r.Home.Disk.Replace(r.Root, name, sealed, 0o600); err != nil {
		return fmt.Errorf("seal %s: %w", name, err)
	}
	return nil
}

// run takes the stages in order, until the end or until something has to be waited for.
func (r *rotation) run(ctx context.Context, approve string) error {
	if last, _ := journal.Last(r.Journal.Records()); last != actRotate {
		if err := r.mark(journal.Begin, actRotate); err != nil {
			return err
		}
	}
	stages := r.stages()
	if r.verified("search") { // the old value may be forgotten already
		stages = stages[len(stages)-1:]
	}
	for _, s := range stages {
		if err := r.approved(ctx, s, approve); err != nil {
			return err
		}
		if err := r.log().Do(ctx, r.step(s.Stage), s.op); err != nil {
			if _, waits := errors.AsType[*act.Wait](err); waits {
				return err
			}
			return fmt.Errorf("%s (%s): %w", s.ID, s.Text, err)
		}
	}
	return r.mark(journal.End, actRotate)
}

// approved asks for the order's hash before a stage that hurts, unless it is done.
func (r *rotation) approved(ctx context.Context, s stage, approve string) error {
	if !s.Approval || approve == r.hash {
		return nil
	}
	if done, err := s.op.Done(ctx); err != nil || done {
		return err
	}
	return &act.Wait{For: fmt.Sprintf("next: %s. It waits for your word: --approve %s", s.Text, r.hash)}
}

func (r *rotation) rollback(ctx context.Context) error {
	if last, _ := journal.Last(r.Journal.Records()); last != actRollback {
		if err := r.mark(journal.Begin, actRollback); err != nil {
			return err
		}
	}
	for _, s := range slices.Backward(r.stages()) {
		if err := r.log().Undo(ctx, r.step(s.Stage), s.op); err != nil {
			return fmt.Errorf("take back %s (%s): %w", s.ID, s.Text, err)
		}
	}
	if err := r.dropSealed(); err != nil {
		return err
	}
	return r.mark(journal.End, actRollback)
}

// dropSealed removes the values that lie sealed in the run's folder.
func (r *rotation) dropSealed() error {
	for _, name := range []string{escrowName, oldName} {
		if err := r.Home.Disk.Remove(r.Root, name); err != nil {
			return err
		}
	}
	return nil
}

func (r *rotation) log() act.Log {
	say := r.Say
	if say == nil {
		say = func(string, ...any) {}
	}
	return act.Log{Plan: r.order.ID, Journal: r.Journal, Say: say}
}

func (r *rotation) step(s Stage) act.Step {
	return act.Step{ID: s.ID, Text: s.Text, Undo: s.Undo, Tags: r.order.Tags}
}

func (r *rotation) mark(phase journal.Phase, what string) error {
	return r.Journal.Add(journal.Record{Plan: r.order.ID, Phase: phase, Step: what, Text: r.hash})
}

// verified tells what the journal says of a stage. It is believed for times, and for
// what cannot be looked at a second time.
func (r *rotation) verified(stage string) bool { return !r.when(stage).IsZero() }

// when is when a stage was first verified, since it was last taken back.
func (r *rotation) when(stage string) (t time.Time) {
	for _, rec := range r.Journal.Records() {
		switch {
		case rec.Step != stage:
		case rec.Phase == journal.Verified && t.IsZero():
			t = rec.Time
		case rec.Phase == journal.Undone:
			t = time.Time{}
		}
	}
	return t
}

// intents is how often a stage was about to act, ever.
func (r *rotation) intents(stage string) (n int) {
	for _, rec := range r.Journal.Records() {
		if rec.Step == stage && rec.Phase == journal.Intent {
			n++
		}
	}
	return n
}

func (m *Machine) now() time.Time {
	if m.Home.Now != nil {
		return m.Home.Now().UTC()
	}
	return time.Now().UTC()
}

// pause waits, in real time unless a test says otherwise.
func (m *Machine) pause(ctx context.Context, d time.Duration) error {
	if m.Pause != nil {
		return m.Pause(ctx, d)
	}
	return pause.For(ctx, d)
}

// who is the holder of leases: user, host and the folder in which the run lies.
func (r *rotation) who() string {
	return fmt.Sprintf("%s, rotation %s in state %s", r.Home.Who, r.order.ID, r.Home.Key.FileTag([]byte(filepath.Clean(r.Home.Dir)))[:12])
}

// tags are the names of a credential's parts in orders and journals.
func tags(m *Machine, c Credential) (all []string) {
	for _, part := range slices.Sorted(maps.Keys(c)) {
		all = append(all, m.Home.Key.Tag(c[part]))
	}
	return all
}
