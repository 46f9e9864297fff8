package assign

import "bytes"

// operator reads what joins the name to its value, and then the value.
func (r *reader) operator() bool {
	if r.closeQuote() {
		return r.afterQuoted()
	}
	switch r.at(0) {
	case '(':
		r.p++
		if n, ok := r.argument(); ok {
			return r.arguments(n)
		}
		return r.literal(Call)
	case '>':
		return r.tagged() && r.element()
	case '<':
		return r.plist()
	case '[':
		return r.array()
	case '{': // std::string token{"x"}
		r.p++
		return isQuote(r.at(0)) && r.literal(Call)
	case ',': // {password, "x"}
		if i := r.a.Key[0] - 1; i < 0 || r.b[i] != '{' {
			return false
		}
		r.p++
		return r.literal(Comma)
	case ']', '}': // $config[password], h[:password], $h->{password}
		r.p++
	case '\n', '\r':
		return r.pair()
	case '*': // **password**: in Markdown
		if r.at(1) != '*' {
			return false
		}
		r.p += 2
	case ' ', '\t', ':', '=', '|', '?', '!', '-':
	default:
		return false
	}
	return r.afterName()
}

// closeQuote steps over the quote that ends a quoted name.
func (r *reader) closeQuote() bool {
	n := 0
	for r.at(n) == '\\' {
		n++
	}
	if !isQuote(r.at(n)) {
		return false
	}
	r.p += n + 1
	r.a.Traits |= KeyQuoted
	return true
}

// afterName goes on behind a name without quotes.
func (r *reader) afterName() bool {
	option := r.a.Key[0] > 0 && r.b[r.a.Key[0]-1] == '-'
	gap := r.at(0) == ' ' || r.at(0) == '\t'
	if option && gap {
		return r.optionValue()
	}
	r.blanks()
	switch c := r.at(0); {
	case c == '\n' || c == '\r':
		return r.pair()
	case !gap:
	case isQuote(c) && c != '`' || r.dockerLine():
		return r.statement() && r.value(Space)
	case c == '$' && r.at(1) == '$':
		return r.literal(Space)
	case c == ':' && isQuote(r.at(1)):
		return r.conditional() && r.value(Colon) // PASSWORD :'name' is psql's variable
	case c == '{':
		return r.accessors()
	case r.has("-string "): // ConvertTo-SecureString -String "x"
		r.p += len("-string ")
		return r.value(Flag)
	case c != ':' && c != '=' && !follows[c] || isLetter(c):
		return r.afterGap()
	}
	op := r.joint()
	return op != 0 && r.value(op)
}

// optionValue reads what follows an option and a blank.
func (r *reader) optionValue() bool {
	r.blanks()
	if c := r.at(0); (c == '=' || c == ':') && r.at(1) == ' ' {
		r.p++
	}
	return r.value(Flag)
}

// afterGap goes on at a word behind the name.
func (r *reader) afterGap() bool {
	if r.sqlName() {
		return r.statement() && r.value(Space)
	}
	if r.tagged() {
		return r.attributes() && r.element()
	}
	if worded(r.b[r.p:]) {
		return r.worded()
	}
	if _, typed := typeAhead(r.b[r.p:]); typed { // password string = "x"
		return r.typed()
	}
	return r.directive()
}

// afterQuoted goes on behind a name in quotes.
func (r *reader) afterQuoted() bool {
	closed := false // a bracket or call that held the name ends
	for r.at(0) == ']' || r.at(0) == ')' {
		r.p, closed = r.p+1, true
	}
	switch r.at(0) {
	case '>':
		return r.nameAttribute() && r.element()
	case ',':
		return r.afterComma(closed)
	}
	gap := r.at(0) == ' '
	r.blanks()
	switch c := r.at(0); {
	case c == '\n' || c == '\r' || c == '/' || c == '}':
		return r.pairedName() && r.pair()
	case c == '{' && closed: // fetch("X") { "x" }
		r.p++
		r.blanks()
		return r.literal(Fallback)
	case c == '{':
		return r.defaultOf()
	case lower(c) == 'v':
		return r.pair()
	case c == 'o' && closed && r.has("or "):
		r.p += 2
		return r.literal(Fallback)
	case gap && worded(r.b[r.p:]):
		return r.worded()
	case r.nameAttribute():
		return r.pair()
	}
	op := r.joint()
	if op == Colon && (closed || r.conditional()) {
		return false // has("token") ? a : b, or ok ? "pass" : "fail"
	}
	return op != 0 && r.value(op)
}

