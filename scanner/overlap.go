package scanner

import (
	"cmp"
	"slices"
	"sort"

	"github.com/oakum-sec/oakum/leak"
)

// withoutOverlaps lets the best of several findings of the same bytes stand: a
// token that its checksum proves, found also as "the password in a URL" and as
// "a value under the name token", is one finding.
func (w *worker) withoutOverlaps(hits []*hit) []*hit {
	if len(hits) < 2 {
		return hits
	}
	best := slices.Clone(hits)
	slices.SortStableFunc(best, better)
	var kept []*hit // by start; their spans do not overlap
	for _, h := range best {
		span := h.finding.Span
		i := sort.Search(len(kept), func(i int) bool { return kept[i].finding.Span.End > span.Start })
		if i < len(kept) && kept[i].finding.Span.Start < span.End {
			w.out.drop("overlap")
			continue
		}
		kept = slices.Insert(kept, i, h)
	}
	return kept
}

// better orders what is surer first, then what is worse, what is raw, what is
// longer, what comes first.
func better(a, b *hit) int {
	return cmp.Or(
		cmp.Compare(b.finding.Proof, a.finding.Proof),
		cmp.Compare(b.finding.Severity, a.finding.Severity),
		cmp.Compare(len(a.finding.Decoded), len(b.finding.Decoded)),
		cmp.Compare(length(b.finding.Span), length(a.finding.Span)),
		cmp.Compare(a.finding.Span.Start, b.finding.Span.Start),
		cmp.Compare(a.rule.ID, b.rule.ID),
	)
}

func length(s leak.Span) int64 { return s.End - s.Start }
