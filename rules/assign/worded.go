package assign

import (
	"bytes"

	"github.com/oakum-sec/oakum/rules/assign/literal"
)

// worded reads the value behind words that are no operator, see the function of that
// name in idle.go.
func (r *reader) worded() bool {
	switch {
	case r.has("by "):
		r.p += len("by ")
		return r.literal(Space)
	case r.has("for "): // SET PASSWORD FOR 'user'@'host' = 'x'
		line := r.line(96)
		if i := bytes.IndexByte(line, '='); i > 0 {
			r.p += i + 1
			return r.literal(Space)
		}
		return false
	case r.has("as string"):
		r.p += len("as string")
		r.blanks()
		if r.at(0) != '=' {
			return false
		}
		r.p++
		r.a.Traits |= Typed
		return r.literal(Assign)
	}
	r.p += len("to ")
	return r.literal(Colon)
}

// accessors reads C#'s property: Password { get; set; } = "x".
func (r *reader) accessors() bool {
	line := r.line(48)
	i := bytes.IndexByte(line, '}')
	if !r.has("{ get") || i < 0 {
		return false
	}
	r.p += i + 1
	r.blanks()
	if r.at(0) != '=' {
		return false
	}
	r.p++
	r.a.Traits |= Typed
	return r.literal(Assign)
}

// array reads C's char password[33] = "x"; only digits stand in the brackets.
func (r *reader) array() bool {
	for r.p++; isDigit(r.at(0)); r.p++ {
	}
	if r.at(0) != ']' {
		return false
	}
	r.p++
	r.blanks()
	if r.at(0) != '=' || r.at(1) == '=' {
		return false
	}
	r.p++
	r.a.Traits |= Typed
	return r.literal(Assign)
}

// directive reads a value that a blank alone parts from its name: the last word of a
// line that begins with the name, or with a command that sets names.
func (r *reader) directive() bool {
	_, last := loneValue(r.b[r.p:])
	if !last {
		return false
	}
	lead := bytes.TrimRight(r.b[r.lineBegin():r.a.Key[0]], " \t/:\"'")
	if len(bytes.TrimLeft(lead, " \t")) != 0 && !sets(lead) {
		return false
	}
	at := r.p
	for r.p < len(r.b) && !isSpace(r.b[r.p]) {
		r.p++
	}
	end := r.p
	r.blanks()
	if c := r.at(0); c != '\n' && c != '\r' && c != 0 {
		return false
	}
	for end > at && (r.b[end-1] == ';' || r.b[end-1] == ',') {
		end--
	}
	r.lineStart()
	r.a.Op, r.a.Value = Space, [2]int{at, end}
	return true
}

// sets tells whether a line's begin ends with a command that sets a name.
func sets(lead []byte) bool {
	for _, c := range []string{"set", "setx", "setenv", "-gx", "-x", "-Ux", "config set", "configure set", "env"} {
		if n := len(lead) - len(c); n >= 0 && hasFold(lead[n:], c) && (n == 0 || isSpace(lead[n-1])) {
			return true
		}
	}
	// npm config set //host/:_authToken x
	i := bytes.LastIndexByte(lead, ' ')
	return i > 0 && bytes.HasPrefix(bytes.TrimLeft(lead[i:], " "), []byte("//")) && sets(bytes.TrimRight(lead[:i], " "))
}

// line is the rest of the line, at most so many bytes of it.
func (r *reader) line(most int) []byte {
	line := r.b[r.p:min(len(r.b), r.p+most)]
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		return line[:i]
	}
	return line
}

// keyword steps over the name of a default that stands for the value: get("X", default="x").
func (r *reader) keyword() {
	at := r.p
	r.space(1)
	for _, k := range []string{"default_value", "defaultvalue", "default"} {
		if !r.has(k) {
			continue
		}
		r.p += len(k)
		r.blanks()
		if c := r.at(0); c == '=' || c == ':' {
			r.p++
			return
		}
		break
	}
	r.p = at
}

// names tells how many values stand before the one of this name where several are
// assigned at once: user, password = "app", "x".
func (r *reader) names() (before int) {
	lead := r.b[r.lineBegin():r.a.Key[0]]
	for _, c := range lead {
		switch {
		case c == ',':
			before++
		case !isWord(c) && c != ' ' && c != '\t' && c != '$' && c != '.':
			return 0
		}
	}
	return before
}

// nth reads the literal behind so many others.
func (r *reader) nth(before int) bool {
	r.blanks()
	for range before {
		l, ok := literal.Read(r.b, r.p, MaxValue, literal.Escaped)
		if !ok {
			return false
		}
		r.p = l.End
		r.blanks()
		if r.at(0) != ',' {
			return false
		}
		r.p++
		r.blanks()
	}
	return r.quoted()
}
