package identity

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/oakum-sec/oakum/remediate/act"
)

// annotated is a service account whose tokens IAM takes (IRSA): its annotation names
// the role, and stands in a manifest.
type annotated struct {
	*cloud
	p *Plan
}

const annotation = "eks.amazonaws.com/role-arn"

func (a *annotated) manifest() string { return a.p.Workload.IRSA.Manifest }

func (a *annotated) look(context.Context) error {
	if a.manifest() == "" {
		return nil
	}
	text, err := os.ReadFile(a.file(a.manifest()))
	if err != nil {
		return err
	}
	_, _, err = a.annotate(text)
	a.p.Before.Manifest = a.Key.FileTag(text)
	return err
}

func (a *annotated) annotate(text []byte) (changed []byte, has bool, err error) {
	w := a.p.Workload.IRSA
	changed, has, err = annotateAccount(text, w.Namespace, w.Name, a.p.roleARN())
	if err != nil {
		err = fmt.Errorf("%s: %w", a.manifest(), err)
	}
	return changed, has, err
}

func (a *annotated) attach() act.Op {
	if a.manifest() == "" {
		return nil
	}
	return &annotateOp{a}
}

func (a *annotated) strip(*run) act.Op { return nil }

func (a *annotated) words() words {
	w := a.p.Workload.IRSA
	restart := "pods get the role when they start: `kubectl -n " + w.Namespace + " rollout restart deployment NAME` before the workload is asked who it is"
	if a.manifest() == "" {
		return inPod(a.p, w.Namespace, words{
			attach: "the annotation is yours to write: `kubectl -n " + w.Namespace + " annotate serviceaccount " + w.Name + " " + annotation + "=" + a.p.roleARN() + "`, and in the manifest that it comes from",
			todo:   []string{restart},
		})
	}
	return inPod(a.p, w.Namespace, words{
		attach: "annotate the service account in " + a.manifest() + " with the role; applying it is yours", attachUndo: "take the annotation out again",
		todo: []string{"apply " + a.manifest(), restart},
	})
}

// annotateOp has the manifest name the role.
type annotateOp struct{ *annotated }

// root opens the manifest's folder.
func (o *annotateOp) root() (*os.Root, string, error) {
	at := o.file(o.manifest())
	root, err := os.OpenRoot(filepath.Dir(at))
	return root, filepath.Base(at), err
}

func (o *annotateOp) Done(context.Context) (bool, error) {
	root, name, err := o.root()
	if err != nil {
		return false, err
	}
	defer root.Close()
	text, err := root.ReadFile(name)
	if err != nil {
		return false, err
	}
	_, has, err := o.annotate(text)
	return has, err
}

func (o *annotateOp) Do(context.Context) error {
	return o.write(func(text []byte) ([]byte, error) {
		if o.Key.FileTag(text) != o.p.Before.Manifest {
			return nil, fmt.Errorf("%s: %w", o.manifest(), ErrStale)
		}
		changed, _, err := o.annotate(text)
		return changed, err
	})
}

// write puts another content in the place of the manifest's, with its mode.
func (o *annotateOp) write(change func([]byte) ([]byte, error)) error {
	root, name, err := o.root()
	if err != nil {
		return err
	}
	defer root.Close()
	info, err := root.Lstat(name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no file, but a %s", o.manifest(), info.Mode().Type())
	}
	text, err := root.ReadFile(name)
	if err != nil {
		return err
	}
	changed, err := change(text)
	if err != nil || changed == nil {
		return err
	}
	return o.Disk.Replace(root, name, changed, info.Mode())
}

// Undo takes the annotation out, where that gives the manifest of before byte for byte.
func (o *annotateOp) Undo(context.Context) error {
	return o.write(func(text []byte) ([]byte, error) {
		if o.Key.FileTag(text) == o.p.Before.Manifest {
			return nil, nil
		}
		for _, before := range withoutAnnotation(text) {
			if o.Key.FileTag(before) == o.p.Before.Manifest {
				return before, nil
			}
		}
		return nil, errors.Join(fmt.Errorf("%s: %w: take the annotation %s out by hand", o.manifest(), ErrStale, annotation))
	})
}
