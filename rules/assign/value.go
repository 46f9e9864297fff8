package assign

import (
	"bytes"

	"github.com/oakum-sec/oakum/rules/assign/literal"
)

// value reads what stands behind an operator.
func (r *reader) value(op Op) bool {
	if r.literal(op) {
		return true
	}
	switch op {
	case Assign, Colon, Flag, Space, Pair:
		return (op == Assign || op == Colon) && (r.couple() || r.below() || r.nested() || r.blockDefault()) || r.bare(op)
	}
	return false
}

// literal reads a quoted value, which may stand on the next line, carry a prefix
// (b"x"), be converted ([]byte("x")) or follow a type (: string = "x"). It leaves
// the reader where it was if there is none.
func (r *reader) literal(op Op) bool {
	start := r.p
	r.a.Op = op
	if op == Assign {
		if n := r.names(); n > 0 && r.nth(n) {
			return true
		}
		r.p = start
	}
	r.space(1)
	if r.quoted() {
		return true
	}
	if c := r.at(0); isLetter(c) || c == '[' || c == '&' || c == '@' || c == '$' || c == '#' || c == '%' || c == '(' {
		if r.prefixed() || r.listed() || r.wrapped() || op == Colon && r.typed() || (op == Assign || op == Colon) && r.fallback() {
			return true
		}
	}
	r.p = start
	return false
}

// quoted reads a string literal that begins here.
func (r *reader) quoted() bool {
	n := 0
	for r.at(n) == '\\' {
		n++
	}
	q := r.at(n)
	if !isQuote(q) || n == 0 && r.openQuote() == q {
		return false
	}
	if n > 0 {
		return r.escaped(r.p+n+1, q)
	}
	l, ok := literal.Read(r.b, r.p, MaxValue, literal.Escaped)
	if !ok {
		return false
	}
	return r.take(l)
}

// escaped reads a literal in a string: its quotes have backslashes before them.
func (r *reader) escaped(first int, q byte) bool {
	last := r.escapedEnd(first, q)
	if last < 0 {
		return false
	}
	r.a.Value, r.a.Quote = [2]int{first, last}, q
	r.p = last + 2
	return true
}

// escapedEnd finds the backslash before the quote that ends a literal in a string, -1
// where it is too long or runs over the line's end.
func (r *reader) escapedEnd(first int, q byte) int {
	for i := first; i < min(len(r.b), first+MaxValue+1); i++ {
		switch c := r.b[i]; {
		case c == '\n':
			return -1
		case c == '\\' && i+1 < len(r.b):
			if r.b[i+1] == q || r.b[i+1] == '\\' {
				return i
			}
			i++
		}
	}
	return -1
}

// take makes a literal, with the pieces that follow it, the value.
func (r *reader) take(l literal.Literal) bool {
	literal.Extend(r.b, &l, MaxValue, r.join(l))
	if l.To-l.From > MaxValue {
		return false
	}
	if n := l.To - l.From; n > 4 && r.b[l.From] == '\\' && r.b[l.From+1] == l.Quote && r.b[l.To-2] == '\\' && r.b[l.To-1] == l.Quote {
		l.From, l.To = l.From+2, l.To-2 // "\"x\"" is what another program is to read
	}
	r.a.Value, r.a.Quote, r.a.style = [2]int{l.From, l.To}, l.Quote, l.Style
	if l.Spelt {
		r.a.Traits |= Spelt
	}
	r.p = l.End
	return true
}

// join tells how further pieces may follow. Where blanks part a shell's words, or an
// option's value from the next argument, they are no pieces.
func (r *reader) join(l literal.Literal) literal.Join {
	switch r.a.Op {
	case Flag, Space, Pair, Args, Fallback, Compare:
		return literal.ByMark
	case Assign:
		if i := l.From - 2; i >= 0 && r.b[i] == '=' && r.b[r.a.Key[1]] == '=' {
			return literal.Touching
		}
	}
	return literal.Adjoins
}

// prefixed reads a literal that begins with something else than a quote: b"", r#""#, $$x$$.
func (r *reader) prefixed() bool {
	l, ok := literal.Read(r.b, r.p, MaxValue, literal.Escaped)
	return ok && r.take(l)
}

