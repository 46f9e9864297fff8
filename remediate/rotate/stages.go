package rotate

import (
	"fmt"
	"time"

	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
)

// stage is a step of an order, at work.
type stage struct {
	Stage
	op act.Op
}

// stages are the steps of a rotation, in order. An order holds their words; a run makes
// them anew, so the words of both are made here, of the same settings.
func (r *rotation) stages() []stage {
	t := r.rot.Traits()
	all := []stage{{Stage{ID: "lease", Text: "say in the store that " + r.place.String() + " is being rotated, and by whom",
		Undo: "take that word away"}, r.leases()}}
	if r.set.Exposure == Public && t.Overlap && t.Reversible {
		all = append(all, stage{Stage{ID: "quarantine", Approval: true,
			Text: "deactivate the old credential at once, because it leaked in public: " + r.order.Subject.ID,
			Risk: "what still uses it fails from now on until it has the new one",
			Undo: "make it active again"}, &retireOp{rotation: r}})
	}
	if !r.set.Retire {
		all = append(all, r.renewal(t)...)
	}
	return append(all, r.retirement(t)...)
}

// renewal are the stages that put a new credential in the place of the old one.
func (r *rotation) renewal(t Traits) (all []stage) {
	if t.Chooser == Oakum {
		all = r.chosen(t)
	} else {
		all = r.provided(t)
	}
	all = append(all,
		stage{Stage{ID: "verify", Text: "use the new credential as programs do, several times, from " + r.from(), Risk: r.blind(t), Undo: "nothing to take back"}, &verifyOp{rotation: r}},
		stage{r.promotion(), promoteOp{r}})
	for i, c := range r.users {
		all = append(all, stage{Stage{ID: consumerID(i), Text: "update " + c.String(), Risk: c.Risk(), Undo: "bring it back to the old credential"}, consumerOp{r, c}})
	}
	return all
}

// promotion is the stage in which programs get the new credential.
func (r *rotation) promotion() Stage {
	s := Stage{ID: "promote", Text: "make the new credential what programs read from " + r.place.String(),
		Risk: "programs that start from now on get the new one", Undo: "put the old one back, if nobody changed it since"}
	switch {
	case !r.place.several():
	case r.place.together():
		s.Text += ", in one write"
	default:
		s.Text += ", one right after the other"
		s.Risk += "; one that reads between the two writes gets values that do not belong together, and fails until it reads again. Where the run is ended there, resume at once. One document with both in it has no such moment"
	}
	return s
}

func consumerID(i int) string { return fmt.Sprintf("consumer-%d", i+1) }

// chosen are the stages of a value that oakum makes up: it waits in the store before
// the target hears of it.
func (r *rotation) chosen(t Traits) []stage {
	set := Stage{ID: "set", Text: "make the new credential valid, beside the old one, at " + r.order.Subject.Owner, Risk: t.Risk, Undo: "remove the new one"}
	if !t.Overlap {
		set.Approval = true
		set.Text = "set the new credential at " + r.order.Subject.Owner + ", which ends the old one"
		set.Risk = "a blip: programs that have the old one fail until they read the new one. " + t.Risk
		set.Undo = "set the old one again"
	}
	return []stage{
		{Stage{ID: "pend", Text: "make up a new credential, and have it wait in " + r.set.Store + " beside " + r.place.String(), Undo: "take it away"}, pendOp{r}},
		{set, &setOp{rotation: r}},
	}
}

// provided are the stages of a value that the provider or a person makes: what catches
// it is ready before.
func (r *rotation) provided(t Traits) []stage {
	made := Stage{ID: "make", Text: "have " + r.order.Subject.Owner + " make a new credential; it is sealed on this disk as soon as it is there", Risk: t.Risk, Undo: "remove it at the provider"}
	if t.Chooser == Person {
		made.Text = "get a new credential from you; it is sealed on this disk as soon as it is there"
		made.Undo = "forget it here; what you made at the provider you remove there"
	}
	made.Approval = t.Once
	return []stage{
		{Stage{ID: "try-store", Text: "see that the store takes and gives back a value", Undo: "nothing to take back"}, &tryOp{rotation: r}},
		{made, makeOp{r}},
		{Stage{ID: "pend", Text: "have the new credential wait in " + r.set.Store + " beside " + r.place.String(), Undo: "take it away"}, pendOp{r}},
	}
}

// retirement are the stages that end the old credential.
func (r *rotation) retirement(t Traits) []stage {
	off := Stage{ID: "deactivate", Approval: true, Text: "deactivate the old credential, " + r.order.Subject.ID, Risk: "what still uses it, and was not seen, fails", Undo: "make it active again"}
	if !t.Reversible {
		off = Stage{ID: "deactivate", Text: "nothing: a credential of this kind cannot be deactivated, only deleted", Undo: "nothing to take back"}
	}
	if !t.Overlap {
		off = Stage{ID: "deactivate", Text: "make sure that the old credential is refused", Undo: "nothing to take back"}
	}
	all := []stage{
		{Stage{ID: "dwell", Text: "wait until nobody was seen with the old credential for " + human(r.set.dwell()), Undo: "nothing to take back"}, &dwellOp{rotation: r}},
		{off, &retireOp{rotation: r, skip: t.Overlap && !t.Reversible}},
		{Stage{ID: "remember", Text: "add the old value to what oakum refuses for ever, by its hash", Undo: "it stays there: it leaked"}, &rememberOp{rotation: r}},
	}
	if t.Reversible && t.Overlap {
		all = append(all, stage{Stage{ID: "watch", Text: "keep the deactivated credential for " + human(r.set.watch()) + ", so that it can come back", Undo: "nothing to take back"}, &watchOp{rotation: r}})
	}
	if r.proof(t) == bySight {
		all = append(all, stage{Stage{ID: "seen", Text: "make sure that a program was seen with the new credential, which was tried from this machine only", Undo: "nothing to take back"}, &seenOp{rotation: r}})
	}
	return append(all,
		stage{Stage{ID: "delete", Approval: true, Irreversible: true, Text: "delete the old credential, " + r.order.Subject.ID, Risk: "it never comes back", Undo: "none"}, &deleteOp{rotation: r}},
		stage{Stage{ID: "search", Text: "look whether the old value still stands in " + listed(r.set.Scan), Undo: "nothing to take back"}, &searchOp{rotation: r}},
		stage{Stage{ID: "forget", Text: "forget the sealed old value, and say in the store that the rotation is over", Undo: "nothing to take back"}, &forgetOp{rotation: r}})
}

// human is a time in the unit that people say it in.
func human(d time.Duration) string {
	if d >= 48*time.Hour && d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	}
	return d.String()
}

func listed(folders []string) string {
	switch len(folders) {
	case 0:
		return "no folder: the settings name none under `scan`"
	case 1:
		return folders[0]
	}
	return fmt.Sprintf("%d folders", len(folders))
}

// update is the rotation as a consumer sees it.
func (r *rotation) update(fresh Credential, version string) consumer.Update {
	return consumer.Update{Op: r.order.Op, New: fresh, Old: r.old, Version: version, Before: r.order.Store.Version}
}
