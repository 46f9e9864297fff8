package rotate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/store"
)

// forward is embedded in stages with nothing to take back.
type forward struct{}

func (forward) Undo(context.Context) error { return nil }

// gate is embedded in stages that only wait, until Done says that they may end.
type gate struct{ forward }

func (gate) Do(context.Context) error { return nil }

// verifyOp uses the new credential, several times in a row: one success may be one of
// several servers that has heard of it.
type verifyOp struct {
	*rotation
	forward
	did  bool
	said string
}

func (o *verifyOp) Done(context.Context) (bool, error) {
	return o.did || o.verified("verify") && o.verified("promote"), nil
}

func (o *verifyOp) Evidence() string { return o.said }

func (o *verifyOp) Do(ctx context.Context) error {
	c, _, err := o.have(ctx)
	if err != nil {
		return err
	}
	v := o.Verify
	if v.Times == 0 {
		v.Times = 3
	}
	if v.Over == 0 {
		v.Over = 10 * time.Second
	}
	if v.Within == 0 {
		v.Within = 2 * time.Minute
	}
	waited, next := time.Duration(0), time.Second
	for worked := 0; worked < v.Times; {
		err := o.rot.Verify(ctx, c)
		step := v.Over / time.Duration(max(1, v.Times-1))
		switch {
		case err == nil:
			worked++
		case !errors.Is(err, ErrNotYet):
			return err
		case waited >= v.Within:
			return fmt.Errorf("after %s: %w", v.Within, err)
		default:
			worked, step, next = 0, next, min(2*next, 30*time.Second)
			waited += step
		}
		if worked == v.Times {
			break
		}
		if err := o.pause(ctx, step); err != nil {
			return err
		}
	}
	if err := o.tryThere(ctx, c); err != nil {
		return err
	}
	o.did, o.said = true, fmt.Sprintf("it worked %d times in a row, over %s, from %s", v.Times, v.Over, o.from())
	return nil
}

// consumerOp tells one consumer.
type consumerOp struct {
	*rotation
	c consumer.Consumer
}

func (o consumerOp) Done(ctx context.Context) (bool, error) {
	fresh, version, err := o.have(ctx)
	if err != nil {
		return false, err
	}
	return o.c.Done(ctx, o.update(fresh, version))
}

func (o consumerOp) Do(ctx context.Context) error {
	fresh, version, err := o.have(ctx)
	if err != nil {
		return err
	}
	return o.c.Do(ctx, o.update(fresh, version))
}

func (o consumerOp) Undo(ctx context.Context) error {
	fresh, version, err := o.fresh(ctx)
	if err != nil || fresh == nil {
		return err
	}
	return o.c.Undo(ctx, o.update(fresh, version))
}

// dwellOp waits until the old credential was unused for as long as the settings say.
type dwellOp struct {
	*rotation
	gate
	said string
}

func (o *dwellOp) Evidence() string { return o.said }

// Done looks for uses since the last consumer had the new credential.
func (o *dwellOp) Done(ctx context.Context) (bool, error) {
	if o.verified("dwell") {
		return true, nil
	}
	since := o.cutover()
	uses, err := o.rot.Uses(ctx, o.old, since)
	if err != nil {
		return false, fmt.Errorf("look who uses the old credential: %w", err)
	}
	from := since
	for _, u := range uses {
		if u.When.IsZero() {
			return false, &act.Wait{For: waitingFor(uses, since)}
		}
		if u.When.After(from) {
			from = u.When
		}
	}
	if until := from.Add(o.set.dwell()); o.now().Before(until) {
		return false, &act.Wait{For: waitingFor(uses, since), Until: until}
	}
	o.said = "nobody was seen with the old credential since " + from.UTC().Format(time.RFC3339)
	return true, nil
}

func waitingFor(uses []Use, since time.Time) string {
	if len(uses) == 0 {
		return "the old credential has to be unused for a time"
	}
	return "the old credential is still used since everything was told at " + since.UTC().Format(time.RFC3339) + ": " + listUses(uses) + ". Find who that is, and give it the new one"
}

func listUses(uses []Use) string {
	var seen []string
	for _, u := range uses {
		at := "now"
		if !u.When.IsZero() {
			at = "at " + u.When.UTC().Format(time.RFC3339)
		}
		seen = append(seen, u.What+" "+at)
	}
	return strings.Join(seen, ", ")
}

// cutover is when the last of those who use the credential were told.
func (o *dwellOp) cutover() time.Time {
	if o.set.Retire {
		return o.when("lease")
	}
	if n := len(o.users); n > 0 {
		return o.when(consumerID(n - 1))
	}
	return o.when("promote")
}

// retireOp deactivates the old credential.
type retireOp struct {
	*rotation
	skip bool // there is no such state
	said string
}