// afterComma goes on behind a quoted name and a comma: the next argument, or field.
func (r *reader) afterComma(closed bool) bool {
	if r.pairedName() {
		at := r.p
		if r.pair() {
			return true
		}
		r.p = at
	}
	r.p++
	if closed {
		return false
	}
	first := r.opensWithKey()
	r.keyword()
	return r.literal(Comma) && (first || r.later() && r.called()) && !r.numbered()
}

// called tells whether a call has begun on the line before the name: what stands
// between commas in a list of names or a sentence belongs to nothing.
func (r *reader) called() bool {
	open := 0
	for i := r.a.Key[0] - 1; i >= 0 && r.b[i] != '\n'; i-- {
		switch r.b[i] {
		case '(':
			if open++; open > 0 {
				return true
			}
		case ')':
			open--
		}
	}
	return false
}

// numbered tells whether name and value are two of a kind: "password", "password2".
func (r *reader) numbered() bool {
	name, v := r.b[r.a.Key[0]:r.a.Key[1]], r.b[r.a.Value[0]:r.a.Value[1]]
	const digits = "0123456789"
	return bytes.EqualFold(bytes.TrimRight(name, digits), bytes.TrimRight(v, digits))
}

// conditional tells whether a question mark stands before the quoted name.
func (r *reader) conditional() bool {
	i := r.a.Key[0] - 1
	for i > 0 && (isQuote(r.b[i]) || r.b[i] == ' ') {
		i--
	}
	return i > 0 && r.b[i] == '?'
}

// joint reads an operator; 0 where none stands here.
func (r *reader) joint() Op {
	r.blanks()
	for _, j := range joints {
		if r.has(j.text) {
			r.p += len(j.text)
			if j.op == Assign && j.text[0] == ':' && j.text[1] == '-' {
				return r.standBy()
			}
			return j.op
		}
	}
	return 0
}

// standBy is the operator of ${NAME:-x} where the name stands in braces.
func (r *reader) standBy() Op {
	if i := r.a.Key[0]; i < 2 || r.b[i-1] != '{' || r.b[i-2] != '$' {
		return 0
	}
	return Assign
}

// joints holds the operators, longer ones before their beginnings. One with op 0
// joins a name to something that is no value.
var joints = []struct {
	text string
	op   Op
}{
	{"||=", Assign}, {"??=", Assign}, {"|=", 0}, {"||", Fallback}, {"??", Fallback}, {"?=", Assign}, {"?:", Colon},
	{"===", Compare}, {"==", Compare}, {"=>", Arrow}, {"=~", 0}, {"=", Assign},
	{"!==", Compare}, {"!=", Compare}, {"!:", Colon},
	{"::", 0}, {":-", Assign}, {":+", 0}, {":?", 0}, {":=", Assign}, {":", Colon},
	{"->", Arrow}, {"<-", Assign}, {"<>", Compare},
}

// statement is false for "identified by" in prose: SQL names a user before it.
func (r *reader) statement() bool {
	if !r.sqlName() {
		return true
	}
	line := r.b[r.lineBegin():r.a.Key[0]]
	return contains(line, "user") || contains(line, "grant") || contains(line, "role")
}

// sqlName tells whether the keyword is SQL's IDENTIFIED BY.
func (r *reader) sqlName() bool { return hasFold(r.b[r.a.Key[0]:], "identified by") }

// dockerLine tells whether the line is a Dockerfile's "ENV name value".
func (r *reader) dockerLine() bool {
	if r.at(0) == '=' {
		return false
	}
	i := r.a.Key[0]
	return i >= 4 && string(r.b[i-4:i]) == "ENV " && (i == 4 || r.b[i-5] == '\n' || r.b[i-5] == ' ')
}

// opensWithKey tells whether the quoted name is the first in a call, a list or
// an initializer: put("password", … or {"password", …
func (r *reader) opensWithKey() bool {
	i := r.a.Key[0] - 1
	for i > 0 && r.b[i] == '-' {
		i--
	}
	if i < 1 || !isQuote(r.b[i]) {
		return false
	}
	for i > 0 && isSpace(r.b[i-1]) {
		i--
	}
	if i == 0 {
		return false
	}
	// ["--password", "x"] is a command line in a list.
	return r.b[i-1] == '(' || r.b[i-1] == '{' || r.a.Is(Dollar) && (r.b[i-1] == '[' || r.b[i-1] == ',')
}

// later tells whether the value looks like one where its name is not a call's first
// argument: "password", "x" in a list of words has no digit.
func (r *reader) later() bool {
	i := r.a.Key[0] - 1
	for i > 0 && (isQuote(r.b[i]) || isSpace(r.b[i])) {
		i--
	}
	if i <= 0 || r.b[i] != ',' {
		return false
	}
	for _, c := range r.b[r.a.Value[0]:r.a.Value[1]] {
		if isDigit(c) {
			return true
		}
	}
	return false
}
