package split

import (
	"github.com/oakum-sec/oakum/rules/internal/packed"
	"github.com/oakum-sec/oakum/rules/internal/prefilter"
	"github.com/oakum-sec/oakum/rules/internal/tree"
)

// flags of a split.
const (
	isSettled    = 1
	isOpenBefore = 2
	isOpenAfter  = 4
)

// Write puts a split into an index: its regexps as text, what may stand beside
// its literals, and these with their anchors.
func (sp *Split) Write(w *packed.Writer) {
	w.Text(sp.Prefix.String())
	w.Text(sp.Suffix.String())
	w.Number(sp.PrefixMost)
	flags := 0
	if sp.Settled {
		flags |= isSettled
	}
	if sp.Before.Open {
		flags |= isOpenBefore
	}
	if sp.After.Open {
		flags |= isOpenAfter
	}
	w.Number(flags)
	w.Words(sp.Before.Set)
	w.Words(sp.After.Set)
	w.Number(len(sp.Literals))
	for _, l := range sp.Literals {
		w.Text(l.Text)
		w.Text(l.Fold)
		w.Number(l.Place)
	}
}

// Read takes a split from an index.
func (sp *Split) Read(r *packed.Reader) {
	sp.Prefix.Text, sp.Suffix.Text, sp.PrefixMost = r.Text(), r.Text(), r.Number(tree.Endless)
	flags := r.Number(isSettled | isOpenBefore | isOpenAfter)
	sp.Settled, sp.Before.Open, sp.After.Open = flags&isSettled != 0, flags&isOpenBefore != 0, flags&isOpenAfter != 0
	sp.Before.Set, sp.After.Set = r.Words(), r.Words()
	sp.Literals = make([]prefilter.Literal, r.Count())
	for i := range sp.Literals {
		sp.Literals[i] = prefilter.Literal{Text: r.Text(), Fold: r.Text(), Place: r.Number(prefilter.MaxSize)}
	}
}
