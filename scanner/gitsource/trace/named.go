package trace

import (
	"context"
	"slices"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

// named is what tokens are names of.
type named struct {
	files []int32 // nodes that were not wanted
	trees []int32 // numbers
}

// add takes an entry whose name is a token: thing as a census has it, and its node.
func (n *named) add(as role, thing, node int32) {
	switch {
	case as == aTree:
		n.trees = append(n.trees, thing)
	case as == aFile && thing == passed:
		n.files = append(n.files, node)
	}
}

func (n *named) join(other *named) {
	n.files = append(n.files, other.files...)
	n.trees = append(n.trees, other.trees...)
}

func (n *named) any() bool { return len(n.files)+len(n.trees) > 0 }

// readNamed wants the blobs that are named so, or stand below what is, and reads
// all trees again: where else such a blob stands is to be known too. Few
// repositories have a name like that.
func (t *Trace) readNamed(ctx context.Context, n named) error {
	below := sweep{t: t, lists: t.lists}
	for _, tree := range n.trees {
		below.tree(tree, func(int32) {})
	}
	h := &harvest{t: t, files: make([][]int32, t.opt.Jobs)}
	only := func(node int32) bool {
		at := t.census.at[node]
		return at >= 0 && at%2 == 0 && below.trees.has(int(at/2))
	}
	if len(n.trees) > 0 {
		if err := t.walk(ctx, pack.WalkOptions{Jobs: t.opt.Jobs, Kind: object.Tree, Whole: maxWhole, Only: only}, h); err != nil {
			return err
		}
	}
	files := slices.Concat(append(h.files, n.files)...)
	slices.Sort(files)
	files = slices.Compact(files)
	for _, node := range files {
		t.census.want(node)
	}
	if len(files) == 0 {
		return nil
	}
	_, err := t.readAll(ctx, nil)
	return err
}

// harvest is a walk that collects the blobs in trees that were not wanted.
type harvest struct {
	t     *Trace
	files [][]int32 // by worker
}

// Visit collects from a tree.
func (h *harvest) Visit(worker int, text *pack.Text, _ *folder) *folder {
	h.tree(worker, text.Data)
	return nil
}

func (h *harvest) tree(worker int, b []byte) {
	for pos := 0; pos < len(b); {
		e, end, ok := parse(b, pos, h.t.size)
		if !ok {
			return
		}
		pos = end
		if node, ok := h.t.census.objects.Find(object.FromBytes(e.id)); ok && e.role == aFile && h.t.census.at[node] == passed {
			h.files[worker] = append(h.files[worker], node)
		}
	}
}

// Large and Lost read a tree by other means, as the pass does.
func (h *harvest) Large(worker int, node int32, _ int64) { h.Lost(worker, node, nil) }

// Lost is like Large.
func (h *harvest) Lost(worker int, node int32, _ error) {
	if raw, err := h.t.opt.Read(h.t.census.objects.ID(node)); err == nil {
		h.tree(worker, raw)
	}
}
