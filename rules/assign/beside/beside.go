// Package beside finds what stands beside a password and tells whose it is and
// where it opens something: the user, the host, the database, the account.
//
//	DB_USER=app          {"user": "app",        CREATE USER app            Server=x;User Id=app;
//	DB_PASSWORD=…         "password": "…"}      IDENTIFIED BY '…'          Password=…
//
// A person who reads a finding wants to know; who rotates it must. These are public
// facts, shown in clear, so that the package is stricter about what it tells than
// about what it misses: see fit.
//
// It promises to look at no more than [Reach] bytes to either side of the value, and
// never to give back the value, nor anything that looks as random as one.
//
// Its limits: it follows no variables, and reads no syntax but brackets, indentation
// and blank lines.
package beside

import "bytes"

// Reach is how far from the value, in bytes, the rest is looked for.
const Reach = 768

// Kind is what a fact tells.
type Kind byte

const (
	User Kind = iota
	Host
	Database
	Account
	kinds
)

func (k Kind) String() string { return [...]string{"user", "host", "database", "account"}[k] }

// KindOf gives the kind that a regexp's group of this name holds.
func KindOf(group string) (Kind, bool) {
	for k := range kinds {
		if k.String() == group {
			return k, true
		}
	}
	return 0, false
}

// Facts are what was found, by kind; empty where nothing was.
type Facts [kinds]string

// Put keeps what is fit to be told of kind k, if nothing is known of that yet.
func (f *Facts) Put(k Kind, fact, value []byte) {
	if f[k] == "" && fit(fact, value) {
		f[k] = string(fact)
	}
}

// Notes are the facts in words: "user app", "host db.internal".
func (f *Facts) Notes() (notes []string) {
	for k, fact := range f {
		if fact != "" {
			notes = append(notes, Kind(k).String()+" "+fact)
		}
	}
	return notes
}

// maxFact is the longest fact in bytes; a host name may have 253 (RFC 1035, 2.3.4),
// and one over 100 is generated.
const maxFact = 100

// longestMixed is how many letters and digits in a row a fact may have if there are
// several of both: more look like a token, whatever the name says.
const longestMixed = 15

// fit tells whether a fact may be shown: it is made of what names are made of, is
// no reference, is not the value, and nothing in it looks random.
func fit(fact, value []byte) bool {
	if len(fact) == 0 || len(fact) > maxFact || len(value) > 3 && (bytes.Contains(fact, value) || bytes.Equal(fact, value)) {
		return false
	}
	run, letters, digits := 0, 0, 0
	for _, c := range fact {
		switch {
		case c >= '0' && c <= '9':
			run, digits = run+1, digits+1
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			run, letters = run+1, letters+1
		case bytes.IndexByte([]byte("._-@:\\/+,"), c) >= 0:
			run, letters, digits = 0, 0, 0
		default:
			return false
		}
		if run > longestMixed && letters > 2 && digits > 2 {
			return false
		}
	}
	return !hollow[string(lowered(fact))]
}

// hollow are words of languages that stand where a name may.
var hollow = map[string]bool{"null": true, "none": true, "nil": true, "true": true, "false": true, "undefined": true, "string": true, "str": true,
	"varchar": true, "char": true, "text": true, "not": true, "with": true, "identified": true, "by": true, "self": true, "this": true, "os": true, "env": true,
	"the": true, "a": true, "of": true, "to": true, "for": true, "and": true, "or": true, "is": true, "current_user": true, "if": true}
