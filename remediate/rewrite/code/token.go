// Package code replaces string literals in source code by a read of the
// environment. It edits tokens, never text: a value that is a whole literal
// becomes the expression, one within a longer literal splits it, and a place
// where the language wants a constant or a name is refused with the line to
// write by hand.
//
// Promise: every token that was not edited is a token of the result, at its
// place, and Go is parsed by go/parser before and after.
//
// Limits. JavaScript, TypeScript, Python and Java are read by tokenizers of our
// own, which know strings, comments, regular expressions and templates, and no
// grammar: what needs one is judged by the tokens around, and left to a person
// where they do not settle it. No type is checked: build what was changed.
package code

import (
	"errors"
	"fmt"
	"slices"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rewrite/change"
)

// kind is what a token is.
type kind int

const (
	word    kind = iota // identifiers, keywords, numbers
	mark                // one character of punctuation
	text                // a string literal
	piece               // a part of a template between its expressions
	regex               // a regular expression
	comment             // to its end
	newline             // ends a logical line, in Python
)

type token struct {
	kind       kind
	start, end int
}

func (t token) in(src []byte) string { return string(src[t.start:t.end]) }

// file is source code and its tokens without comments.
type file struct {
	src    []byte
	tokens []token
}

// near is the n-th token from k, as text; "" beyond the ends.
func (f file) near(k, n int) string {
	if k += n; k < 0 || k >= len(f.tokens) {
		return ""
	}
	return f.tokens[k].in(f.src)
}

// adjoins tells whether there is nothing between the k-th token and the one
// before.
func (f file) adjoins(k int) bool { return k > 0 && f.tokens[k-1].end == f.tokens[k].start }

// language is how one is rewritten.
type language struct {
	name     string
	tokenize func(src []byte) ([]token, error)
	// edit replaces the value at [start, end) within the k-th token.
	edit func(f file, k int, e change.Edit) (change.Change, *change.Refusal)
}

// Edit makes one edit in a file of a language by its extension; ok is false
// where there is no reader for it.
func Edit(ext string) (name string, one func([]byte, change.Edit) (change.Change, *change.Refusal), check func([]byte, []byte, change.Change) error, ok bool) {
	var l language
	switch ext {
	case ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx":
		l = javaScript(ext)
	case ".py", ".pyi":
		l = python()
	case ".java":
		l = java()
	case ".go":
		return "go", editGo, checkGo, true
	default:
		return "", nil, nil, false
	}
	return l.name, l.one, l.check, true
}

func (l language) one(src []byte, e change.Edit) (change.Change, *change.Refusal) {
	tokens, err := l.tokenize(src)
	if err != nil {
		return change.Change{}, change.Refuse(change.Unparsable, "the file does not read as %s: %v", l.name, err)
	}
	holds := func(t token) bool { return int64(t.start) <= e.Span.Start && e.Span.End <= int64(t.end) }
	if k := slices.IndexFunc(tokens, holds); k >= 0 && tokens[k].kind == comment {
		return change.Change{}, change.Refuse(change.InComment, "the value stands in a comment, which nothing reads: delete it there")
	}
	f := file{src, slices.DeleteFunc(tokens, func(t token) bool { return t.kind == comment })}
	k := slices.IndexFunc(f.tokens, holds)
	if k < 0 || f.tokens[k].kind != text && f.tokens[k].kind != piece {
		return change.Change{}, change.Refuse(change.InName, "the value is no string literal: change it by hand")
	}
	c, no := l.edit(f, k, e)
	if no != nil {
		return change.Change{}, no
	}
	c.Needs = append(c.Needs, change.Need{Kind: change.NeedEnvironment, Name: e.Name, Ref: e.Ref})
	return c, nil
}

// check holds that every token outside of the splices is one of out, at its
// place, and that no other came but within what was put in.
func (l language) check(src, out []byte, c change.Change) error {
	before, err := l.tokenize(src)
	if err != nil {
		return err
	}
	after, err := l.tokenize(out)
	if err != nil {
		return err
	}
	return sameTokens(before, after, c)
}

func sameTokens(before, after []token, c change.Change) error {
	k, shift := 0, 0
	splices := c.Joined()
	for _, t := range before {
		for len(splices) > 0 && splices[0].End <= t.start && splices[0].Start <= t.start {
			s := splices[0]
			shift += len(s.Head+s.Text+s.Tail) - (s.End - s.Start)
			splices = splices[1:]
		}
		if len(splices) > 0 && splices[0].Start < t.end && splices[0].End > t.start {
			continue // edited
		}
		for k < len(after) && after[k].start < t.start+shift {
			k++
		}
		if k == len(after) || after[k] != (token{t.kind, t.start + shift, t.end + shift}) {
			return fmt.Errorf("the code behind byte %d would read otherwise", t.start)
		}
		k++
	}
	if len(before) == 0 {
		return errors.New("there is no code")
	}
	return nil
}

// within is an edit inside a literal: which part of the token is before and
// behind the value, its quotes being open and close.
type within struct {
	open, close   string
	before, after string // raw
	start, end    int    // of the token
	from, to      int    // of the value
}

// cut finds the parts of a literal. A span may take its quotes in.
func cut(src []byte, t token, span leak.Span, openLen, closeLen int) within {
	w := within{start: t.start, end: t.end, from: max(int(span.Start), t.start+openLen), to: min(int(span.End), t.end-closeLen)}
	w.open, w.close = string(src[t.start:t.start+openLen]), string(src[t.end-closeLen:t.end])
	w.before, w.after = string(src[t.start+openLen:w.from]), string(src[w.to:t.end-closeLen])
	return w
}

// split is the literal as a sum with expr in the value's place, and whether it
// is more than expr.
func (w within) split(expr string) (sum string, parts bool) {
	sum = expr
	if w.before != "" {
		sum, parts = w.open+w.before+w.close+" + "+sum, true
	}
	if w.after != "" {
		sum, parts = sum+" + "+w.open+w.after+w.close, true
	}
	return sum, parts
}

// sum replaces the k-th token by a sum, in parentheses where what is around
// could take a part of it.
func (f file) sum(k int, w within, expr string, alone bool) change.Change {
	sum, parts := w.split(expr)
	if parts && !alone {
		sum = "(" + sum + ")"
	}
	return change.Change{Splices: []change.Splice{{Start: w.start, End: w.end, Text: sum}}}
}

// suggest refuses with the text to write.
func suggest(expr, why string) *change.Refusal {
	no := change.Refuse(change.SuggestOnly, "%s", why)
	no.Suggest = expr
	return no
}

// keyOf tells whether the k-th token is a key of an object or dict.
func (f file) keyOf(k int) bool {
	before := f.near(k, -1)
	return f.near(k, 1) == ":" && (before == "{" || before == ",")
}
