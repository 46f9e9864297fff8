package assign

// operator reads what joins the name to its value, and then the value.
func (r *reader) operator() bool {
	if r.closeQuote() {
		return r.afterQuoted()
	}
	switch r.at(0) {
	case '(':
		r.p++
		return r.literal(Call)
	case '>':
		return r.tagged() && r.element()
	case '<':
		return r.plist()
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
	if option && r.at(0) == ' ' {
		r.blanks()
		return r.value(Flag)
	}
	gap := r.at(0) == ' ' || r.at(0) == '\t'
	r.blanks()
	if gap && (isQuote(r.at(0)) && r.at(0) != '`' || r.dockerLine()) {
		return r.statement() && r.value(Space)
	}
	if r.at(0) == '\n' || r.at(0) == '\r' {
		return r.pair()
	}
	if gap && isLetter(r.at(0)) && r.sqlName() {
		return r.statement() && r.value(Space)
	}
	if gap && isLetter(r.at(0)) { // password string = "x"
		_, typed := typeAhead(r.b[r.p:])
		return typed && r.typed()
	}
	op := r.joint()
	return op != 0 && r.value(op)
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
		if r.pairedName() && r.pair() {
			return true
		}
		r.p++
		return !closed && r.opensWithKey() && r.literal(Comma)
	}
	r.blanks()
	switch c := r.at(0); {
	case c == '\n' || c == '\r' || c == '/':
		return r.pairedName() && r.pair()
	case c == '{':
		return r.defaultOf()
	case lower(c) == 'v':
		return r.pair()
	case c == 'o' && closed && r.has("or "):
		r.p += 2
		return r.literal(Fallback)
	}
	op := r.joint()
	if op == Colon && (closed || r.conditional()) {
		return false // has("token") ? a : b, or ok ? "pass" : "fail"
	}
	return op != 0 && r.value(op)
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
			return j.op
		}
	}
	return 0
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
	{"::", 0}, {":-", 0}, {":+", 0}, {":?", 0}, {":=", Assign}, {":", Colon},
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
