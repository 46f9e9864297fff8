package assign

import "bytes"

// Plausible tells why a is no credential, by its bytes alone; "" where it may be.
// The answers are a few fixed words, fit for counting.
func (a Assignment) Plausible(text []byte) string {
	if why := a.rejected(text); why != "" {
		return why
	}
	if why := a.elsewhere(text); why != "" {
		return why
	}
	if a.most(text) < floor {
		return "weak"
	}
	return ""
}

// rejected tells what takes a out whatever else speaks for it.
func (a *Assignment) rejected(text []byte) string {
	name, v := text[a.Key[0]:a.Key[1]], text[a.Value[0]:a.Value[1]]
	if len(v) < 4 {
		return "short"
	}
	strength, last := a.means(text)
	if strength == nothing || strength == unknowable {
		return "name"
	}
	if strength == aKey && (len(v) < 16 || oddity(v) < len(v)) {
		return "weak name"
	}
	if strength < aPassword && address(v) {
		return "name" // a key's owner
	}
	if strength == aKey && bytes.Count(v, []byte(`\x`)) > 2 {
		return "test vector"
	}
	if a.Quote == 0 && Wordy(v) && bytes.Contains(name, []byte("identified by")) {
		return "prose" // SQL is written in capitals where it has no quotes
	}
	if strength <= anAPIKey && fingerprint(name, v) {
		return "hash"
	}
	if strength == aKey && publicKey(text[max(0, a.Key[0]-12):a.Key[0]]) {
		return "name"
	}
	bare, t := a.Quote == 0, count(v)
	switch {
	case t.digit == len(v) && about(name):
		return "name" // ERROR_WRONG_PASSWORD = 1323
	case reference(v, bare) || bytes.Contains(v, []byte("{{")) || a.Quote == '"' && variableInside(v):
		return "reference"
	case color(v) || pattern(v):
		return "pattern"
	case placeholder(v) || monotonous(v):
		return "placeholder"
	case is(v, constants) || bare && (decimal(v) || hexadecimal(v)) || version(v):
		return "constant"
	case stored(v):
		return "hash"
	case uuid(v) && !(last && (strength >= anAPIKey || bearer(name))):
		return "uuid" // an identifier, unless the name insists: client_secret
	case bare && expression(v) || spliced(v):
		return "expression"
	case validation(v):
		return "pattern"
	case prose(v) || t.wide > 0 && t.digit+t.symbol == 0 || bare && (t.wide > 0 || a.Is(Tail) && a.Op == Colon && identifier(v)):
		return "prose"
	case a.Is(KeyQuoted) && a.Quote != 0 && a.Op == Colon && renamed(name, v):
		return "name again"
	case same(name, v) || enumerated(name, v) || a.Is(Wrapped) && a.Next == ',' && bytes.EqualFold(name, v):
		return "name again"
	}
	return ""
}

// monotonous tells whether most of a value is one character, as a mask's behind a
// token's prefix: sk-00000000000000000000.
func monotonous(v []byte) bool {
	run, longest := 1, 1
	for i := 1; i < len(v); i++ {
		if run++; v[i] != v[i-1] {
			run = 1
		}
		longest = max(longest, run)
	}
	return longest >= 8 && 2*longest >= len(v)
}

// spliced tells whether a value is what stands between two texts of a program, one of
// which ends and another of which begins with the quote: "IDENTIFIED BY '"+name+"'".
func spliced(v []byte) bool {
	n := len(v)
	if n < 5 || v[0] != v[n-1] || v[0] != '"' && v[0] != '`' {
		return false
	}
	inner := bytes.TrimSpace(v[1 : n-1])
	return len(inner) > 2 && inner[0] == '+' && inner[len(inner)-1] == '+'
}

// renamed tells whether a table's value is another name for its key, in two words or
// more of which the last is the key's: "password": "target_password".
func renamed(name, v []byte) bool {
	i := bytes.LastIndexByte(v, '_')
	t := count(v)
	if i < 1 || t.digit > 0 || t.lower+bytes.Count(v, []byte("_")) != len(v) {
		return false
	}
	last := v[i+1:]
	return len(name) >= len(last) && len(last) > 3 && bytes.EqualFold(name[len(name)-len(last):], last)
}

// publicKey tells whether the bytes before a mere "key" call it a public one, as
// those that Docker's content trust lists.
func publicKey(lead []byte) bool {
	return contains(lead, "public") || contains(lead, "repository ") || contains(lead, "root ")
}

// fingerprint tells whether a value is the id of an OpenPGP key.
func fingerprint(name, v []byte) bool {
	n := len(v)
	if count(v).hex != n {
		return false
	}
	pgp := contains(name, "gpg") || contains(name, "pgp")
	return (n == 40 || n == 16) && pgp || n == 8 && (pgp || contains(name, "sign"))
}