func (o *retireOp) Evidence() string { return o.said }

func (o *retireOp) Done(ctx context.Context) (bool, error) {
	if o.skip || o.verified("delete") {
		return true, nil
	}
	s, err := o.rot.Status(ctx, o.old)
	if err != nil {
		return false, err
	}
	o.said = "the provider tells that it is " + string(s)
	return s == Inactive || s == Gone, nil
}

func (o *retireOp) Do(ctx context.Context) error {
	fresh, _, err := o.fresh(ctx) // none yet in a quarantine, and never where nothing takes its place
	if err != nil {
		return err
	}
	return o.rot.Deactivate(ctx, o.old, fresh)
}

func (o *retireOp) Undo(ctx context.Context) error {
	if !o.rot.Traits().Overlap {
		return nil
	}
	s, err := o.rot.Status(ctx, o.old)
	switch {
	case err != nil || s == Live:
		return err
	case s == Gone:
		return errors.New("the old credential is gone, and cannot be made active again: nothing more is taken back. Rotate again if the new one is no good")
	}
	if o.skip {
		return nil
	}
	return o.rot.Reactivate(ctx, o.old)
}

// rememberOp adds the old values to those that oakum refuses.
type rememberOp struct {
	*rotation
	forward
	did bool
}

func (o *rememberOp) Done(context.Context) (bool, error) {
	return o.did || o.verified("remember") || o.Remember == nil, nil
}

func (o *rememberOp) Do(ctx context.Context) error {
	for _, v := range o.secrets() {
		if err := o.Remember(ctx, o.order.Name+" "+o.order.ID, v); err != nil {
			return err
		}
	}
	o.did = true
	return nil
}

// secrets are the parts of the old credential that give access: no user name, no key's id.
func (r *rotation) secrets() (all []leak.Secret) {
	for _, part := range []string{Password, Token, SecretAccessKey, PrivateKey} {
		if v, ok := r.old[part]; ok {
			all = append(all, v)
		}
	}
	if file, ok := r.old[KeyFile]; ok { // and what in it gives access: it is copied alone, too
		all = append(all, file)
		if fields, _ := store.Fields(file); !fields[PrivateKey].IsZero() {
			all = append(all, fields[PrivateKey])
		}
	}
	return all
}

// watchOp waits, while the deactivated credential can still come back.
type watchOp struct {
	*rotation
	gate
}

func (o watchOp) Done(context.Context) (bool, error) {
	if o.verified("watch") {
		return true, nil
	}
	if until := o.when("deactivate").Add(o.set.watch()); o.now().Before(until) {
		return false, &act.Wait{For: "the old credential is deactivated and can come back (`oakum remediate rotate rollback " + o.order.ID + "`)", Until: until}
	}
	return true, nil
}

// deleteOp removes the old credential for good.
type deleteOp struct {
	*rotation
	forward // Machine.Rollback refuses to take it back
}

func (o deleteOp) Done(ctx context.Context) (bool, error) {
	if o.verified("delete") {
		return true, nil
	}
	s, err := o.rot.Status(ctx, o.old)
	return s == Gone, err
}

func (o deleteOp) Do(ctx context.Context) error {
	if o.set.Retire {
		return o.rot.Delete(ctx, o.old, nil)
	}
	fresh, _, err := o.have(ctx)
	if err != nil {
		return err
	}
	return o.rot.Delete(ctx, o.old, fresh)
}

// searchOp looks for the old value, a last time.
type searchOp struct {
	*rotation
	gate
	said string
}

func (o *searchOp) Evidence() string { return o.said }

func (o *searchOp) Done(ctx context.Context) (bool, error) {
	if o.verified("search") || o.Search == nil || len(o.set.Scan) == 0 {
		return true, nil
	}
	places, err := o.Search(ctx, o.set.Scan, o.secrets())
	if err != nil {
		return false, err
	}
	if len(places) > 0 {
		return false, &act.Wait{For: "the old value gives access to nothing any more, and still stands in " + strings.Join(places, ", ") + ". Take it out there, then resume"}
	}
	o.said = "it stands in none of " + strings.Join(o.set.Scan, ", ")
	return true, nil
}

// forgetOp ends the run: the sealed old value goes, then the word in the store.
type forgetOp struct {
	*rotation
	forward
}

func (o forgetOp) Done(ctx context.Context) (bool, error) {
	for _, name := range []string{escrowName, oldName} {
		if _, err := o.Root.Stat(name); err == nil {
			return false, nil
		}
	}
	is, err := o.leases().any(ctx)
	return !is, err
}

func (o forgetOp) Do(ctx context.Context) error {
	if err := o.dropSealed(); err != nil {
		return err
	}
	return o.leases().Undo(ctx)
}
