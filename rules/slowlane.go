package rules

import (
	"bytes"

	"github.com/oakum-sec/oakum/rules/internal/prefilter"
)

// slowLane runs package regexp over the whole text for foreign rules that have no
// literal. As in gitleaks, a rule with keywords is passed over where none of them
// is in the text. A match belongs to the window that it begins in.
func (w *worker) slowLane(dst []Match, carry *Carry) []Match {
	for _, i := range w.set.slow {
		e := &w.set.entries[i]
		if !w.mentioned(i, e) {
			continue
		}
		e.compile()
		pos := w.from + max(carry.end(i), 0)
		for _, groups := range e.free.FindAllSubmatchIndex(w.text, -1) {
			if groups[0] < pos || groups[0] >= w.to || groups[0] == groups[1] {
				continue
			}
			pos = groups[1]
			if m := (Match{}); e.match(&m, w.text, groups) {
				dst = append(dst, m)
			}
		}
		carry.setEnd(i, pos-w.from)
	}
	return dst
}

// mentioned tells whether the text holds one of the rule's keywords, in any case.
func (w *worker) mentioned(i uint32, e *entry) bool {
	if w.said[i] || len(e.words) == 0 {
		w.said[i] = false
		return true
	}
	for _, word := range e.words {
		if len(word) < prefilter.MinSize && bytes.Contains(bytes.ToLower(w.text), []byte(word)) {
			return true
		}
	}
	return false
}
