package remediate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/journal"
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
	e, value, err := st.Read(ctx, first.Name, "")
	switch {
	case store.CodeOf(err) == store.NotFound && len(o.s.Adds) == 0:
		return false, nil
	case store.CodeOf(err) == store.NotFound:
		return false, fmt.Errorf("%w: %s is gone from the store", ErrStale, first.Name)
	case err != nil:
		return false, err
	case o.r.holds(o.r.plan, o.s, value):
		return true, o.r.ours(e, o.s)
	case len(o.s.Adds) > 0 && e.Version == o.s.Found:
		return false, nil
	}
	return false, fmt.Errorf("%w: %s holds another value than the plan knows", ErrStale, first.Name)
}

func (o *putOp) Do(ctx context.Context) error {
	st, first, err := o.open(ctx)
	if err != nil {
		return err
	}
	put, fields, err := o.put(first)
	if err != nil {
		return err
	}
	if len(o.s.Adds) > 0 {
		if put.Value, err = o.grown(ctx, st, first, fields); err == nil {
			_, err = st.Replace(ctx, put, o.s.Found)
		}
		return err
	}
	_, err = st.Create(ctx, put)
	return err
}

// put is what the step has the store hold, and its fields where that is a document.
func (o *putOp) put(first Secret) (put store.Put, fields map[string]leak.Secret, err error) {
	fields, whole, err := o.values()
	put = store.Put{Name: first.Name, Value: whole, Op: o.s.Op, Tags: o.r.tags()}
	if err == nil && len(fields) > 0 && len(o.s.Adds) == 0 {
		put.Value, err = store.Document(fields)
	}
	return put, fields, err
}

// values takes the values from the files in which they still stand: the fields of a
// document, or a value that is none.
func (o *putOp) values() (fields map[string]leak.Secret, whole leak.Secret, err error) {
	fields = map[string]leak.Secret{}
	for _, i := range o.s.Secrets {
		v, err := o.r.value(i)
		if err != nil {
			return nil, whole, err
		}
		field := o.r.plan.Secrets[i].Field
		if field == "" {
			return nil, v, nil
		}
		fields[field] = v
	}
	return fields, whole, nil
}

// grown is the document that stands there with the fields that the step adds.
func (o *putOp) grown(ctx context.Context, st *store.Store, first Secret, fields map[string]leak.Secret) (leak.Secret, error) {
	_, value, err := st.Read(ctx, first.Name, o.s.Found)
	if err != nil {
		return leak.Secret{}, err
	}
	all, ok := store.Texts(value)
	if !ok {
		return leak.Secret{}, fmt.Errorf("%w: %s is no document of texts", ErrStale, first.Name)
	}
	for _, field := range o.s.Adds {
		all[field] = fields[field]
	}
	return store.Document(all)
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
	case code == store.NotFound:
		return st.Tidy(ctx, first.Name, o.s.Op)
	case code == store.GoneName:
		return nil
	case err != nil:
		return err
	}
	if err := o.r.ours(e, o.s); err != nil {
		return err
	}
	switch {
	case len(o.s.Adds) > 0:
		return o.shrink(ctx, st, e, value)
	case e.MadeBy() != o.s.Op:
		return nil
	case !o.r.holds(o.r.plan, o.s, value):
		return fmt.Errorf("%s was changed since it was stored: it is left there; remove it by hand if nobody needs it", first.Name)
	}
	if id := o.r.sharer(first, nil); id != "" {
		o.r.say("%s stays in the store: plan %s refers to it too", first.Name, id)
		return nil
	}
	if err := o.standAgain(); err != nil {
		return err
	}
	return st.Remove(ctx, store.Receipt{Name: first.Name, Version: e.Version}, o.s.Op)
}

// standAgain tells that the step's values stand in files again.
func (o *putOp) standAgain() error {
	for _, i := range o.s.Secrets {
		if _, err := o.r.value(i); err != nil {
			return fmt.Errorf("%w: the store may have the only copy, and keeps it", err)
		}
	}
	return nil
}

// shrink takes the fields out again that the step added to a document, and what was
// written of them and never became current.
func (o *putOp) shrink(ctx context.Context, st *store.Store, e store.Entry, value leak.Secret) error {
	first, back := o.r.plan.Secrets[o.s.Secrets[0]], opID(o.r.plan.ID, o.s.ID+" taken back")
	all, ok := store.Texts(value)
	there := 0
	for _, field := range o.s.Adds {
		if _, has := all[field]; has {
			there++
		}
	}
	switch {
	case there == 0:
		return errors.Join(st.Abandon(ctx, first.Name, o.s.Op), st.Tidy(ctx, first.Name, o.s.Op))
	case !o.wrote(e, back):
		return nil
	case !ok || !o.r.holds(o.r.plan, o.s, value):
		return fmt.Errorf("%s was changed since %s was added: it is left as it is; take that out by hand if nobody needs it", first.Name, strings.Join(o.s.Adds, ", "))
	}
	if id := o.r.sharer(first, o.s.Adds); id != "" {
		o.r.say("%s stays in %s: plan %s refers to it too", strings.Join(o.s.Adds, ", "), first.Name, id)
		return nil
	}
	if err := o.standAgain(); err != nil {
		return err
	}
	for _, field := range o.s.Adds {
		delete(all, field)
	}
	old, err := store.Document(all)
	if err == nil {
		_, err = st.Replace(ctx, store.Put{Name: first.Name, Value: old, Op: back}, e.Version)
	}
	return err
}

// wrote tells whether the step wrote the fields, and not somebody who was faster: its
// tag is on them, or, where another operation has written since, its journal says so.
func (o *putOp) wrote(e store.Entry, back string) bool {
	if op := e.Tags[store.TagOp]; op == o.s.Op || op == back {
		return true
	}
	return slices.ContainsFunc(o.r.Journal.Records(), func(rec journal.Record) bool {
		return rec.Step == o.s.ID && rec.Phase == journal.Effect
	})
}

// sharer is another run that has taken over what is stored under a secret's name, or
// some of the fields where they are named; "" where none on this machine has.
func (r *run) sharer(s Secret, fields []string) string {
	ids, _ := r.Home().Runs(act.Plans) // a run that cannot be read is none that can be resumed
	for _, id := range ids {
		other, err := r.Status(id)
		if err != nil || id == r.plan.ID || other.Act == "" || other.Act == actRollback {
			continue
		}
		for _, theirs := range other.Plan.Secrets {
			a, b := r.plan.Stores[s.Store], other.Plan.Stores[theirs.Store]
			if a.Kind == b.Kind && a.Identity == b.Identity && s.Name == theirs.Name && (fields == nil || slices.Contains(fields, theirs.Field)) {
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
		if f := s.From; f != nil {
			content, err := root.ReadFile(filepath.FromSlash(f.File))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			if at := secretAt(content, Edit{Start: f.Start, End: f.End}); key.Same(r.Key.Tag(at), s.Tag) {
				v = at
				return nil
			}
		}
		return fmt.Errorf("%w: the value of %s stands in none of its places any more", ErrStale, s.Env)
	})
	return v, err
}
