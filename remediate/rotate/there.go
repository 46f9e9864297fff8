package rotate

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/remediate/act"
)

// A new credential that works from this machine may be refused where programs run: by a
// firewall, a rule of the server for their network, a condition of their role. Then
// nobody uses the old one any more either, because nobody works; a dwell sees nothing.
// So before the old one is deleted something else has to speak for the new one.

// proof is what does.
type proof int

const (
	byNothing proof = iota // the machine does not go that far
	byPlace                // it was tried where programs run, before they were given it
	bySight                // a program is seen with it
	byWord                 // the settings accept that nothing does
)

func (r *rotation) proof(t Traits) proof {
	switch {
	case r.set.Retire:
		return byWord // there is no new one
	case len(r.there) > 0:
		return byPlace
	case r.set.AcceptUnseen:
		return byWord
	case t.SeesNew:
		return bySight
	}
	return byNothing
}

// enough refuses an order at whose end nothing would speak for the new credential, and
// writes into others what does.
func (r *rotation) enough(t Traits) error {
	r.order.Tried = "verified from " + r.from()
	switch r.proof(t) {
	case byPlace:
		r.order.Tried += ", before programs are given it"
	case bySight:
		r.order.Tried += ": the old one is deleted only when a program was seen with the new one"
	case byWord:
		r.order.Tried += ", which its settings accept (accept_unseen): where programs run it may be refused"
	case byNothing:
		return Refuse("name a command that tries it where programs run, under `verify_from` in the settings; or say `accept_unseen: true` there, if trying it from this machine is enough",
			"the new credential would be verified from this machine only, and nobody tells who uses a credential of kind %s: one that is refused where programs run would not be noticed before the old one is deleted", r.set.Kind)
	}
	return nil
}

// from says where the new credential is tried.
func (r *rotation) from() string {
	if len(r.there) == 0 {
		return "this machine only"
	}
	var names []string
	for _, p := range r.there {
		names = append(names, p.String())
	}
	return "this machine and from " + strings.Join(names, ", ")
}

// blind is the risk of trying it from here only.
func (r *rotation) blind(t Traits) string {
	if r.proof(t) == byPlace {
		return ""
	}
	return "programs may run where other rules hold, and it may be refused there: `verify_from` tries it there before they are given it"
}

// tryThere has the new credential tried where programs run.
func (r *rotation) tryThere(ctx context.Context, c Credential) error {
	for _, p := range r.there {
		if err := p.Do(ctx, r.update(c, "")); err != nil {
			return fmt.Errorf("the new credential works from here, and not from %s, where programs run: %w. No program was given it: let it in there and resume, or roll back", p, err)
		}
	}
	return nil
}

// seenOp waits until a program is seen with the new credential.
type seenOp struct {
	*rotation
	gate
	said string
}

func (o *seenOp) Evidence() string { return o.said }

// skew is how far the provider's clock may be from ours: what it says of our own tries
// of the new credential must not be taken for a program's. AWS takes no signature that
// is older.
const skew = 15 * time.Minute

func (o *seenOp) Done(ctx context.Context) (bool, error) {
	if o.verified("seen") {
		return true, nil
	}
	fresh, _, err := o.have(ctx)
	if err != nil {
		return false, err
	}
	uses, err := o.rot.Uses(ctx, fresh, o.when("promote").Add(skew))
	if err != nil {
		return false, fmt.Errorf("look who uses the new credential: %w", err)
	}
	if len(uses) == 0 {
		return false, &act.Wait{For: "the new credential was tried from this machine only, and no program is seen with it: it may be refused where they run, so the old one is not deleted. Look at them, and resume while one uses it. " +
			"Where none ever does, take it back (`oakum remediate rotate rollback " + o.order.ID + "`) and order again with `verify_from` or `accept_unseen: true`"}
	}
	o.said = "seen with the new credential: " + listUses(uses)
	return true, nil
}
