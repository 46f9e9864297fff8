package scanner

import (
	"cmp"
	"slices"
	"sort"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
)

// withoutOverlaps lets the best of several findings of the same bytes stand: a
// token that its checksum proves, found also as "the password in a URL" and as
// "a value under the name token", is one finding.
func (w *worker) withoutOverlaps(hits []*hit) []*hit {
	if len(hits) < 2 {
		return hits
	}
	known, best := apart(hits)
	slices.SortStableFunc(best, better)
	var kept []*hit // by start; their spans do not overlap
	for _, h := range best {
		i, j := overlapped(kept, h)
		if i < j {
			w.out.drop("overlap")
			continue
		}
		kept = slices.Insert(kept, i, h)
	}
	return w.withKnown(kept, known)
}

// overlapped are the hits of kept, which is by start, that share bytes with h: from i
// to j; h belongs at i.
func overlapped(kept []*hit, h *hit) (i, j int) {
	span := h.finding.Span
	i = sort.Search(len(kept), func(i int) bool { return kept[i].finding.Span.End > span.Start })
	for j = i; j < len(kept) && kept[j].finding.Span.Start < span.End; j++ {
	}
	return i, j
}

// better orders what is surer first, then what vouches for more randomness (a
// vendor's token before "the bearer of a header", which it may be too), what is
// worse, what is raw, what is longer, what comes first.
func better(a, b *hit) int {
	return cmp.Or(
		cmp.Compare(b.finding.Proof, a.finding.Proof),
		cmp.Compare(vouched(b.rule), vouched(a.rule)),
		cmp.Compare(b.finding.Severity, a.finding.Severity),
		cmp.Compare(len(a.finding.Decoded), len(b.finding.Decoded)),
		cmp.Compare(length(b.finding.Span), length(a.finding.Span)),
		cmp.Compare(a.finding.Span.Start, b.finding.Span.Start),
		cmp.Compare(a.rule.ID, b.rule.ID),
	)
}

func length(s leak.Span) int64 { return s.End - s.Start }

// vouched is how much randomness the rule's format guarantees, up to what
// identifies a value. A user's rule, which mostly says nothing of it, was written
// for the very thing.
func vouched(r *rules.Rule) int {
	if !r.Ours() {
		return leak.VouchedBits
	}
	return min(r.Bits, leak.VouchedBits)
}
