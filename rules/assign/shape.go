package assign

import "bytes"

// shape is what a value looks like.
type shape byte

const (
	guessable  shape = iota // a well-known password: admin, 123456
	numeric                 // digits only, or 0x and hex digits
	lowerWord               // lower-case letters that make words
	lowerOdd                // lower-case letters that make none
	camelWord               // letters in both cases, words
	camelOdd                // letters in both cases, none
	upperWord               // CONSTANT_CASE
	joined                  // words with dashes, underscores or dots between them
	wordDigits              // words and digits: value4, summer2019
	oddShort                // letters and digits at random, fewer than 16
	oddLong                 // the same, 16 and more
	hexLong                 // 16 hex digits and more
	base64Long              // the base64 alphabet with + / or =, 16 and more
	symbols                 // with ! @ # $ % and the like, as in passwords
	dotted                  // with punctuation of code, paths and addresses, words
	dottedOdd               // the same, at random
	numShapes
)

// tally counts the sorts of bytes in a value.
type tally struct{ lower, upper, digit, hex, join, base64, symbol, punct, space, wide int }

func count(v []byte) (t tally) {
	for _, c := range v {
		if isHex(c) {
			t.hex++
		}
		switch {
		case 'a' <= c && c <= 'z':
			t.lower++
		case isUpper(c):
			t.upper++
		case isDigit(c):
			t.digit++
		case c == '_' || c == '-':
			t.join++
		case c == '+' || c == '/' || c == '=':
			t.base64++
		case bytes.IndexByte([]byte("!@#$%^&*?~|"), c) >= 0:
			t.symbol++
		case c == ' ':
			t.space++
		case c >= 0x80:
			t.wide++
		default:
			t.punct++
		}
	}
	return t
}

// shapeOf classes a value.
func shapeOf(v []byte, t *tally) shape {
	odd := oddity(v) > len(v)/2 // an eighth of a bit a byte
	letters := t.lower + t.upper
	switch n := len(v); {
	case is(v, guesses):
		return guessable
	case t.digit == n || n > 2 && v[0] == '0' && lower(v[1]) == 'x' && t.hex == n-1:
		return numeric
	case n >= 16 && t.hex == n && t.digit > 0:
		return hexLong
	case letters == n:
		return lettersShape(t, odd)
	case t.symbol > 0 && (t.punct == 0 || t.punct == 1 && t.digit > 0 && t.upper > 0):
		return symbols
	case n >= 16 && t.base64 > 0 && t.punct == 0 && odd:
		return base64Long
	case t.punct+t.base64+t.symbol > 0:
		return pick(odd, dottedOdd, dotted)
	case t.digit == 0 && !odd:
		return pick(t.lower == 0, upperWord, joined)
	case odd:
		return pick(n >= 16, oddLong, oddShort)
	}
	return wordDigits
}

// longestWord is how long letters in one case may be and still be a word or
// two; what is longer and runs on without a mark is a passphrase.
const longestWord = 22

func lettersShape(t *tally, odd bool) shape {
	odd = odd || t.lower > longestWord && t.upper == 0 || t.upper > longestWord && t.lower == 0
	switch {
	case t.upper == 0:
		return pick(odd, lowerOdd, lowerWord)
	case t.lower == 0:
		return pick(odd && t.upper > 8, camelOdd, upperWord)
	}
	return pick(odd, camelOdd, camelWord)
}

func pick[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

// guesses are passwords that everybody tries first. In a place where a password
// belongs they are still what opens the door.
var guesses = set("password", "passw0rd", "p@ssw0rd", "p@ssword", "passwd", "pass", "pass123", "password1", "password12", "password123", "password1234", "secret", "secret123", "admin", "admin123", "administrator", "root", "root123", "toor", "test", "test123", "test1234", "testing", "guest", "user", "changeme", "changeit", "change-me", "letmein", "welcome", "welcome1", "qwerty", "qwerty123",
	"123456", "1234567", "12345678", "123456789", "1234567890", "12345", "1234", "123123", "111111", "000000", "654321", "abc123", "abcd1234", "asdf", "asdfgh", "zxcvbn", "iloveyou", "monkey", "dragon", "postgres", "postgresql", "mysql", "oracle", "mongo", "mongodb", "redis", "rabbitmq", "elastic", "kibana", "grafana", "consul", "vagrant", "ubuntu", "default", "demo", "foobar", "foo", "bar", "hunter2", "supersecret", "topsecret", "mysecret", "mypassword", "mypass", "secretpassword", "rootpassword", "adminadmin", "adminpassword", "s3cret", "s3cr3t", "secure", "hello", "master", "access", "sikrit", "tiger", "scott", "nopass", "nopassword", "shadow", "superman", "batman", "login", "temp", "tmp")
