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

// standing is how far the entries are with the new credential.
func (r *rotation) standing(ctx context.Context) (st standing, sealed Credential, err error) {
	var want leak.Secret
	if sealed, err = r.escrow(); err == nil && sealed != nil {
		want, err = r.set.Form.Write(r.oldValue, sealed)
	}
	if err != nil {
		return standing{}, nil, err
	}
	st, err = r.place.stand(ctx, r.oldValue, want)
	return st, sealed, err
}

// fresh is the new credential, from wherever it is by now: the entry, the sealed file, or
// what waits beside the entry. It is nil where there is none yet.
func (r *rotation) fresh(ctx context.Context) (c Credential, version string, err error) {
	st, c, err := r.standing(ctx)
	if err != nil || c != nil && !st.all {
		return c, "", err
	}
	value := st.value
	if !st.all {
		st.version = ""
		if value, err = r.place.waits(ctx); err != nil || value.IsZero() {
			return nil, "", err
		}
	}
	c, err = r.set.Form.Read(value, r.rot.Traits().Parts)
	return c, st.version, err
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
	st, sealed, err := o.standing(ctx)
	if st.all || err != nil {
		return st.all, err
	}
	value, err := o.place.waits(ctx)
	if err != nil || value.IsZero() || sealed == nil {
		return !value.IsZero(), err
	}
	want, err := o.set.Form.Write(o.oldValue, sealed)
	return store.Equal(value, want), err // Do finds out whose another one is
}

func (o pendOp) Do(ctx context.Context) error {
	c, err := o.escrow()
	if err == nil && c == nil {
		c, err = o.choose(ctx)
	}
	if err != nil {
		return err
	}
	value, err := o.set.Form.Write(o.oldValue, c)
	if err != nil {
		return err
	}
	return o.place.pend(ctx, o.oldValue, value)
}

// choose makes up a credential. One for several entries is sealed first: what waits
// beside one of them alone is none that can be read from there again.
func (o pendOp) choose(ctx context.Context) (Credential, error) {
	c, err := o.rot.Next(ctx, o.old, o.order.Op)
	if err == nil && o.place.several() {
		err = o.keep(c)
	}
	return c, err
}

func (o pendOp) Undo(ctx context.Context) error { return o.place.abandon(ctx) }

// setOp makes the credential that waits valid at its target.
type setOp struct {
	*rotation
	did bool
}

// Done tries it, as long as programs do not have it: later a try of ours could be taken
// for one of theirs. That it does not work yet is no error: Do, or the stage after this
// one, tells why.
func (o *setOp) Done(ctx context.Context) (bool, error) {
	if o.verified("set") && o.verified("promote") {
		return true, nil
	}
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
	p.Tried = o.intents("make") > 1 // one is that of this time
	c, err := o.rot.Provision(ctx, p)
	if err != nil {
		return err
	}
	return o.keep(c)
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
	if err != nil || c == nil && o.intents("make") == 0 {
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
	for _, s := range o.spots(trySuffix) {
		if err := s.fill(ctx, leak.NewSecret([]byte(rand.Text()))); err != nil && store.CodeOf(err) != store.Conflict { // left by a crash
			return err
		}
		if err := s.clear(ctx); err != nil {
			return err
		}
	}
	o.did = true
	return nil
}

func (o *tryOp) Undo(ctx context.Context) error {
	for _, s := range o.spots(trySuffix) {
		if err := s.clear(ctx); err != nil {
			return err
		}
	}
	return nil
}

// promoteOp makes the new credential what programs read.
type promoteOp struct{ *rotation }

func (o promoteOp) Done(ctx context.Context) (bool, error) {
	st, sealed, err := o.standing(ctx)
	if err != nil || !st.all || sealed != nil {
		return false, err
	}
	waits, err := anyWaits(ctx, o.place.slots)
	return err == nil && !waits, err
}

func (o promoteOp) Do(ctx context.Context) error {
	st, _, err := o.standing(ctx)
	if err != nil {
		return err
	}
	if !st.all {
		if err := o.promote(ctx); err != nil {
			return err
		}
	}
	if err := o.place.abandon(ctx); err != nil { // the copy beside the entry, where the store has no versions that wait
		return err
	}
	return o.Home.Disk.Remove(o.Root, escrowName)
}

func (o promoteOp) promote(ctx context.Context) error {
	c, _, err := o.have(ctx)
	if err != nil {
		return err
	}
	value, err := o.set.Form.Write(o.oldValue, c)
	if err != nil {
		return err
	}
	return o.place.promote(ctx, o.oldValue, value)
}

// Undo keeps the new credential at hand, sealed, for the stages that are taken back
// after this one.
func (o promoteOp) Undo(ctx context.Context) error {
	st, _, err := o.standing(ctx)
	if err != nil || !st.some {
		return err
	}
	c, _, err := o.have(ctx)
	if err == nil {
		err = o.keep(c)
	}
	value := st.value
	if err == nil && !st.all {
		value, err = o.set.Form.Write(o.oldValue, c)
	}
	if err != nil {
		return err
	}
	return o.place.back(ctx, o.oldValue, value)
}
