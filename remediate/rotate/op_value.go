package rotate

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/store"
)

// promoted tells whether the entry holds what this rotation put there. Another value
// than that and the old one is somebody else's doing.
func (r *rotation) promoted(ctx context.Context) (is bool, version string, value leak.Secret, err error) {
	e, value, err := r.slot.store.Read(ctx, r.slot.name, "")
	switch {
	case err != nil:
		return false, "", leak.Secret{}, err
	case store.Equal(value, r.oldValue):
		return false, e.Version, leak.Secret{}, nil
	case e.Tags[store.TagOp] != r.order.Op:
		return false, "", leak.Secret{}, fmt.Errorf("%s was changed by somebody else since the order was made (version %s): nothing goes on. Roll back, and order again", r.slot.name, e.Version)
	}
	return true, e.Version, value, nil
}

// fresh is the new credential, from wherever it is by now: the entry, what waits beside
// it, or the sealed file. It is nil where there is none yet.
func (r *rotation) fresh(ctx context.Context) (c Credential, version string, err error) {
	is, version, value, err := r.promoted(ctx)
	if err == nil && !is {
		version = ""
		_, value, err = r.slot.waits(ctx)
	}
	if err != nil {
		return nil, "", err
	}
	if value.IsZero() {
		c, err = r.escrow()
		return c, "", err
	}
	c, err = r.set.Form.Read(value, r.rot.Traits().Parts)
	return c, version, err
}

// have is fresh where there must be one.
func (r *rotation) have(ctx context.Context) (Credential, string, error) {
	c, version, err := r.fresh(ctx)
	if err == nil && c == nil {
		err = errors.New("the new credential is gone: it neither waits in the store nor is it sealed here. Roll back, and order again")
	}
	return c, version, err
}

