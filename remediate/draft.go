package remediate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/rewrite"
	"github.com/oakum-sec/oakum/remediate/rewrite/tree"
)

// draft is a target's change, worked out in memory.
type draft struct {
	files   []drafted
	results map[string]rewrite.Result // of the files that were asked for
	refused map[string]string         // whole files, and why
	set     *tree.Set                 // of a repository's commit or patch; nil in place
}

type drafted struct {
	path          string
	fresh         bool
	before, after []byte
	mode          fs.FileMode
}

// work rewrites a target's files in memory, and adds names to its names file.
func work(ctx context.Context, t Target, edits map[string][]rewrite.Edit, names ref.Names, opt rewrite.Options) (*draft, error) {
	if t.Mode == InPlace {
		return workInPlace(t.Dir, edits, names, opt)
	}
	var requests []tree.Request
	for _, name := range slices.Sorted(maps.Keys(edits)) {
		requests = append(requests, tree.Request{Path: name, Edits: edits[name]})
	}
	set, err := tree.Plan(ctx, t.Dir, requests, names, opt)
	if err != nil {
		return nil, err
	}
	d := &draft{results: set.Results, refused: map[string]string{}, set: set}
	for _, r := range set.Refused {
		d.refused[r.Path] = r.Why
	}
	for _, f := range set.Files {
		d.files = append(d.files, drafted{path: f.Path, fresh: f.Old == "", before: f.Before, after: f.After})
	}
	return d, nil
}

func workInPlace(dir string, edits map[string][]rewrite.Edit, names ref.Names, opt rewrite.Options) (*draft, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("rewrite in %s: %w", dir, err)
	}
	defer root.Close()
	d := &draft{results: map[string]rewrite.Result{}, refused: map[string]string{}}
	for _, name := range slices.Sorted(maps.Keys(edits)) {
		if err := d.rewrite(root, name, edits[name], opt); err != nil {
			return nil, err
		}
	}
	if len(names) > 0 {
		if err := d.names(root, names); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(d.files, func(a, b drafted) int { return bytes.Compare([]byte(a.path), []byte(b.path)) })
	return d, nil
}

// readFile reads a regular file; why says that it is none.
func readFile(root *os.Root, name string) (content []byte, mode fs.FileMode, why string, err error) {
	at := filepath.FromSlash(name)
	info, err := root.Lstat(at)
	switch {
	case err != nil:
		return nil, 0, "", fmt.Errorf("read %s: %w", name, err)
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, 0, "it is a symbolic link: rewrite what it leads to", nil
	case !info.Mode().IsRegular():
		return nil, 0, "it is no regular file", nil
	}
	content, err = root.ReadFile(at)
	return content, info.Mode().Perm(), "", err
}

func (d *draft) rewrite(root *os.Root, name string, edits []rewrite.Edit, opt rewrite.Options) error {
	content, mode, why, err := readFile(root, name)
	if err != nil {
		return err
	}
	if why != "" {
		d.refused[name] = why
		return nil
	}
	res, err := rewrite.File(name, content, edits, opt)
	if err != nil {
		return err
	}
	d.results[name] = res
	if len(res.Made) == 0 {
		return nil
	}
	d.files = append(d.files, drafted{path: name, before: content, after: res.Content, mode: mode})
	for _, f := range res.Files {
		if err := d.beside(root, path.Join(path.Dir(name), f.Name), f.Content); err != nil {
			return err
		}
	}
	return nil
}

// beside adds a new file. What we did not make is not overwritten.
func (d *draft) beside(root *os.Root, name string, content []byte) error {
	for _, f := range d.files {
		if f.path == name && !bytes.Equal(f.after, content) {
			return fmt.Errorf("%s is made twice, differently: rewrite the files that need it one after the other (--id)", name)
		} else if f.path == name {
			return nil
		}
	}
	there, err := root.ReadFile(filepath.FromSlash(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.files = append(d.files, drafted{path: name, fresh: true, after: content, mode: 0o644})
		return nil
	case err != nil:
		return fmt.Errorf("look for %s: %w", name, err)
	case !bytes.Equal(there, content):
		return fmt.Errorf("%s is there already and differs: move it away first", name)
	}
	return nil
}

// names merges into the names file.
func (d *draft) names(root *os.Root, add ref.Names) error {
	all, before, mode, err := readNames(root)
	if err != nil {
		return err
	}
	for name, r := range add {
		if err := all.Add(name, r); err != nil {
			return fmt.Errorf("%s: %w", ref.NamesFile, err)
		}
	}
	if after := all.Bytes(); !bytes.Equal(before, after) {
		d.files = append(d.files, drafted{path: ref.NamesFile, fresh: before == nil, before: before, after: after, mode: mode})
	}
	return nil
}

// readNames reads a target's names file; one that is not there holds none.
func readNames(root *os.Root) (names ref.Names, content []byte, mode fs.FileMode, err error) {
	if _, err := root.Lstat(ref.NamesFile); errors.Is(err, fs.ErrNotExist) {
		return ref.Names{}, nil, 0o644, nil
	}
	content, mode, why, err := readFile(root, ref.NamesFile)
	if err == nil && why != "" {
		err = fmt.Errorf("read %s: %s", ref.NamesFile, why)
	}
	if err != nil {
		return nil, nil, 0, err
	}
	names, err = ref.ReadNames(content)
	return names, content, mode, err
}
