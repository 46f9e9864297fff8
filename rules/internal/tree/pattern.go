package tree

import "regexp/syntax"

// Pattern is a regexp of a compiled rule, as text where it came from an index,
// else parsed. Neither form is made of the other before it is asked for: printing
// a negated class takes package syntax two milliseconds.
type Pattern struct {
	Text   string
	Parsed *syntax.Regexp
}

// None tells that there is no regexp, which is not the same as an empty one.
func (p *Pattern) None() bool { return p.Text == "" && p.Parsed == nil }

func (p *Pattern) String() string {
	if p.Parsed != nil {
		return p.Parsed.String()
	}
	return p.Text
}

// Regexp is p parsed. Text that came out of a compiled rule does parse; should it
// not, what is returned matches nothing.
func (p *Pattern) Regexp() *syntax.Regexp {
	if p.Parsed != nil {
		return p.Parsed
	}
	re, err := syntax.Parse(p.Text, syntax.Perl)
	if err != nil {
		return &syntax.Regexp{Op: syntax.OpNoMatch}
	}
	return re
}
