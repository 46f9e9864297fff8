package code

import (
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/remediate/rewrite/change"
)

func javaScript(ext string) language {
	typed := strings.Contains(ext, "ts")
	markup := strings.HasSuffix(ext, "x")
	return language{name: "javascript", tokenize: tokenizeJS, edit: func(f file, k int, e change.Edit) (change.Change, *change.Refusal) {
		return editJS(f, k, e, typed, markup)
	}}
}

// tokenizeJS follows ECMA-262's lexical grammar (clause 12). Which goal symbol a
// slash has depends on the grammar; it is told from the token before.
func tokenizeJS(src []byte) ([]token, error) {
	s := &scan{src: src}
	var braces []int // depth of braces at which a template's expression ends
	depth := 0
	if _, ok := s.starts("#!"); ok {
		s.lineComment()
	}
	for s.at < len(src) {
		if s.space(true) {
			continue
		}
		c := src[s.at]
		switch {
		case c == '/' && s.at+1 < len(src) && src[s.at+1] == '/':
			s.lineComment()
		case c == '/' && s.at+1 < len(src) && src[s.at+1] == '*':
			if err := s.blockComment(); err != nil {
				return nil, err
			}
		case c == '/' && s.regexHere():
			s.regex()
		case c == '"' || c == '\'':
			if end, err := s.quoted(s.at+1, string(c), false, false); err == nil {
				s.add(text, end)
			} else {
				s.other() // an apostrophe in JSX text
			}
		case c == '`' || c == '}' && len(braces) > 0 && depth == braces[len(braces)-1]:
			open, err := s.template()
			if err != nil {
				return nil, err
			}
			if c == '}' {
				braces = braces[:len(braces)-1]
			}
			if open {
				braces = append(braces, depth)
			}
		case s.word():
		default:
			if c == '{' {
				depth++
			} else if c == '}' {
				depth--
			}
			s.other()
		}
	}
	return s.tokens, nil
}

// template takes a piece, from ` or } to ` or ${; open: an expression follows.
func (s *scan) template() (open bool, err error) {
	for i := s.at + 1; i < len(s.src); i++ {
		switch {
		case s.src[i] == '\\':
			i++
		case s.src[i] == '`':
			s.add(piece, i+1)
			return false, nil
		case s.src[i] == '$' && i+1 < len(s.src) && s.src[i+1] == '{':
			s.add(piece, i+2)
			return true, nil
		}
	}
	return false, errNoEnd
}

// beforeRegex are keywords that an expression follows.
var beforeRegex = []string{"return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "do", "else", "instanceof", "yield", "await"}

// regexHere tells whether a slash begins a regular expression.
func (s *scan) regexHere() bool {
	last, ok := s.last()
	if !ok {
		return true
	}
	switch last.kind {
	case word:
		return slices.Contains(beforeRegex, last.in(s.src))
	case mark:
		c := s.src[last.start]
		return c != ')' && c != ']' && c != '}'
	case piece:
		return s.src[last.end-1] == '{'
	}
	return false
}

func (s *scan) regex() {
	class := false
	for i := s.at + 1; i < len(s.src); i++ {
		switch c := s.src[i]; {
		case c == '\\':
			i++
		case c == '\n':
			s.other() // a division after all
			return
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '/' && !class:
			s.add(regex, i+1)
			return
		}
	}
	s.other()
}

func editJS(f file, k int, e change.Edit, typed, markup bool) (change.Change, *change.Refusal) {
	t := f.tokens[k]
	expr := "process.env." + e.Name
	note := []string{"process.env is there in Node.js and where a bundler puts values in; code that browsers load can hold no secret"}
	if t.kind == piece {
		if prev := f.near(k, -1); f.src[t.start] == '`' && k > 0 && f.tokens[k-1].kind == word && !slices.Contains(beforeRegex, prev) {
			return change.Change{}, suggest("${"+expr+"}", "the template has a tag, which sees its parts: change it by hand")
		}
		return change.Change{Splices: []change.Splice{{Start: int(e.Span.Start), End: int(e.Span.End), Text: "${" + expr + "}"}}, Notes: note}, nil
	}
	before, after := f.near(k, -1), f.near(k, 1)
	switch {
	case before == "import" || before == "from" || before == "(" && slices.Contains([]string{"require", "import"}, f.near(k, -2)):
		return change.Change{}, change.Refuse(change.InName, "the value names a module: change it by hand")
	case f.keyOf(k) || before == "[" && after == "]" && f.indexed(k-1):
		return change.Change{}, change.Refuse(change.InName, "the value is a key: change it by hand")
	case markup && before == "=" && f.adjoins(k) && f.adjoins(k-1):
		return change.Change{}, suggest("{"+expr+"}", "the value may be an attribute of markup: change it by hand")
	case typed && (before == "|" || after == "|" || before == "type" || before == "enum"):
		return change.Change{}, suggest(expr, "the value may be a type: change it by hand")
	}
	if typed {
		expr += "!" // string | undefined else
	}
	// What stands at such a place ends before, and goes on behind, any sum.
	alone := slices.Contains([]string{"=", "(", ",", ":", "[", "return", "+", "?", ">", ""}, before) && slices.Contains([]string{")", ",", ";", "]", "}", "+", ""}, after)
	if alone && before == ">" && f.near(k, -2) != "=" { // => alone
		alone = false
	}
	c := f.sum(k, cut(f.src, t, e.Span, 1, 1), expr, alone)
	c.Notes = note
	return c, nil
}

// indexed tells whether the bracket that is the k-th token follows what it looks
// into, and begins no list.
func (f file) indexed(k int) bool {
	before := f.near(k, -1)
	return before == ")" || before == "]" || k > 0 && f.tokens[k-1].kind == word && !slices.Contains(beforeRegex, before)
}