// escrow is the sealed new credential; nil is none.
func (r *rotation) escrow() (Credential, error) {
	sealed, err := r.Root.ReadFile(escrowName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	plain, err := r.Home.Key.Unseal(sealed, escrowName+" "+r.order.ID)
	if err != nil {
		return nil, fmt.Errorf("open the new credential that %s keeps: %w", r.order.ID, err)
	}
	defer clear(plain)
	var parts map[string][]byte
	if err := json.Unmarshal(plain, &parts); err != nil {
		return nil, err
	}
	c := Credential{}
	for name, v := range parts {
		c[name] = leak.NewSecret(v)
	}
	return c, nil
}

// keep seals the new credential.
func (r *rotation) keep(c Credential) error {
	parts := map[string][]byte{}
	for name, v := range c {
		parts[name] = []byte(store.Plain(v))
	}
	plain, err := json.Marshal(parts)
	if err != nil {
		return err
	}
	return r.seal(escrowName, leak.NewSecret(plain))
}

// pendOp has the new credential wait in the store. Where oakum chooses it, it is made up
// here, once: what waits already is what is used.
type pendOp struct{ *rotation }

func (o pendOp) Done(ctx context.Context) (bool, error) {
	is, _, _, err := o.promoted(ctx)
	if is || err != nil {
		return is, err
	}
	_, value, err := o.slot.waits(ctx)
	if err != nil || value.IsZero() {
		return false, err
	}
	if c, err := o.escrow(); err != nil || c != nil {
		want, formed := o.set.Form.Write(o.oldValue, c)
		if err = errors.Join(err, formed); err != nil {
			return false, err
		}
		if !store.Equal(value, want) {
			return false, fmt.Errorf("another credential waits beside %s: somebody else is rotating it", o.slot.name)
		}
	}
	return true, nil
}

func (o pendOp) Do(ctx context.Context) error {
	c, err := o.escrow()
	if err == nil && c == nil {
		c, err = o.rot.Next(ctx, o.old, o.order.Op)
	}
	if err != nil {
		return err
	}
	value, err := o.set.Form.Write(o.oldValue, c)
	if err != nil {
		return err
	}
	return o.slot.pend(ctx, value, o.order.Store.Version)
}

func (o pendOp) Undo(ctx context.Context) error { return o.slot.abandon(ctx) }

// setOp makes the credential that waits valid at its target.
type setOp struct {
	*rotation
	did bool
}

// Done tries it. That it does not work yet is no error: Do, or the stage after this
// one, tells why.
func (o *setOp) Done(ctx context.Context) (bool, error) {
	c, _, err := o.have(ctx)
	if err != nil {
		return false, err
	}
	err = o.rot.Verify(ctx, c)
	return err == nil || o.did && errors.Is(err, ErrNotYet), ctx.Err()
}

func (o *setOp) Do(ctx context.Context) error {
	c, _, err := o.have(ctx)
	if err != nil {
		return err
	}
	_, err = o.rot.Provision(ctx, o.provision(c))
	o.did = err == nil
	return err
}

func (o *setOp) Undo(ctx context.Context) error {
	c, _, err := o.fresh(ctx)
	if err != nil || c == nil {
		return err
	}
	return o.rot.Withdraw(ctx, o.provision(c))
}

func (r *rotation) provision(c Credential) Provision {
	return Provision{Op: r.order.Op, Old: r.old, New: c, Subject: r.order.Subject}
}

// makeOp has the provider, or a person, make the new credential. Its answer is sealed
// before anything else happens.
type makeOp struct{ *rotation }

func (o makeOp) Done(ctx context.Context) (bool, error) {
	c, _, err := o.fresh(ctx)
	return c != nil, err
}

func (o makeOp) Do(ctx context.Context) error {
	if o.rot.Traits().Chooser == Person {
		return o.ask(ctx)
	}
	p := o.provision(nil)
	p.Tried = o.tried()
	c, err := o.rot.Provision(ctx, p)
	if err != nil {
		return err
	}
	return o.keep(c)
}

// tried tells whether the provider was asked before this time, whose intent is the last
// record.
func (o makeOp) tried() bool {
	records := o.Journal.Records()
	for _, rec := range records[:max(0, len(records)-1)] {
		if rec.Step == "make" && rec.Phase == "intent" {
			return true
		}
	}
	return false
}

// ask gets the credential's only part that is not fixed from a person.
func (o makeOp) ask(ctx context.Context) error {
	what := o.rot.Traits().Risk
	if o.Ask == nil {
		return &act.Wait{For: what}
	}
	v, err := o.Ask(ctx, what)
	if err != nil {
		return err
	}
	if v.IsZero() {
		return &act.Wait{For: what}
	}
	c, err := o.rot.Provision(ctx, o.provision(Credential{o.rot.Traits().Parts[0]: v}))
	if err != nil {
		return err
	}
	return o.keep(c)
}

func (o makeOp) Undo(ctx context.Context) error {
	c, _, err := o.fresh(ctx)
	if err != nil || c == nil && !o.begun("make") {
		return err
	}
	return o.rot.Withdraw(ctx, o.provision(c))
}

// tryOp sees that the store takes values, before a provider makes one that would have
// nowhere to go.
type tryOp struct {
	*rotation
	did bool
}

func (o *tryOp) Done(context.Context) (bool, error) { return o.did || o.verified("make"), nil }

func (o *tryOp) Do(ctx context.Context) error {
	s := o.spot(o.slot.store, trySuffix)
	if err := s.fill(ctx, leak.NewSecret([]byte(rand.Text()))); err != nil && store.CodeOf(err) != store.Conflict { // left by a crash
		return err
	}
	o.did = true
	return s.clear(ctx)
}

func (o *tryOp) Undo(ctx context.Context) error { return o.spot(o.slot.store, trySuffix).clear(ctx) }

// promoteOp makes the new credential what programs read.
type promoteOp struct{ *rotation }

func (o promoteOp) Done(ctx context.Context) (bool, error) {
	is, _, _, err := o.promoted(ctx)
	if err != nil || !is {
		return false, err
	}
	_, waits, err := o.slot.waits(ctx)
	if err != nil {
		return false, err
	}
	_, err = o.Root.Stat(escrowName)
	return waits.IsZero() && errors.Is(err, fs.ErrNotExist), nil
}

func (o promoteOp) Do(ctx context.Context) error {
	is, _, _, err := o.promoted(ctx)
	if err != nil {
		return err
	}
	if !is {
		if err := o.slot.promote(ctx, o.order.Store.Version); err != nil {
			return err
		}
	}
	if err := o.slot.abandon(ctx); err != nil { // the copy beside the entry, where the store has no versions that wait
		return err
	}
	return o.Home.Disk.Remove(o.Root, escrowName)
}

// Undo keeps the new credential at hand, sealed, for the stages that are taken back
// after this one.
func (o promoteOp) Undo(ctx context.Context) error {
	is, _, value, err := o.promoted(ctx)
	if err != nil || !is {
		return err
	}
	c, err := o.set.Form.Read(value, o.rot.Traits().Parts)
	if err != nil {
		return err
	}
	if err := o.keep(c); err != nil {
		return err
	}
	return o.slot.back(ctx, o.oldValue, value)
}
