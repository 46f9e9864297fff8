package assign

import (
	"bytes"

	"github.com/oakum-sec/oakum/rules/assign/literal"
)

// below reads a value of YAML that is not simply bare: behind a tag or an anchor, in
// a block of one line, or on the next line.
//
//	password: &pw x      password: !!str x      token: |        tokens:
//	                                              x               - x
//
// It leaves the reader where it was if there is none.
func (r *reader) below() bool {
	start := r.p
	r.blanks()
	r.markers()
	switch c := r.at(0); {
	case (c == '|' || c == '>') && r.blockHead() || c == '\n' || c == '\r':
		if r.indented() {
			return true
		}
	case r.p > start && c != ' ' && isQuote(c) && r.quoted():
		return true
	case r.marked(start):
		return r.bare(r.a.Op)
	}
	r.p = start
	return false
}

// marked tells whether a tag or anchor was stepped over.
func (r *reader) marked(start int) bool {
	c := bytes.TrimLeft(r.b[start:r.p], " \t")
	return len(c) > 0
}

// markers steps over an anchor, and over YAML's own tag of a string. Other tags say
// that the value is something else than it looks: !vault, !Ref.
func (r *reader) markers() {
	for range 2 {
		n := 0
		switch {
		case r.at(0) == '&' && isWord(r.at(1)):
			for n = 1; isName(r.at(n)); n++ {
			}
		case r.has("!!str"):
			n = len("!!str")
		}
		if c := r.at(n); n == 0 || c != ' ' && c != '\n' && c != '\r' {
			return
		}
		r.p += n
		r.blanks()
	}
}

// blockHead steps over the head of a block: |, >-, |2, # comment.
func (r *reader) blockHead() bool {
	at := r.p
	for r.p++; r.at(0) == '-' || r.at(0) == '+' || isDigit(r.at(0)); r.p++ {
	}
	if r.p-at > 3 {
		return false
	}
	r.blanks()
	if r.at(0) == '#' {
		r.p += len(r.line(Reach))
	}
	return r.at(0) == '\n' || r.at(0) == '\r'
}

// indented reads the one line below that is further in than the name's.
func (r *reader) indented() bool {
	if r.a.Op != Colon {
		return false
	}
	own := r.indent(r.lineBegin())
	r.space(1)
	first := r.p
	col := first - bytes.LastIndexByte(r.b[:first], '\n') - 1
	list := r.at(0) == '-' && r.at(1) == ' '
	if list {
		r.p += 2
		r.blanks()
	}
	if col < own || col == own && !list || r.at(0) == 0 {
		return false
	}
	if isQuote(r.at(0)) {
		return r.quoted()
	}
	line := bytes.TrimRight(r.line(MaxValue+1), " \t\r")
	if len(line) == 0 || len(line) > MaxValue || bytes.IndexByte(line, ' ') >= 0 || bytes.HasSuffix(line, []byte(":")) || bytes.IndexByte([]byte("([|&;,)}]=>\\<*!#{-"), line[0]) >= 0 {
		return false
	}
	r.a.Traits |= LineStart
	r.a.Value = [2]int{r.p, r.p + len(line)}
	return list || r.alone(col)
}

// maxBlock is how many lines of a block below a name are looked at.
const maxBlock = 6

// blockDefault reads the value in a YAML block below a name, as that of CloudFormation's parameters:
//
//	DbPassword:
//	  Type: String
//	  Default: x
func (r *reader) blockDefault() bool {
	if c := r.at(0); r.a.Op != Colon || c != '\n' && c != '\r' {
		return false
	}
	start, a := r.p, r.a
	own, col := r.indent(r.lineBegin()), 0
	for range maxBlock {
		next := bytes.IndexByte(r.b[r.p:], '\n')
		if next < 0 {
			break
		}
		r.p += next + 1
		at := r.indent(r.p)
		if col == 0 {
			col = at
		}
		if at <= own || at < col {
			break
		}
		if r.p += at; at == col && r.blockField() {
			return true
		}
		r.a = a
	}
	r.p = start
	return false
}

// indent is how many blanks a line begins with.
func (r *reader) indent(line int) (n int) {
	for line+n < len(r.b) && (r.b[line+n] == ' ' || r.b[line+n] == '\t') {
		n++
	}
	return n
}

// blockField reads the value of a field that holds a block's.
func (r *reader) blockField() bool {
	start := r.p
	for _, field := range defaults {
		if r.p = start; r.has(field) && r.field(len(field)) {
			return true
		}
	}
	r.p = start
	return false
}

// alone tells whether the value's line is its block's only one.
func (r *reader) alone(col int) bool {
	rest := r.b[r.a.Value[1]:]
	i := bytes.IndexByte(rest, '\n')
	if i < 0 {
		return true
	}
	rest = rest[i+1:]
	n := 0
	for n < len(rest) && (rest[n] == ' ' || rest[n] == '\t') {
		n++
	}
	return n < col || n == len(rest) || rest[n] == '\n' || rest[n] == '\r'
}

// carriedOn reads a bare value that a backslash at its line's end carries on, as
// properties files and shells do. last is where its first line ends.
func (r *reader) carriedOn(first, last int) int {
	for {
		i := last
		if i+1 < len(r.b) && r.b[i] == '\\' && (r.b[i+1] == '\n' || r.b[i+1] == '\r') {
			i++ // a class's bare value ends before the backslash
		} else if i == 0 || r.b[i-1] != '\\' || i >= len(r.b) || r.b[i] != '\n' && r.b[i] != '\r' {
			return last
		}
		for i < len(r.b) && isSpace(r.b[i]) {
			i++
		}
		end := i
		for end < len(r.b) && end-first <= MaxValue && !isSpace(r.b[end]) {
			end++
		}
		if end == i || assigns(r.b[i:end]) {
			return last
		}
		r.a.Traits |= Spelt
		r.a.style = literal.Bare
		last = end
	}
}

// assigns tells whether a word is an assignment of its own: PORT=80.
func assigns(word []byte) bool {
	i := bytes.IndexByte(word, '=')
	return i > 0 && identifier(word[:i]) && i < len(word)-1
}
