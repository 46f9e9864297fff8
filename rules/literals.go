package rules

import "slices"

// Literals lists the words by which the rules of the fast lane are found, in
// order, lower case where their case does not matter: what a plain search for
// the same would be given.
func (s *Set) Literals() []string {
	var out []string
	for _, l := range s.filter.Literals() {
		out = append(out, l.Text)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
