package assign

import (
	"bytes"

	"github.com/oakum-sec/oakum/rules/assign/literal"
)

// bare reads a value without quotes.
func (r *reader) bare(op Op) bool {
	r.blanks()
	q := r.openQuote()
	if q != 0 {
		r.a.Traits |= InString
	}
	r.lineStart()
	first, last := r.p, 0
	if r.has("{{") {
		last = r.until("}}")
	} else {
		last = r.bareEnd(first, q)
	}
	first, last = r.trimmed(first, last, q)
	if last-first < 1 || last-first > MaxValue || bytes.IndexByte([]byte("([|&;,)}]=>\\"), r.b[first]) >= 0 {
		return false
	}
	if (op == Flag || op == Space) && r.b[first] == '-' {
		return false // the next option
	}
	r.a.Op, r.a.Value = op, [2]int{first, last}
	r.tail(last)
	return true
}

// trimmed is a bare value's extent without what belongs to its file's syntax: the
// braces of ODBC's {x}; with what a backslash carries on.
func (r *reader) trimmed(first, last int, q byte) (int, int) {
	switch {
	case q == 0 && r.a.Is(LineStart) && r.a.Op != Colon:
		if r.has("\\\n") || r.has("\\\r\n") { // the value begins on the next line
			r.p++
			r.space(1)
			first = r.p
			last = r.bareEnd(first, q)
		}
		last = r.carriedOn(first, last)
		r.escapes(first, last)
	case r.at(0) == '{' && r.at(1) != '{':
		line := r.line(MaxValue)
		if end := bytes.IndexByte(line, '}'); end > 1 && (r.at(end+1) == ';' || r.at(end+1) == q) && bytes.ContainsAny(line[:end], "0123456789") {
			return first + 1, first + end
		}
	}
	return first, last
}

// escapes notes \: and \= of properties files.
func (r *reader) escapes(first, last int) {
	for i := first; i+1 < last; i++ {
		if r.b[i] == '\\' && bytes.IndexByte([]byte(":=#!"), r.b[i+1]) >= 0 {
			r.a.Traits |= Spelt
			r.a.style = literal.Bare
		}
	}
}

// until gives the offset behind the next mark on this line, else of the line's end.
func (r *reader) until(mark string) int {
	line := r.b[r.p:]
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	if i := bytes.Index(line, []byte(mark)); i >= 0 {
		return r.p + i + len(mark)
	}
	return r.p + len(line)
}

// bareEnd finds where a bare value ends. In a string or behind other text on its
// line, punctuation ends it; where the line is its own, only white space does.
func (r *reader) bareEnd(first int, q byte) int {
	i, own := first, q == 0 && r.a.Is(LineStart)
	for ; i < len(r.b) && i <= first+MaxValue; i++ {
		c := r.b[i]
		if isSpace(c) || c == q && q != 0 {
			break
		}
		if !own && isBareEnd(c) {
			break
		}
	}
	for own && i > first && (r.b[i-1] == ',' || r.b[i-1] == ';') {
		i--
	}
	return i
}

// tail notes whether words follow a bare value that are neither a comment nor
// the next part of a command.
func (r *reader) tail(last int) {
	r.p = last
	if c := r.at(0); c != ' ' && c != '\t' {
		return
	}
	r.blanks()
	if c := r.at(0); isLetter(c) || c >= 0x80 || c == '(' || c == '+' || c == '?' || c == '.' {
		r.a.Traits |= Tail
	}
}

// lineBegin is the offset of the line that the name stands on.
func (r *reader) lineBegin() int {
	return bytes.LastIndexByte(r.b[:r.a.Key[0]], '\n') + 1
}

// openQuote gives the quote of the string literal that the name stands in, 0
// where it stands in none. An apostrophe within a word opens nothing. A name's
// own quotes do not count.
func (r *reader) openQuote() byte {
	to, open := r.a.Key[0], byte(0)
	if r.a.Is(KeyQuoted) {
		for to > 0 && (isQuote(r.b[to-1]) || r.b[to-1] == '\\' || r.b[to-1] == '-') {
			to--
		}
	}
	for i := r.lineBegin(); i < to; i++ {
		switch c := r.b[i]; {
		case c == '\\':
			i++
		case !isQuote(c):
		case open == c:
			open = 0
		case open == 0 && (c != '\'' || i == 0 || !isWord(r.b[i-1])):
			open = c
		}
	}
	return open
}

// lineStart notes whether the name is the first thing on its line, and whether
// the line is a comment.
func (r *reader) lineStart() {
	lead := r.b[r.lineBegin():r.a.Key[0]]
	for {
		lead = bytes.TrimLeft(lead, " \t")
		n, comment := leadMark(lead)
		if n == 0 {
			break
		}
		if comment {
			r.a.Traits |= Comment
		}
		lead = lead[n:]
	}
	if len(bytes.Trim(lead, "$-\"'\\")) == 0 {
		r.a.Traits |= LineStart
	}
	if r.a.Quote == 0 && remarked(lead) && r.openQuote() == 0 {
		r.a.Traits |= Comment
	}
}

// remarked tells whether a comment begins behind what a line says: x = 1  # token=…
func remarked(lead []byte) bool {
	for _, mark := range []string{" #", " // ", "\t# ", "\t// "} {
		if at := bytes.LastIndex(lead, []byte(mark)); at > 0 && len(bytes.TrimLeft(lead[at+len(mark):], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ,.-:")) == 0 {
			return true
		}
	}
	return false
}

// leadMark gives the length of a mark that may stand before the first name of a
// line: of a comment, a list, or a shell's or Dockerfile's assignment.
func leadMark(lead []byte) (n int, comment bool) {
	for _, m := range []string{"//", "#", "*", ";", "<!--", "-- "} {
		if bytes.HasPrefix(lead, []byte(m)) {
			return len(m), true
		}
	}
	for _, m := range []string{"- ", "+ ", "export ", "set ", "SET ", "setx ", "ENV ", "ARG ", "declare -x ", "readonly ", "local ", "env.", "$env:", "$Env:"} {
		if bytes.HasPrefix(lead, []byte(m)) {
			return len(m), false
		}
	}
	return 0, false
}
