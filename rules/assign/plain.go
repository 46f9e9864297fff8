package assign

import "github.com/oakum-sec/oakum/rules/assign/literal"

// Plain is the value as the program has it: its pieces put together, its escapes
// resolved. It is a copy where a is Spelt, else a part of text.
func (a *Assignment) Plain(text []byte) []byte {
	raw := text[a.Value[0]:a.Value[1]]
	if !a.Is(Spelt) {
		return raw
	}
	return literal.Plain(make([]byte, 0, len(raw)), raw, a.Quote, a.style)
}

// Plainly gives a and a text in which the value stands as the program has it: text
// itself, for nearly all; for one that is Spelt a copy of the [Reach] bytes round its
// keyword. What is to be said of the value is to be asked of these two.
func (a Assignment) Plainly(text []byte) ([]byte, Assignment) {
	if !a.Is(Spelt) {
		return text, a
	}
	low, high := max(0, a.at-Reach), min(len(text), max(a.end+Reach, a.Value[1]))
	b := make([]byte, 0, high-low)
	b = append(b, text[low:a.Value[0]]...)
	b = literal.Plain(b, text[a.Value[0]:a.Value[1]], a.Quote, a.style)
	grown := len(b) + low - a.Value[1]
	b = append(b, text[a.Value[1]:high]...)
	p := a.moved(-low)
	p.Value[1] += grown
	p.Traits &^= Spelt          // what stands there now is the value
	if a.Key[0] >= a.Value[1] { // the name follows
		for _, at := range []*int{&p.Key[0], &p.Key[1], &p.at, &p.end} {
			*at += grown
		}
	}
	if p.Value[1] <= p.Value[0] { // nothing but glue
		return text, a
	}
	return b, p
}
