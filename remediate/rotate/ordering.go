package rotate

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/signed"
	"github.com/oakum-sec/oakum/remediate/store"
)

// Order works out what rotating an entry of a file of settings will be. It reads, and
// changes nothing. What must not be rotated is a *Refusal.
func (m *Machine) Order(ctx context.Context, file, name string) (*Order, []byte, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return nil, nil, err
	}
	r := &rotation{Machine: m}
	if r.set, err = m.Settings(file, name); err != nil {
		return nil, nil, err
	}
	if err := r.look(ctx); err != nil {
		return nil, nil, fmt.Errorf("rotate %s: %w", name, err)
	}
	o := r.order
	o.Name, o.File = name, file
	text, err := r.set.text()
	if err != nil {
		return nil, nil, err
	}
	o.Settings = m.Home.Key.FileTag(text)
	for _, s := range r.stages() {
		o.Stages = append(o.Stages, s.Stage)
	}
	if err := orderFile.Sign(o, m.Home.Key); err != nil {
		return nil, nil, err
	}
	out, err := signed.Encode(o)
	return o, out, err
}

// look asks the store, the provider and the consumers.
func (r *rotation) look(ctx context.Context) (err error) {
	id := act.Rotations.NewID(r.now())
	r.order = &Order{Schema: Schema, ID: id, Op: act.OpID("rotation", id), Created: r.now().Truncate(time.Second), Tool: r.Version, Key: r.Home.Key.ID,
		Kind: r.set.Kind, Exposure: r.set.Exposure, Dwell: human(r.set.dwell()), Watch: human(r.set.watch())}
	d, err := r.connect(ctx, nil)
	if err != nil {
		return err
	}
	r.order.Store = Store{Target: r.set.Store, Kind: d.Kind, Identity: d.Identity}
	if err := r.lookAtStore(ctx); err != nil {
		return err
	}
	t := r.rot.Traits()
	r.order.Proven = t.Proven
	if r.old, err = r.set.Form.Read(r.oldValue, t.Parts); err != nil {
		return fmt.Errorf("read the credential in %s: %w", r.place, err)
	}
	if err := r.trapped(); err != nil {
		return err
	}
	r.order.Tags = tags(r.Machine, r.old)
	if r.order.Subject, err = r.rot.Inspect(ctx, r.old); err != nil {
		return err
	}
	if r.set.Retire {
		if !t.Overlap {
			return Refuse("take the program away first, then the user by hand", "%s has one credential, which nothing can take the place of", r.order.Subject.Owner)
		}
		return nil
	}
	if !t.Overlap && !r.set.AcceptBlip {
		return Refuse("say `accept_blip: true` in its settings if that is all right",
			"%s cannot have two working credentials at once: programs that have the old one would fail until they read the new one", r.order.Subject.Owner)
	}
	if err := r.enough(t); err != nil {
		return err
	}
	fresh, err := r.lookAhead(ctx, t)
	if err != nil {
		return err
	}
	return r.ask(ctx, fresh)
}

// lookAtStore reads the credential, unless somebody is rotating it.
func (r *rotation) lookAtStore(ctx context.Context) (err error) {
	if r.oldValue, err = r.place.current(ctx); err != nil {
		return err
	}
	r.order.Store.hold(r.place)
	waits, err := r.place.waits(ctx)
	if err != nil {
		return err
	}
	if !waits.IsZero() {
		return Refuse("`oakum remediate status` shows ours; end it first", "another rotation of %s is going on: a new value waits beside it", r.place)
	}
	for _, spot := range r.spots(leaseSuffix) {
		held, err := spot.look(ctx)
		if err != nil {
			return err
		}
		if !held.IsZero() {
			return fmt.Errorf("%w: %s", ErrTaken, store.Plain(held))
		}
	}
	return nil
}

// trapped refuses a credential whose first use would raise an alarm, before anybody is
// asked about it.
func (r *rotation) trapped() error {
	if r.Trap == nil {
		return nil
	}
	if why := r.Trap(r.old); why != "" {
		return Refuse("leave it where it was planted: rotating it takes the trap away, and trying it raises its alarm. If nobody of yours planted it, ask where the code with it came from",
			"the credential in %s is a trap (%s); nothing was asked about it", r.place, why)
	}
	return nil
}

// lookAhead tries whether a new credential would fit the entry; it is thrown away.
func (r *rotation) lookAhead(ctx context.Context, t Traits) (Credential, error) {
	fresh := maps.Clone(r.old)
	if t.Chooser == Oakum {
		var err error
		if fresh, err = r.rot.Next(ctx, r.old, r.order.Op); err != nil {
			return nil, err
		}
	}
	_, err := r.set.Form.Write(r.oldValue, fresh)
	return fresh, err
}

// ask has those who try it and those who are told say whether they can, and what a
// person should know.
func (r *rotation) ask(ctx context.Context, fresh Credential) error {
	for _, c := range slices.Concat(r.there, r.users) {
		k, ok := c.(consumer.Checker)
		if !ok {
			continue
		}
		notes, err := k.Check(ctx, r.update(fresh, ""))
		if err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
		for _, n := range notes {
			r.order.Subject.Notes = append(r.order.Subject.Notes, c.String()+": "+n)
		}
	}
	return nil
}

// Explain is an order in plain words: each stage, what could go wrong, how it is taken
// back.
func (o *Order) Explain() string {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	kind := o.Kind
	if o.Proven == "" {
		kind += ", experimental"
	}
	say("Rotation %s of %s (%s)", o.ID, o.Name, kind)
	say("  credential  %s", o.Subject.ID)
	say("  belongs to  %s", o.Subject.Owner)
	say("  kept in     %s, %s (version %s)", o.Store.Identity, o.Store.Entry, o.Store.Version)
	say("  exposure    %s", o.Exposure)
	if o.Tried != "" {
		say("  tried       %s", o.Tried)
	}
	for _, n := range o.Subject.Notes {
		say("  note        %s", n)
	}
	for i, s := range o.Stages {
		say("\n%2d. %s", i+1, s.Text)
		if s.Risk != "" {
			say("    risk  %s", strings.TrimSpace(s.Risk))
		}
		say("    undo  %s", s.Undo)
		switch {
		case s.Irreversible:
			say("    asks for your word, and cannot be taken back")
		case s.Approval:
			say("    asks for your word")
		}
	}
	return b.String()
}
