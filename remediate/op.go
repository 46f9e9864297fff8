package remediate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/key"
	"github.com/oakum-sec/oakum/remediate/store"
)

// op is the Op of a step.
func (r *run) op(s Step) (act.Op, error) {
	switch s.Do {
	case DoPut:
		return &putOp{r, s}, nil
	case DoWrite:
		return &writeOp{r, s, r.plan.Files[s.Files[0]]}, nil
	case DoCommit:
		return &commitOp{changeOp{r, s}}, nil
	case DoPatch:
		return &patchOp{changeOp{r, s}}, nil
	case DoCheck:
		return &checkOp{r, s}, nil
	}
	return nil, fmt.Errorf("step %s: this oakum does not know how to %q: plan again", s.ID, s.Do)
}

// putOp has a name in the store hold values.
type putOp struct {
	r *run
	s Step
}

// open opens the step's store, which must be the one that the plan was made for.
func (o *putOp) open(ctx context.Context) (*store.Store, Secret, error) {
	first := o.r.plan.Secrets[o.s.Secrets[0]]
	want := o.r.plan.Stores[first.Store]
	st, d, err := o.r.open(ctx, want.Target, o.r.plan.Targets[o.s.Target].Dir)
	if err == nil && (d.Kind != want.Kind || d.Identity != want.Identity) {
		err = fmt.Errorf("%w: the store %s is %s now, and was %s", ErrStale, want.Target, d.Identity, want.Identity)
	}
	return st, first, err
}

func (o *putOp) Done(ctx context.Context) (bool, error) {
	st, first, err := o.open(ctx)
	if err != nil {
		return false, err
	}
	_, value, err := st.Read(ctx, first.Name, "")
	switch {
	case store.CodeOf(err) == store.NotFound:
		return false, nil
	case err != nil:
		return false, err
	case !o.r.holds(o.r.plan, o.s, value):
		return false, fmt.Errorf("%w: %s holds another value than the plan knows", ErrStale, first.Name)
	}
	return true, nil
}

func (o *putOp) Do(ctx context.Context) error {
	st, first, err := o.open(ctx)
	if err != nil {
		return err
	}
	value, err := o.value()
	if err != nil {
		return err
	}
	_, err = st.Create(ctx, store.Put{Name: first.Name, Value: value, Op: o.s.Op, Tags: map[string]string{"oakum-plan": o.r.plan.ID}})
	return err
}

// value takes the values from the files in which they still stand.
func (o *putOp) value() (leak.Secret, error) {
	fields := map[string]leak.Secret{}
	for _, i := range o.s.Secrets {
		v, err := o.r.value(i)
		if err != nil {
			return leak.Secret{}, err
		}
		if o.r.plan.Secrets[i].Field == "" {
			return v, nil
		}
		fields[o.r.plan.Secrets[i].Field] = v
	}
	return store.Document(fields)
}

// Undo removes what this very step made, while the value stands in a file again: the
// only copy is never removed. A value that somebody put there, or changed since, stays.
func (o *putOp) Undo(ctx context.Context) error {
	st, first, err := o.open(ctx)
	if err != nil {
		return err
	}
	e, value, err := st.Read(ctx, first.Name, "")
	switch code := store.CodeOf(err); {
	case code == store.NotFound || code == store.GoneName:
		return nil
	case err != nil:
		return err
	case e.Tags[store.TagOp] != o.s.Op:
		return nil
	case !o.r.holds(o.r.plan, o.s, value):
		return fmt.Errorf("%s was changed since it was stored: it is left there; remove it by hand if nobody needs it", first.Name)
	}
	if id := o.r.sharer(first); id != "" {
		o.r.say("%s stays in the store: plan %s refers to it too", first.Name, id)
		return nil
	}
	for _, i := range o.s.Secrets {
		if _, err := o.r.value(i); err != nil {
			return fmt.Errorf("%w: the store may have the only copy, and keeps it", err)
		}
	}
	return st.Remove(ctx, store.Receipt{Name: first.Name, Version: e.Version}, o.s.Op)
}

// sharer is another run that has taken over what is stored under a secret's name, ""
// where none on this machine has.
func (r *run) sharer(s Secret) string {
	ids, _ := r.Runs() // a run that cannot be read is none that can be resumed
	for _, id := range ids {
		other, err := r.Status(id)
		if err != nil || id == r.plan.ID || other.Act == "" || other.Act == actRollback {
			continue
		}
		for _, theirs := range other.Plan.Secrets {
			a, b := r.plan.Stores[s.Store], other.Plan.Stores[theirs.Store]
			if a.Kind == b.Kind && a.Identity == b.Identity && s.Name == theirs.Name {
				return id
			}
		}
	}
	return ""
}

// value is a secret, read from one of its places and known by its tag.
func (r *run) value(secret int) (v leak.Secret, err error) {
	s := r.plan.Secrets[secret]
	err = inRoot(r.plan.Targets[s.Target].Dir, func(root *os.Root) error {
		for _, f := range r.plan.Files {
			for _, e := range f.Edits {
				if e.Secret != secret {
					continue
				}
				content, err := root.ReadFile(filepath.FromSlash(f.Path))
				if err != nil && !errors.Is(err, fs.ErrNotExist) {
					return err
				}
				if at := secretAt(content, e); key.Same(r.Key.Tag(at), s.Tag) {
					v = at
					return nil
				}
			}
		}
		return fmt.Errorf("%w: the value of %s stands in none of its places any more", ErrStale, s.Env)
	})
	return v, err
}
