// Package leaf knows where the values of a data file stand: each as its path,
// its decoded text, the bytes that it takes, and how it is quoted. A value is
// replaced within its own quotes; all other bytes stay as they are.
//
// Two readings of one format: Parse gives positions, Check gives what a program
// that reads the file sees (of a kept library where there is one). What Parse
// gets wrong, the comparison of two Checks finds.
package leaf

import (
	"strconv"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rewrite/change"
)

// Quote is how a value is written.
type Quote int

const (
	Plain  Quote = iota // without quotes
	Single              // '…'
	Double              // "…"
	Back                // `…`
	Block               // YAML's | and >, or a multi-line string: lines as they are
	BlockD              // TOML's """…""": lines, with escapes
	BlockS              // TOML's '''…'''
)

// Leaf is one value.
type Leaf struct {
	Path       Path
	Kind       string // string, number, bool, null, empty ({} or []), alias
	Value      string // decoded
	Start, End int    // of the token, its quotes included
	Quote      Quote
	Flow       bool // within YAML's {…} or […]
}

// Path is the names on the way to a value. Elements of a list are "[0]", or
// "[name=X]" where they carry a name: such a list can lose an element without
// the others becoming new.
type Path []string

func (p Path) String() string { return strings.Join(p, "\x1f") }

// Show is p for people.
func (p Path) Show() string {
	return strings.ReplaceAll(strings.Join(p, "."), ".[", "[")
}

// Child is p with one more step.
func (p Path) Child(step string) Path { return append(p[:len(p):len(p)], step) }

// Index is p with a list's place.
func (p Path) Index(i int) Path { return p.Child("[" + strconv.Itoa(i) + "]") }

// Named is p with a list's element that has a name.
func (p Path) Named(name string) Path { return p.Child("[name=" + name + "]") }

// Syntax is a way to write leaves down.
type Syntax struct {
	Name  string
	Parse func(src []byte) ([]Leaf, error)
	Check func(src []byte) ([]Leaf, error) // nil: Parse

	// Encode is text as it stands within l's quotes, with raw bytes before and
	// after it in the same token; false where it cannot.
	Encode func(l Leaf, before, text, after string) (string, bool)
	// Whole is text as a token of its own in l's place, quotes included.
	Whole func(l Leaf, text string) (string, bool)
	// Comment tells whether a byte lies in a comment.
	Comment func(line string, column int) bool
}

// At is the leaf that holds the span.
func At(leaves []Leaf, span leak.Span) (Leaf, bool) {
	for _, l := range leaves {
		if l.Kind != "empty" && int64(l.Start) <= span.Start && span.End <= int64(l.End) {
			return l, true
		}
	}
	return Leaf{}, false
}

// inner is the range within l's quotes. Block values have a header, which the
// comparison of Checks protects.
func (l Leaf) inner() (start, end int) {
	switch l.Quote {
	case Single, Double, Back:
		return l.Start + 1, l.End - 1
	case BlockD, BlockS:
		return l.Start + 3, l.End - 3
	}
	return l.Start, l.End
}

// Replace puts text where the span is, within l.
func (s Syntax) Replace(src []byte, l Leaf, span leak.Span, text string) (change.Splice, *change.Refusal) {
	start, end := int(span.Start), int(span.End)
	from, to := l.inner()
	start, end = max(start, from), min(end, to) // a span may have the quotes
	if start < end {
		if coded, ok := s.Encode(l, string(src[from:start]), text, string(src[end:to])); ok {
			return change.Splice{Start: start, End: end, Text: coded}, nil
		}
		if whole, ok := s.requote(src, l, start, end, text); ok {
			return whole, nil
		}
	}
	return change.Splice{}, change.Refuse(change.NoPlace, "the reference cannot be written within %s", l.Path.Show())
}

// requote writes the whole token again, where what is around the value in it
// reads the same raw and decoded.
func (s Syntax) requote(src []byte, l Leaf, start, end int, text string) (change.Splice, bool) {
	from, to := l.inner()
	before, after := string(src[from:start]), string(src[end:to])
	if !strings.HasPrefix(l.Value, before) || !strings.HasSuffix(l.Value, after) || strings.ContainsAny(before+after, "\r\n") {
		return change.Splice{}, false
	}
	whole, ok := s.Whole(l, before+text+after)
	return change.Splice{Start: l.Start, End: l.End, Text: whole}, ok
}

// Leaves is Check, or Parse where there is no second reading.
func (s Syntax) Leaves(src []byte) ([]Leaf, error) {
	if s.Check != nil {
		return s.Check(src)
	}
	return s.Parse(src)
}
