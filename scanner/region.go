package scanner

import (
	"cmp"
	"slices"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
)

// pass is the way of a worker through one text: where it has to look, and what
// the rules remember from one piece of it to the next.
type pass struct {
	all     bool        // look everywhere, else
	regions []leak.Span // here: those that are still ahead
	carry   rules.Carry
	end     int64        // where the last piece that was looked at ended
	next    [kinds]int64 // what is encoded, of each kind, and begins before is dealt with
}

// passThrough looks at regions, or everywhere where they are nil.
func passThrough(regions []leak.Span) *pass { return &pass{all: regions == nil, regions: regions} }

// piece is a stretch of a window's text.
type piece struct{ from, to int }

// pieces appends the stretches of win's own part to look at.
func (p *pass) pieces(dst []piece, win *window) []piece {
	if p.all {
		return append(dst, piece{win.from, win.to})
	}
	from, to := win.base+int64(win.from), win.base+int64(win.to)
	for len(p.regions) > 0 && p.regions[0].Start < to {
		r := p.regions[0]
		if start, end := max(r.Start, from), min(r.End, to); start < end {
			dst = append(dst, piece{int(start - win.base), int(end - win.base)})
		}
		if r.End > to {
			break
		}
		p.regions = p.regions[1:]
	}
	return dst
}

// match appends what the rules find in pieces of win, in the order in which one
// piece around them all would give it.
func (p *pass) match(set *rules.Set, dst []rules.Match, win *window, pieces []piece) []rules.Match {
	for _, here := range pieces {
		p.carry.Skip(int(win.base + int64(here.from) - p.end))
		dst = set.AppendWindow(dst, win.text, here.from, here.to, &p.carry)
		p.end = win.base + int64(here.to)
	}
	if len(pieces) > 1 {
		slices.SortStableFunc(dst, func(a, b rules.Match) int {
			return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Rule.ID, b.Rule.ID))
		})
	}
	return dst
}

// encoded hands use what is encoded in pieces of win, in that order, too.
func (p *pass) encoded(win *window, pieces []piece, use func(encoded)) {
	for kind := range p.next {
		for _, here := range pieces {
			low := max(0, int(p.next[kind]-win.base))
			p.next[kind] = win.base + int64(eachOf(kind, win.text, low, here.from, here.to, use))
		}
	}
}
