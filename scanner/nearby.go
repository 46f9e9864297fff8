package scanner

import (
	"bytes"
	"regexp"
	"sort"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
)

// nearbyReach is how far from a match a component's pattern is looked for.
const nearbyReach = 8 << 10

// Where lines are so long that they do not bound the search, blocks of the text
// do: all matches in one share the search, which would else be done anew for
// each (30 µs a byte in a file of nothing but key ids). blockEdge is looked at on
// top: a value that is cut at the search's end lies beyond nearbyReach.
// Together they are less than minContext, so that windows do not matter.
const (
	nearbyBlock = 4 << 10
	blockEdge   = 256
)

// surrounding is a piece of a text, by its offsets there, and where a component's
// pattern matches in it, in order.
type surrounding struct {
	low, high int64
	values    []leak.Span
}

// lookNearby finds, for the components of m's rule that are patterns, the value
// nearest to m in its surroundings: a secret key stands without a name of its own
// beside its id, as in a credentials CSV.
func (w *worker) lookNearby(h *hit, m *rules.Match, win *window) {
	if len(m.Rule.Components) == 0 {
		return
	}
	h.near = make([]leak.Part, len(m.Rule.Components))
	for i, c := range m.Rule.Components {
		if re := w.set.ComponentRegexp(m.Rule, i); re != nil {
			h.near[i] = nearest(w.search(re, c, m, win), c, m, win)
		}
	}
}

// search looks around m, or takes what the search for the match before gave.
func (w *worker) search(re *regexp.Regexp, c rules.Component, m *rules.Match, win *window) *surrounding {
	from, to := around(win, m, c.Lines)
	s := surrounding{low: win.base + int64(from), high: win.base + int64(to)}
	if last := w.near[re]; last != nil && last.low == s.low && last.high == s.high {
		return last
	}
	for _, g := range re.FindAllSubmatchIndex(win.text[from:to], -1) {
		start, end := from+g[0], from+g[1]
		if len(g) > 2 && g[2] >= 0 {
			start, end = from+g[2], from+g[3]
		}
		if rules.Entropy(win.text[start:end]) >= c.Entropy {
			s.values = append(s.values, leak.Span{Start: win.base + int64(start), End: win.base + int64(end)})
		}
	}
	if w.near == nil {
		w.near = map[*regexp.Regexp]*surrounding{}
	}
	w.near[re] = &s
	return &s
}

// nearest is the part whose line, then whose bytes, are the fewest away; empty
// where there is none within the component's lines. Only the last value before m
// and the first one behind it can be that.
func nearest(s *surrounding, c rules.Component, m *rules.Match, win *window) (best leak.Part) {
	own := leak.Span{Start: win.base + int64(m.Value[0]), End: win.base + int64(m.Value[1])}
	after := sort.Search(len(s.values), func(i int) bool { return s.values[i].Start >= own.End })
	before := after - 1
	for before >= 0 && s.values[before].End > own.Start {
		before--
	}
	closest := [2]int{1 << 30}
	for _, i := range []int{before, after} {
		if i < 0 || i >= len(s.values) {
			continue
		}
		start, end := int(s.values[i].Start-win.base), int(s.values[i].End-win.base)
		lines, gap := between(win.text, m.Value, [2]int{start, end})
		if gap > nearbyReach || lines > closest[0] || lines == closest[0] && gap >= closest[1] {
			continue
		}
		closest = [2]int{lines, gap}
		best = leak.Part{Rule: c.Rule, Secret: leak.NewSecret(win.text[start:end]), Span: s.values[i]}
		best.Line, best.Column = win.position(start)
	}
	return best
}

// around is the stretch of whole lines, at most so many away from m (0: as many
// as there are), within nearbyReach and what is missing to whole blocks.
func around(win *window, m *rules.Match, lines int) (low, high int) {
	text := win.text
	low, high = blocks(win, m)
	if lines == 0 {
		return low, high
	}
	lines = max(lines, 0) // below 0: the same line
	from := m.Start
	for range lines + 1 {
		nl := bytes.LastIndexByte(text[low:from], '\n')
		if nl < 0 {
			from = low
			break
		}
		from = low + nl
	}
	to := m.End
	for range lines + 1 {
		nl := bytes.IndexByte(text[to:high], '\n')
		if nl < 0 {
			to = high
			break
		}
		to += nl + 1
	}
	return from, to
}

func blocks(win *window, m *rules.Match) (low, high int) {
	first := (win.base + int64(m.Start) - nearbyReach) / nearbyBlock * nearbyBlock
	last := (win.base + int64(m.End) + nearbyReach + nearbyBlock - 1) / nearbyBlock * nearbyBlock
	low, high = int(first-blockEdge-win.base), int(last+blockEdge-win.base)
	return max(0, low), min(len(win.text), high)
}

// between is how many lines and bytes lie between two spans.
func between(text []byte, a, b [2]int) (lines, gap int) {
	if b[0] < a[0] {
		a, b = b, a
	}
	gap = max(0, b[0]-a[1])
	return bytes.Count(text[a[1]:a[1]+gap], []byte{'\n'}), gap
}
