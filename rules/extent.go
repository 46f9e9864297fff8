package rules

import "github.com/oakum-sec/oakum/rules/proof"

// bodyReach is how far proof.Extent looks for the end of what a regexp has found
// the head of.
const bodyReach = 64 << 10

// runOn lets the value, so far the head, run to its end; false if it has none.
func runOn(m *Match, text []byte, extent string) bool {
	end, ok := proof.Extent(extent, text, m.Value[0], m.Value[1])
	if !ok {
		return false
	}
	m.Value[1], m.End = end, max(end, m.End)
	return true
}
