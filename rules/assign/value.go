package assign

import "bytes"

// value reads what stands behind an operator.
func (r *reader) value(op Op) bool {
	if r.literal(op) {
		return true
	}
	switch op {
	case Assign, Colon, Flag, Space, Pair:
		return r.bare(op)
	}
	return false
}

// literal reads a quoted value, which may stand on the next line, carry a prefix
// (b"x"), be converted ([]byte("x")) or follow a type (: string = "x"). It leaves
// the reader where it was if there is none.
func (r *reader) literal(op Op) bool {
	start := r.p
	r.a.Op = op
	r.space(1)
	if r.quoted() {
		return true
	}
	if isLetter(r.at(0)) || r.at(0) == '[' || r.at(0) == '&' || r.at(0) == '@' || r.at(0) == '$' {
		if r.prefixed() || r.wrapped() || op == Colon && r.typed() || (op == Assign || op == Colon) && r.fallback() {
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
	first := r.p + n + 1
	if n == 0 && r.at(1) == q && r.at(2) == q {
		first += 2 // """x"""
	}
	last := r.stringEnd(first, q, n > 0)
	if last < 0 {
		return false
	}
	r.a.Value, r.a.Quote = [2]int{first, last}, q
	return true
}

// stringEnd finds the end of a string literal's text that starts at first, -1
// where it is too long or runs over the line's end. Escaped says that the opening
// quote had backslashes before it: so has the closing one.
func (r *reader) stringEnd(first int, q byte, escaped bool) int {
	for i := first; i < min(len(r.b), first+MaxValue+1); i++ {
		switch c := r.b[i]; {
		case c == '\n':
			return -1
		case c == '\\' && i+1 < len(r.b):
			if escaped && (r.b[i+1] == q || r.b[i+1] == '\\') {
				return i
			}
			i++
		case c == q && !escaped:
			return i
		}
	}
	return -1
}

// prefixed reads a literal with a prefix: b"", rb”, @"", $"", L"".
func (r *reader) prefixed() bool {
	for n := 1; n <= 2; n++ {
		if isQuote(r.at(n)) {
			r.p += n
			return r.quoted()
		}
		if c := r.at(n); !isLetter(c) && c != '@' {
			return false
		}
	}
	return false
}

// wrapped reads a conversion's argument: []byte("x"), String.new("x").
func (r *reader) wrapped() bool {
	n := 0
	for n < 48 && (isName(r.at(n)) || r.at(n) == '[' || r.at(n) == ']' || r.at(n) == ' ' && n == 3 || r.at(n) == ':') {
		n++
	}
	if r.at(n) != '(' && r.at(n) != '{' || !converts(r.b[r.p:r.p+n]) {
		return false
	}
	start := r.p
	r.p += n + 1
	if r.quoted() {
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
	if r.quoted() {
		r.a.Traits, r.a.Op = r.a.Traits|Typed, Assign
		return true
	}
	r.p = start
	return false
}

// fallback reads the literal that is used where an expression gives nothing:
// process.env.X || "x". The expression is at most 96 bytes long.
func (r *reader) fallback() bool {
	line := r.b[r.p:min(len(r.b), r.p+96)]
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
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
