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
	if a.most(text) < threshold {
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
	strength, last := meaning(name)
	if strength == nothing || strength == unknowable {
		return "name"
	}
	if strength == aKey && (len(v) < 16 || oddity(v) < len(v)) {
		return "weak name"
	}
	if strength == aKey && publicKey(text[max(0, a.Key[0]-8):a.Key[0]]) {
		return "name"
	}
	bare, t := a.Quote == 0, count(v)
	switch {
	case t.digit == len(v) && about(name):
		return "name" // ERROR_WRONG_PASSWORD = 1323
	case reference(v, bare) || a.Quote == '"' && variableInside(v):
		return "reference"
	case color(v) || pattern(v):
		return "pattern"
	case placeholder(v):
		return "placeholder"
	case is(v, constants):
		return "constant"
	case stored(v):
		return "hash"
	case uuid(v) && !(strength >= anAPIKey && last):
		return "uuid" // an identifier, unless the name insists: client_secret
	case bare && expression(v):
		return "expression"
	case prose(v) || bare && (t.wide > 0 || a.Is(Tail) && a.Op == Colon && identifier(v)):
		return "prose"
	case same(name, v) || a.Is(Wrapped) && a.Next == ',' && bytes.EqualFold(name, v):
		return "name again"
	}
	return ""
}

// publicKey tells whether the bytes before a mere "key" call it a public one.
func publicKey(lead []byte) bool { return contains(lead, "public") }

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
