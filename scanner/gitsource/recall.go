package gitsource

import (
	"slices"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// recall is what a repository and its submodules remember and note.
type recall struct {
	old, fresh *Memory
}

// Remember has Narrow pass over what old remembers, which may be nil or of the
// other format, and note in the Memory that it returns what there is now. That is
// complete once Narrow has returned without an error; where the rules need every
// text it stays empty. Nothing that Narrow tells depends on it.
func (r *Repo) Remember(old *Memory) *Memory {
	if old != nil && old.format != r.dir.Format {
		old = nil
	}
	r.recall = &recall{old, &Memory{format: r.dir.Format}}
	return r.recall.fresh
}

// recalls tells whether there is a point in remembering.
func (t *narrowing) recalls() bool {
	return t.r.recall != nil && !t.n.Set().NeedsWhole() && t.r.recall.fresh.format == t.r.dir.Format
}

// noted is a text that was looked at, now or before.
type noted struct {
	node int32
	size uint32
}

// note notes that n's text was looked at.
func (p *probing) note(worker int, n int32, size int) {
	if p.recall != nil {
		w := &p.workers[worker]
		w.noted = append(w.noted, noted{n, uint32(size)})
	}
}

// again deals with node n as with the time before, if there was one.
func (p *probing) again(worker int, n int32) bool {
	if p.recall == nil {
		return false
	}
	was := p.recall.old.find(p.forest.ID(n))
	if was == nil {
		return false
	}
	p.note(worker, n, int(was.size))
	if was.flag < 0 {
		p.passed(worker, int(was.size))
		return true
	}
	f := p.recall.old.flags[was.flag]
	f.node = n
	p.add(f)
	return true
}

// remembered deals with all objects of a kind that are remembered, and returns the
// condition of the others; nil: there is none.
func (p *probing) remembered(kind object.Kind) (others func(int32) bool) {
	if p.recall == nil || p.recall.old == nil {
		return nil
	}
	done := make([]uint64, p.forest.Len()/64+1)
	for n := range int32(p.forest.Len()) {
		if p.forest.Kind(n) == kind && !p.forest.Copy(n) && p.again(0, n) {
			done[n/64] |= 1 << (n % 64)
		}
	}
	return func(n int32) bool { return done[n/64]>>(n%64)&1 == 0 }
}

// remember keeps what a pass has noted.
func (p *probing) remember() {
	if p.recall == nil {
		return
	}
	fresh := p.recall.fresh
	for i := range p.workers {
		w := &p.workers[i]
		fresh.seen = slices.Grow(fresh.seen, len(w.noted))
		for _, x := range w.noted {
			r := remembered{p.forest.ID(x.node), x.size, -1}
			if f := p.find(x.node); f != nil {
				r.flag = int32(len(fresh.flags))
				fresh.flags = append(fresh.flags, *f)
			}
			fresh.seen = append(fresh.seen, r)
		}
		w.noted = nil
	}
}