// enumerated tells whether a name and its value are a member of an enumeration:
// AuthTypePassword = "password", V1Token = "V1Token".
func enumerated(name, v []byte) bool {
	t := count(name)
	if bytes.Equal(name, v) && len(v) >= 6 && t.lower > 0 && t.upper+t.digit > 0 || t.digit > 0 && bytes.EqualFold(name, v) {
		return true
	}
	p := split(name)
	if p.n < 2 || !bytes.EqualFold(p.words[0], v) {
		return false
	}
	for _, w := range p.words[1:p.n] {
		if is(w, kindsOf) {
			return true
		}
	}
	return false
}

// kindsOf are words of an enumeration's name.
var kindsOf = set("type", "kind", "name", "property", "challenge", "attribute", "action", "mode", "method", "status", "field", "prefix", "enum", "entity", "scope", "grant", "version", "param")

// bearer tells whether a name that ends in token says who lets its bearer in:
// AUTH_TOKEN, rootToken. Others tell requests and uploads apart.
func bearer(name []byte) bool {
	p := split(name)
	return p.n > 1 && is(p.words[1], bearers)
}

var bearers = set("auth", "access", "api", "bearer", "service", "admin", "bot", "refresh", "root", "deploy", "runner", "personal", "vault")

// version tells whether a value is a version or a range of them, or an address of
// numbers: "basic-auth": "~1.0.0", "127.0.0.1/32".
func version(v []byte) bool {
	if i := bytes.LastIndexByte(v, ':'); i >= 0 && i < 6 && i+1 < len(v) { // npm:^3.0.0
		v = v[i+1:]
	}
	v = bytes.TrimLeft(v, "^~<>=v ")
	t := count(v)
	return len(v) > 0 && isDigit(v[0]) && bytes.Count(v, []byte(".")) > 1 && t.digit+t.punct+bytes.Count(v, []byte("/")) == len(v)
}

// validation tells whether a value is a list of rules that a form's field is held to:
// required|string|min:8.
func validation(v []byte) bool {
	first, _, more := bytes.Cut(v, []byte("|"))
	return more && is(first, validations)
}

var validations = set("required", "nullable", "sometimes", "string", "filled", "present", "trim", "bail")

// hexadecimal tells whether a value is a number as programs write them: 0x20.
func hexadecimal(v []byte) bool {
	return len(v) <= 10 && hasFold(v, "0x") && count(v[2:]).hex == len(v)-2
}

// decimal tells whether a value is a number with a point: 0.25.
func decimal(v []byte) bool {
	t := count(v)
	return t.digit > 0 && t.digit+t.punct == len(v) && bytes.Count(v, []byte(".")) == 1 && isDigit(v[0])
}

// expression tells whether a bare value is a program's: a call, an index, a path
// of names, a symbol.
func expression(v []byte) bool {
	if t := count(v); t.digit > 0 && t.symbol > 0 && oddity(v) > len(v) {
		return false // a password with brackets
	}
	for _, cmd := range []string{"convertto-", "get-", "new-", "read-host", "async", "await"} {
		if hasFold(v, cmd) {
			return true
		}
	}
	if bytes.ContainsAny(v, "()[]{}\"'`") || v[0] == ':' || v[0] == '@' || v[0] == '&' || v[0] == '*' {
		return true
	}
	return bytes.Contains(v, []byte("->")) || bytes.Contains(v, []byte("::")) || bytes.HasPrefix(v, []byte("self.")) || bytes.HasPrefix(v, []byte("this."))
}

// prose tells whether a value is several words: a label, a message, an SQL query.
func prose(v []byte) bool {
	spaces, letters := 0, 0
	for _, c := range v {
		if c == ' ' {
			spaces++
		}
		if isLetter(c) || c >= 0x80 {
			letters++
		}
	}
	return spaces > 1 && letters > len(v)/2 && oddity(v) < len(v)
}

// same tells whether a value is its own name, or the name of the variable that
// holds it, in another spelling: password = "password" is left to the weights,
// access_token = "accessToken" is a table of names.
func same(name, v []byte) bool {
	if len(v) < 6 {
		return false
	}
	if bytes.Equal(name, v) && count(v).lower == 0 {
		return true // PASSWORD = "PASSWORD"
	}
	i, j, words := len(name)-1, len(v)-1, 0
	for i >= 0 && j >= 0 {
		switch {
		case !isLetter(name[i]) && !isDigit(name[i]):
			i, words = i-1, words+1
		case !isLetter(v[j]) && !isDigit(v[j]):
			j, words = j-1, words+1
		case lower(name[i]) != lower(v[j]):
			return false
		default:
			i, j = i-1, j-1
		}
	}
	return j < 0 && (words > 0 || i >= 0) && len(v) > 8
}
