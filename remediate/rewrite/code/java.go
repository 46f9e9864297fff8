package code

import (
	"slices"

	"github.com/oakum-sec/oakum/remediate/rewrite/change"
)

func java() language {
	return language{name: "java", tokenize: tokenizeJava, edit: editJava}
}

// tokenizeJava follows JLS 3: comments, strings, text blocks, characters.
func tokenizeJava(src []byte) ([]token, error) {
	s := &scan{src: src}
	for s.at < len(src) {
		if s.space(true) {
			continue
		}
		var end int
		var err error
		if _, ok := s.starts("//"); ok {
			s.lineComment()
			continue
		}
		if _, ok := s.starts("/*"); ok {
			if err := s.blockComment(); err != nil {
				return nil, err
			}
			continue
		}
		switch open, _ := s.starts(`"""`, `"`, `'`); open {
		case `"""`:
			end, err = s.quoted(s.at+3, open, true, false)
		case `"`, `'`:
			end, err = s.quoted(s.at+1, open, false, false)
		default:
			if !s.word() {
				s.other()
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		s.add(text, end)
	}
	return s.tokens, nil
}

func editJava(f file, k int, e change.Edit) (change.Change, *change.Refusal) {
	t := f.tokens[k]
	expr := `System.getenv("` + e.Name + `")`
	quotes := 1
	if t.end-t.start >= 6 && string(f.src[t.start:t.start+3]) == `"""` {
		quotes = 3
	}
	before, after := f.near(k, -1), f.near(k, 1)
	switch {
	case f.src[t.start] == '\'':
		return change.Change{}, change.Refuse(change.InName, "the value is a character: change it by hand")
	case f.annotation(k) || before == "case":
		return change.Change{}, suggest(expr, "the place takes a constant alone: read the variable where the value is used")
	}
	w := cut(f.src, t, e.Span, quotes, quotes)
	if _, parts := w.split(""); parts && quotes == 3 {
		return change.Change{}, suggest(expr, "the value is a part of a text block: change it by hand")
	}
	alone := slices.Contains([]string{"=", "(", ",", "return", "+", "{", "?", ":"}, before) && slices.Contains([]string{")", ",", ";", "}", "+", ":"}, after)
	return f.sum(k, w, expr, alone), nil
}

// annotation tells whether the k-th token is within the parentheses of one.
func (f file) annotation(k int) bool {
	depth := 0
	for i := k - 1; i >= 0; i-- {
		switch f.near(i, 0) {
		case ")":
			depth++
		case "(":
			if depth--; depth >= 0 {
				continue
			}
			depth = 0
			name := i - 1 // @a.b.C(
			for name > 1 && f.near(name, -1) == "." {
				name -= 2
			}
			if name > 0 && f.near(name, -1) == "@" {
				return true
			}
		case ";":
			return false
		}
	}
	return false
}
