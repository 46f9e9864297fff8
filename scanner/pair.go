package scanner

import (
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
)

// paired gives each finding the parts that make it whole and takes the findings
// away that became a part, or that miss a part they cannot do without.
func (w *worker) paired(hits []*hit) []*hit {
	for _, h := range hits {
		for i, c := range h.rule.Components {
			w.attach(h, i, c, hits)
		}
	}
	kept := hits[:0]
	for _, h := range hits {
		switch {
		case h.known != nil && !h.taken && (h.lacking || h.rule.SkipReport):
			kept = append(kept, h.known)
		case h.lacking:
			w.out.drop("incomplete")
		case h.taken:
		case h.rule.SkipReport:
			w.out.drop("component")
		default:
			kept = append(kept, h)
		}
	}
	return kept
}

// attach looks for component i of h among the text's own findings first (they
// stand under a name), then takes what lookNearby found.
func (w *worker) attach(h *hit, i int, c rules.Component, hits []*hit) {
	if other := closestHit(h, c, hits); other != nil {
		other.taken = true
		h.partKnown(other)
		o := other.finding
		h.finding.Parts = append(h.finding.Parts,
			leak.Part{Rule: o.Rule, Secret: o.Secret, Hint: o.Hint, Span: o.Span, Line: o.Line, Column: o.Column})
		h.finding.Severity = max(h.finding.Severity, o.Severity) // the id of a critical key is as bad as the key beside it
		return
	}
	if h.near != nil && !h.near[i].Secret.IsZero() {
		h.finding.Parts = append(h.finding.Parts, h.near[i])
		h.takeOverlapping(h.near[i].Span, hits)
		return
	}
	h.lacking = h.lacking || !c.Optional
}

// takeOverlapping marks what a rule for names found where a part was found by its
// shape.
func (h *hit) takeOverlapping(s leak.Span, hits []*hit) {
	for _, o := range hits {
		if o.finding.Span.Start < s.End && s.Start < o.finding.Span.End {
			o.taken = true
			h.partKnown(o)
		}
	}
}

func closestHit(h *hit, c rules.Component, hits []*hit) (best *hit) {
	closest := [2]int64{1 << 62}
	for _, o := range hits {
		if o == h || o.rule.ID != c.Rule {
			continue
		}
		lines, gap := distance(h.finding, o.finding)
		if c.Lines != 0 && lines > int64(max(c.Lines, 0)) || c.Columns > 0 && gap > int64(c.Columns) {
			continue
		}
		if lines < closest[0] || lines == closest[0] && gap < closest[1] {
			closest, best = [2]int64{lines, gap}, o
		}
	}
	return best
}

// distance between two findings of a text, in lines and in bytes.
func distance(a, b *leak.Finding) (lines, gap int64) {
	if b.Span.Start < a.Span.Start {
		a, b = b, a
	}
	return int64(max(0, b.Line-a.EndLine)), max(0, b.Span.Start-a.Span.End)
}
