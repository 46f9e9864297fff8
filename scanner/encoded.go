package scanner

import (
	"fmt"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
)

// layers is what was taken off on the way to a decoded text: the encodings'
// names, outermost first, and how its offsets lie in the window.
type layers struct {
	names  []string
	locate func(start, end int) (int, int)
}

// encoded scans what an encoded run of a text holds, and what is encoded in that.
func (w *worker) encoded(e encoded, win *window, outer layers) {
	here := layers{
		names: append(outer.names[:len(outer.names):len(outer.names)], e.name),
		locate: func(start, end int) (int, int) {
			start, end = e.locate(start, end)
			return outer.locate(start, end)
		},
	}
	for _, m := range w.set.Append(nil, e.text) {
		w.judgeDecoded(&m, e.text, win, here)
	}
	w.knownDecoded(e.text, win, here)
	eachEncoded(e.text, 0, len(e.text), func(deeper encoded) {
		if len(here.names) < maxDepth {
			w.encoded(deeper, win, here)
		} else {
			w.tooDeep(deeper)
		}
	})
}

// tooDeep tells, once a text, that something was not looked into. Escapes of
// escapes that deep are a test's or an attack on a parser, and hide no secret
// that their raw text does not show.
func (w *worker) tooDeep(e encoded) {
	if w.deep || e.escaped() {
		return
	}
	w.deep = true
	w.gap(leak.GapLimit, fmt.Errorf("encoded more than %d times over: what is inside was not looked at", maxDepth))
}

// judgeDecoded is judge for a match in a decoded text. What an escape elsewhere
// in the stretch left as it was stands among the raw matches too, at the same
// bytes: withoutOverlaps lets the raw one stand.
func (w *worker) judgeDecoded(m *rules.Match, text []byte, win *window, in layers) {
	if w.full || !w.accepted(m, text) {
		return
	}
	h := w.hit(m, text, in.names)
	start, end := in.locate(m.Value[0], m.Value[1])
	w.place(h.finding, win, start, end)
	w.keep(h)
}

// whole is the innermost locate: a window's own offsets.
func whole(start, end int) (int, int) { return start, end }
