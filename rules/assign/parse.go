package assign

import "strings"

// reader walks over the bytes around a keyword; p is where it stands.
type reader struct {
	b []byte
	p int
	a Assignment
}

// Parse reads the assignment whose name holds the keyword text[at:end]. It is
// false where no value stands beside the name; most keywords in a text are such,
// and are given up after a byte or two.
func Parse(text []byte, at, end int) (Assignment, bool) {
	if at < 0 || end > len(text) || at >= end {
		return Assignment{}, false
	}
	if _, _, idle := Idle(text, at, end); idle {
		return Assignment{}, false
	}
	return Read(text, at, end)
}

// Read is Parse for a keyword that is not Idle.
func Read(text []byte, at, end int) (Assignment, bool) {
	low := max(0, at-Reach)
	r := reader{b: text[low:min(len(text), end+Reach)]}
	r.a.at, r.a.end = at-low, end-low
	if !r.name() || !r.operator() || r.a.Value[1] <= r.a.Value[0] {
		return Assignment{}, false
	}
	r.surroundings()
	return r.a.moved(low), true
}

// moved shifts all offsets by n.
func (a Assignment) moved(n int) Assignment {
	for _, at := range []*int{&a.Key[0], &a.Key[1], &a.Value[0], &a.Value[1], &a.at, &a.end} {
		*at += n
	}
	return a
}

// at gives the byte n places from where the reader stands, 0 outside.
func (r *reader) at(n int) byte {
	if i := r.p + n; i >= 0 && i < len(r.b) {
		return r.b[i]
	}
	return 0
}

// has tells whether s, in lower case, stands here in any case.
func (r *reader) has(s string) bool {
	if len(r.b)-r.p < len(s) {
		return false
	}
	for i := range len(s) {
		if lower(r.b[r.p+i]) != s[i] {
			return false
		}
	}
	return true
}

// blanks steps over spaces and tabs.
func (r *reader) blanks() {
	for r.at(0) == ' ' || r.at(0) == '\t' {
		r.p++
	}
}

// space steps over white space, at most lines line ends included.
func (r *reader) space(lines int) {
	for ; r.p < len(r.b); r.p++ {
		switch r.b[r.p] {
		case ' ', '\t', '\r':
		case '\n':
			if lines--; lines < 0 {
				return
			}
		default:
			return
		}
	}
}

// name widens the keyword to the name it is in. The name ends with a letter,
// digit or underscore, whatever the keyword ended with.
func (r *reader) name() bool {
	from, to := r.a.at, r.a.end
	for to > from && !isWord(r.b[to-1]) {
		to--
	}
	if to == from {
		return false
	}
	first, last := max(0, from-maxName), min(len(r.b), to+maxName)
	for from > first && isName(r.b[from-1]) {
		from--
	}
	for to < last && isName(r.b[to]) {
		// an arrow is no part of the name: password->x, password-->
		if r.b[to] == '-' && to+1 < len(r.b) && (r.b[to+1] == '>' || r.b[to+1] == '-') {
			break
		}
		to++
	}
	if from == first && from > 0 || to == last && to < len(r.b) || !isWord(r.b[to-1]) {
		return false // part of a longer run, such as base64, or the end of a sentence
	}
	r.dashes(from, to)
	r.p = to
	return true
}

// dashes takes leading marks off the name, which tell an option or a variable.
func (r *reader) dashes(from, to int) {
	marks := from
	for from < to && (r.b[from] == '-' || r.b[from] == '.') {
		from++
	}
	if from > marks && r.b[marks] == '-' || marks > 0 && r.b[marks-1] == '$' {
		r.a.Traits |= Dollar
	}
	r.a.Key = [2]int{from, to}
}

// surroundings looks at what stands before the name and behind the value.
func (r *reader) surroundings() {
	i := r.a.Key[0] - 1
	if r.a.Is(KeyQuoted) {
		for i >= 0 && (isQuote(r.b[i]) || r.b[i] == '\\') {
			i--
		}
	}
	for i >= 0 && (r.b[i] == ' ' || r.b[i] == '\t') {
		i--
	}
	if i >= 0 && r.b[i] != '\n' {
		r.a.Before = r.b[i]
	}
	r.p = r.a.Value[1]
	for r.a.Quote != 0 && (r.at(0) == '\\' || r.at(0) == r.a.Quote) {
		r.p++
	}
	r.blanks()
	if c := r.at(0); c != '\n' && c != '\r' {
		r.a.Next = c
	}
}

// The classes of bytes, as bits of a table: names are walked over byte by byte.
const (
	letterByte = 1 << iota
	digitByte
	underscore
	nameJoint // - and .
	quoteByte
	bareEndByte // ends a bare value, as quotes do
)

var classOf = func() (t [256]byte) {
	for c := range 256 {
		switch c := byte(c); {
		case 'a' <= lower(c) && lower(c) <= 'z':
			t[c] = letterByte
		case '0' <= c && c <= '9':
			t[c] = digitByte
		case c == '_':
			t[c] = underscore
		case c == '-' || c == '.':
			t[c] = nameJoint
		case c == '"' || c == '\'' || c == '`':
			t[c] = quoteByte | bareEndByte
		case strings.IndexByte(",;&)}]<>|\\", c) >= 0:
			t[c] = bareEndByte
		}
	}
	return t
}()

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func isLetter(c byte) bool { return classOf[c]&letterByte != 0 }
func isDigit(c byte) bool  { return classOf[c]&digitByte != 0 }
func isWord(c byte) bool   { return classOf[c]&(letterByte|digitByte|underscore) != 0 }
func isName(c byte) bool   { return classOf[c]&(letterByte|digitByte|underscore|nameJoint) != 0 }
func isQuote(c byte) bool  { return classOf[c]&quoteByte != 0 }
func isBareEnd(c byte) bool {
	return classOf[c]&bareEndByte != 0
}
func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
