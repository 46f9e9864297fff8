package pack

import (
	"cmp"
	"context"
	"slices"
)

// salvage ends a walk: what could not be rebuilt, and has copies, is rebuilt from
// those, and what hangs on it after it; of the rest the visitor is told that it is
// lost. It works alone, in an order that does not depend on the workers.
func salvage[S any](ctx context.Context, workers []*worker[S]) error {
	s := workers[0]
	s.bad = map[int32]bool{}
	var pending []failure
	for _, w := range workers {
		pending, w.failed = append(pending, w.failed...), nil
	}
	for len(pending) > 0 {
		slices.SortFunc(pending, func(a, b failure) int { return cmp.Compare(a.node, b.node) })
		for _, x := range pending {
			if !x.below {
				s.bad[x.node] = true
			}
		}
		for _, x := range pending {
			if err := s.save(ctx, x); err != nil {
				return err
			}
		}
		pending, s.failed = s.failed, nil
	}
	return ctx.Err()
}

// save rebuilds x by way of copies, and what hangs on it, or tells that they are
// lost.
func (w *worker[S]) save(ctx context.Context, x failure) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t, size, depth, err := w.again(x.node)
	switch {
	case err != nil:
		w.lose(x)
		return nil
	case t == nil:
		w.large(x.node, size)
		return nil
	}
	w.enter(x.node, t, nil, depth)
	return w.run(ctx)
}

// way is what n can be made of: a copy of it, what that is a delta of, or a copy of
// that, and so on to one that is stored whole; nothing where there is no way that
// leads past all that is bad. No object is tried twice, so that a search takes no
// more steps than there are objects.
func (w *worker[S]) way(n int32) (way []int32) {
	seen := map[int32]bool{w.canonical(n): true}
	rest := [][]int32{w.same(n)} // for each step, the copies that were not tried
	for len(rest) > 0 {
		top := len(rest) - 1
		if len(rest[top]) == 0 || top > maxChain {
			rest = rest[:top]
			continue
		}
		n, rest[top] = rest[top][0], rest[top][1:]
		if w.bad[n] {
			continue
		}
		way = append(way[:top], n)
		base := w.base[n]
		if base < 0 {
			return way
		}
		if first := w.canonical(base); !seen[first] {
			seen[first] = true
			rest = append(rest, w.same(base))
		}
	}
	return nil
}

// same lists n and its copies of the same kind.
func (w *worker[S]) same(n int32) []int32 {
	list := []int32{n}
	if w.marks[n]&twinMark == 0 {
		return list
	}
	first := w.canonical(n)
	for _, c := range append([]twin{{first, first}}, w.twins(first)...) {
		if c.other != n && w.Kind(c.other) == w.Kind(n) {
			list = append(list, c.other)
		}
	}
	return list
}