// listed reads the first literal in brackets: ("x" "y"), ["x", …] where the name is a
// plural, ["x", "y"].join("").
func (r *reader) listed() bool {
	c := r.at(0)
	if c != '[' && c != '(' {
		return false
	}
	start := r.p
	r.p++
	r.space(1)
	l, ok := literal.Read(r.b, r.p, MaxValue, literal.Escaped)
	if ok && isQuote(r.at(0)) && r.openQuote() != r.at(0) && r.inBrackets(&l, c) {
		return r.take(l)
	}
	r.p = start
	return false
}

// inBrackets tells whether a literal behind an opening bracket is the name's value.
func (r *reader) inBrackets(l *literal.Literal, open byte) bool {
	if open == '[' && literal.Listed(r.b, l, MaxValue) {
		return true
	}
	whole := *l
	literal.Extend(r.b, &whole, MaxValue, literal.Adjoins)
	at := r.p
	r.p = whole.End
	r.space(1)
	next := r.at(0)
	r.p = at
	if open == '(' {
		return next == ')'
	}
	return next == ']' || next == ',' && lower(r.b[r.a.Key[1]-1]) == 's'
}

// wrapped reads a conversion's argument: []byte("x"), String.new("x"); or a default:
// Field(default="x").
func (r *reader) wrapped() bool {
	n := 0
	for n < 48 && (isName(r.at(n)) || r.at(n) == '[' || r.at(n) == ']' || r.at(n) == ' ' && n == 3 || r.at(n) == ':') {
		n++
	}
	if n == 0 || r.at(n) != '(' && r.at(n) != '{' {
		return false
	}
	start := r.p
	name := r.b[r.p : r.p+n]
	r.p += n + 1
	at := r.p
	r.keyword()
	if (r.p > at || converts(name)) && r.quoted() {
		r.a.Traits |= Wrapped
		return true
	}
	r.p = start
	return false
}

// converts tells whether a function of this name gives back what it is handed,
// in another type or coding. Only the last word of a path counts.
func converts(name []byte) bool {
	if i := bytes.LastIndexAny(name, ".: "); i >= 0 {
		name = name[i+1:]
	}
	var low [16]byte
	if len(name) > len(low) {
		return false
	}
	for i, c := range name {
		low[i] = lower(c)
	}
	switch string(low[:len(name)]) {
	case "string", "[]byte", "bytes", "bytearray", "str", "from", "b64decode", "decodestring", "decode", "encode", "password", "secret",
		"token", "securestring", "secretstr", "text", "of", "some", "just", "new", "ptr", "some_string", "frozenset", "tobytes", "s", "c", "pack", "atob", "btoa", "unhexlify", "fromhex":
		return true
	}
	return false
}

// typed reads the literal behind a type: password: Optional[str] = "x".
func (r *reader) typed() bool {
	start, n := r.p, 0
	for n < maxType && (typeByte(r.at(n)) || r.at(n) == '&' || r.at(n) == '\'' || r.at(n) == ' ' || r.at(n) == '|') {
		n++
	}
	if n == 0 || r.at(n) != '=' || r.at(n+1) == '=' || r.at(n+1) == '>' {
		return false
	}
	r.p += n + 1
	r.blanks()
	r.a.Op = Assign
	if r.quoted() || r.prefixed() || r.wrapped() {
		r.a.Traits |= Typed
		return true
	}
	r.p = start
	return false
}

// fallback reads the literal that is used where an expression gives nothing:
// process.env.X || "x". The expression is at most 96 bytes long.
func (r *reader) fallback() bool {
	line := r.line(96)
	if bytes.IndexByte(line, '"') < 0 && bytes.IndexByte(line, '\'') < 0 && bytes.IndexByte(line, '`') < 0 {
		return false
	}
	for _, mark := range fallbacks {
		i := bytes.Index(line, mark)
		if i < 0 {
			continue
		}
		start := r.p
		r.p += i + len(mark)
		r.blanks()
		if r.quoted() {
			r.a.Op = Fallback
			return true
		}
		r.p = start
	}
	return false
}

var fallbacks = [][]byte{[]byte("||"), []byte("??"), []byte("?:"), []byte(" or ")}
