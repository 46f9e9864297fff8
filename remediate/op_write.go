package remediate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/oakum-sec/oakum/remediate/key"
	"github.com/oakum-sec/oakum/remediate/rewrite"
)

// writeOp replaces a file in place. Before it does, the old content is sealed into
// the run's folder: a rollback gives it back byte for byte, and Finish forgets it.
type writeOp struct {
	r *run
	s Step
	f File
}

// state is what a file is: as it was, as it becomes, or something else.
type state int

const (
	other state = iota
	old
	done
)

func (o *writeOp) in(use func(*os.Root) error) error {
	return inRoot(o.r.plan.Targets[o.f.Target].Dir, use)
}

func (r *run) look(root *os.Root, f File) (state, []byte, error) {
	content, _, why, err := readFile(root, f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && f.Was == "":
		return old, nil, nil
	case errors.Is(err, fs.ErrNotExist):
		return other, nil, nil
	case err != nil:
		return other, nil, err
	case why != "":
		return other, nil, fmt.Errorf("%w: %s: %s", ErrStale, f.Path, why)
	case key.Same(r.Key.FileTag(content), f.Becomes):
		return done, content, nil
	case key.Same(r.Key.FileTag(content), f.Was):
		return old, content, nil
	}
	return other, content, nil
}

func (o *writeOp) Done(context.Context) (is bool, err error) {
	err = o.in(func(root *os.Root) error {
		at, _, err := o.r.look(root, o.f)
		is = at == done
		return err
	})
	return is, err
}

func (o *writeOp) Do(context.Context) error {
	return o.in(func(root *os.Root) error {
		at, content, err := o.r.look(root, o.f)
		if err != nil || at == done {
			return err
		}
		if at == other {
			return fmt.Errorf("%w: %s", ErrStale, o.f.Path)
		}
		after, err := o.after(content)
		if err != nil {
			return err
		}
		if o.f.Was != "" {
			sealed := o.r.Key.Seal(content, o.about())
			if err := o.r.Disk.Replace(o.r.Root, o.kept(), sealed, 0o600); err != nil {
				return fmt.Errorf("keep the old content of %s: %w", o.f.Path, err)
			}
		}
		if err := o.r.Disk.Replace(root, filepath.FromSlash(o.f.Path), after, fs.FileMode(o.f.OldMode)); err != nil {
			return fmt.Errorf("replace %s: %w", o.f.Path, err)
		}
		return nil
	})
}

// after is the new content, which must be what was planned.
func (o *writeOp) after(content []byte) ([]byte, error) {
	if o.f.Content != nil {
		return []byte(*o.f.Content), nil
	}
	edits := o.r.plan.rewrites(map[string][]Edit{o.f.Path: o.f.Edits})
	res, err := rewrite.File(o.f.Path, content, edits[o.f.Path], o.r.plan.options())
	if err == nil && !key.Same(o.r.Key.FileTag(res.Content), o.f.Becomes) {
		err = fmt.Errorf("%w: %s would become something else than planned", ErrStale, o.f.Path)
	}
	return res.Content, err
}

// kept is the name of the sealed old content, in the run's folder.
func (o *writeOp) kept() string { return keptPrefix + o.s.ID }

// keptPrefix begins the names of sealed contents.
const keptPrefix = "kept-"

func (o *writeOp) about() string { return o.r.plan.ID + "\x00" + o.f.Path }

func (o *writeOp) Undo(context.Context) error {
	return o.in(func(root *os.Root) error {
		name := filepath.FromSlash(o.f.Path)
		at, _, err := o.r.look(root, o.f)
		switch {
		case err != nil:
			return err
		case at == old:
			return o.r.Disk.Tidy(root, name)
		case at == other:
			return fmt.Errorf("%s was changed since it was rewritten: it is left as it is; put the value back by hand, or keep the reference", o.f.Path)
		case o.f.Was == "":
			return o.r.Disk.Remove(root, name)
		}
		sealed, err := o.r.Root.ReadFile(o.kept())
		if err != nil {
			return fmt.Errorf("read the old content of %s: %w", o.f.Path, err)
		}
		content, err := o.r.Key.Unseal(sealed, o.about())
		if err != nil {
			return fmt.Errorf("read the old content of %s: %w", o.f.Path, err)
		}
		defer clear(content)
		return o.r.Disk.Replace(root, name, content, fs.FileMode(o.f.OldMode))
	})
}
