package remediate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/oakum-sec/oakum/remediate/key"
	"github.com/oakum-sec/oakum/remediate/rewrite/tree"
)

// changeOp is what commits and patches share: the change, worked out again and
// compared with the plan.
type changeOp struct {
	r *run
	s Step
}

func (o *changeOp) target() Target { return o.r.plan.Targets[o.s.Target] }

func (o *changeOp) draft(ctx context.Context) (*draft, error) { return o.r.draft(ctx, o.s) }

// draft works the change of a target out again.
func (r *run) draft(ctx context.Context, s Step) (*draft, error) {
	t := r.plan.Targets[s.Target]
	edits := map[string][]Edit{}
	want := map[string]File{}
	for _, i := range s.Files {
		f := r.plan.Files[i]
		want[f.Path] = f
		if len(f.Edits) > 0 {
			edits[f.Path] = f.Edits
		}
	}
	d, err := work(ctx, t, r.plan.rewrites(edits), r.plan.names(s.Target), r.plan.options())
	if err != nil {
		return nil, err
	}
	if d.set != nil && d.set.Head != t.Head {
		return nil, fmt.Errorf("%w: %s is at commit %.10s now, and was at %.10s", ErrStale, t.Dir, d.set.Head, t.Head)
	}
	for path, why := range d.refused {
		return nil, fmt.Errorf("%w: %s: %s", ErrStale, path, why)
	}
	for _, f := range d.files {
		w, ok := want[f.path]
		if !ok || !key.Same(r.Key.FileTag(f.after), w.Becomes) {
			return nil, fmt.Errorf("%w: %s", ErrStale, f.path)
		}
		delete(want, f.path)
	}
	for path := range want {
		return nil, fmt.Errorf("%w: %s", ErrStale, path)
	}
	return d, nil
}

// commitOp makes a branch.
type commitOp struct{ changeOp }

func (o *commitOp) Done(ctx context.Context) (bool, error) {
	t := o.target()
	commit, err := tree.Made(ctx, t.Dir, t.Branch, t.Head)
	return commit != "", err
}

func (o *commitOp) Do(ctx context.Context) error {
	d, err := o.draft(ctx)
	if err != nil {
		return err
	}
	_, err = d.set.Commit(ctx, o.target().Branch, o.message())
	return err
}

// message says which references stand there now; no value is in it.
func (o *commitOp) message() string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "oakum: read secrets from a store\n\nThe values that stood in these files are in a secret store now.\nThey are as leaked as before until they are rotated.\n\n")
	for _, s := range o.r.plan.Secrets {
		if s.Target == o.s.Target {
			fmt.Fprintf(&b, "  %s = %s\n", s.Env, s.Ref)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", o.mark())
	return b.String()
}

// mark is the trailer by which the commit is found again, wherever it was merged.
func (o *commitOp) mark() string { return "Oakum-Plan: " + o.r.plan.ID }

func (o *commitOp) Undo(ctx context.Context) error {
	t := o.target()
	return tree.Drop(ctx, t.Dir, t.Branch, t.Head, o.mark())
}

// patchOp writes a patch.
type patchOp struct{ changeOp }

func (o *patchOp) at(ctx context.Context, use func(root *os.Root, name string, there, patch []byte) error) error {
	d, err := o.draft(ctx)
	if err != nil {
		return err
	}
	patch, err := d.set.Patch()
	if err != nil {
		return err
	}
	dir, name := filepath.Split(o.target().Patch)
	return inRoot(dir, func(root *os.Root) error {
		there, err := root.ReadFile(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return use(root, name, there, patch)
	})
}

func (o *patchOp) Done(ctx context.Context) (is bool, err error) {
	err = o.at(ctx, func(_ *os.Root, _ string, there, patch []byte) error {
		is = bytes.Equal(there, patch)
		return nil
	})
	return is, err
}

func (o *patchOp) Do(ctx context.Context) error {
	return o.at(ctx, func(root *os.Root, name string, there, patch []byte) error {
		if there != nil && !bytes.Equal(there, patch) {
			return fmt.Errorf("%s is there already: name another file with --patch, or remove it", o.target().Patch)
		}
		return o.r.Disk.Replace(root, name, patch, 0o644)
	})
}

func (o *patchOp) Undo(ctx context.Context) error {
	return o.at(ctx, func(root *os.Root, name string, there, patch []byte) error {
		if there != nil && !bytes.Equal(there, patch) {
			return fmt.Errorf("%s was changed since it was written: it is left there", o.target().Patch)
		}
		return o.r.Disk.Remove(root, name)
	})
}

// checkOp scans what was changed, as it stands in its files or in the commit.
type checkOp struct {
	r *run
	s Step
}

func (o *checkOp) Done(ctx context.Context) (bool, error) {
	t := o.r.plan.Targets[o.s.Target]
	texts, err := o.texts(ctx, t)
	if err != nil {
		return false, err
	}
	found, err := o.r.Check(ctx, t.Dir, texts)
	if err != nil {
		return false, err
	}
	moved := map[string]Secret{}
	for _, i := range o.r.plan.Secrets {
		if i.Target == o.s.Target {
			moved[i.Tag] = i
		}
	}
	for _, f := range found {
		s, ours := moved[o.r.Key.Tag(f.Secret)]
		if ours && !s.staysIn(f.Place.Path()) {
			return false, fmt.Errorf("the value of %s still stands in %s, line %d: the plan did not know of that place; plan again", s.Env, f.Place, f.Line)
		}
	}
	return true, nil
}

func (s Secret) staysIn(file string) bool {
	for _, stay := range s.Stays {
		if stay.File == file {
			return true
		}
	}
	return false
}

func (o *checkOp) texts(ctx context.Context, t Target) (texts map[string][]byte, err error) {
	texts = map[string][]byte{}
	if t.Mode != InPlace {
		d, err := o.r.draft(ctx, o.s)
		if err != nil {
			return nil, err
		}
		for _, f := range d.files {
			texts[f.path] = f.after
		}
		return texts, nil
	}
	return texts, inRoot(t.Dir, func(root *os.Root) error {
		for _, i := range o.s.Files {
			f := o.r.plan.Files[i]
			at, content, err := o.r.look(root, f)
			if err == nil && at != done {
				err = fmt.Errorf("%w: %s", ErrStale, f.Path)
			}
			if err != nil {
				return err
			}
			texts[f.Path] = content
		}
		return nil
	})
}

// A check is done by Done, and changes nothing.
func (o *checkOp) Do(context.Context) error   { return nil }
func (o *checkOp) Undo(context.Context) error { return nil }
