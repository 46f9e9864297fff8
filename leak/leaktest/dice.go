package leaktest

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"text/template"
)

// Alphabets of the character functions.
const (
	digits    = "0123456789"
	lower     = "abcdefghijklmnopqrstuvwxyz"
	upper     = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	hexLower  = digits + "abcdef"
	hexUpper  = digits + "ABCDEF"
	base62    = digits + upper + lower
	base64Std = upper + lower + digits + "+/"
	base64URL = upper + lower + digits + "-_"
	base32x   = upper + "234567"
)

// maxDraw bounds what one call may ask for, in characters.
const maxDraw = 1 << 20

// dice is the stream of chance behind one Render. ChaCha8 is specified, so the
// stream never changes under us.
type dice struct{ *rand.Rand }

func newDice(seed uint64) *dice {
	key := [32]byte{}
	copy(key[8:], "oakum leaktest v1")
	binary.LittleEndian.PutUint64(key[:], seed)
	return &dice{rand.New(rand.NewChaCha8(key))}
}

func (d *dice) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(d.Uint32())
	}
	return b
}

// Read makes d an io.Reader, for signers that want one.
func (d *dice) Read(p []byte) (int, error) { return copy(p, d.bytes(len(p))), nil }

// draw gives n characters of the alphabet that look random. Chance alone gives,
// now and then, a hex string without letters or with one digit in a row, which
// a detector rightly doubts; such draws are thrown again.
func (d *dice) draw(alphabet string, n int) (string, error) {
	if n < 0 || n > maxDraw || alphabet == "" {
		return "", fmt.Errorf("draw %d characters of %q: the alphabet must not be empty and the number be from 0 to %d", n, alphabet, maxDraw)
	}
	var out strings.Builder
	for n > 0 {
		chunk := min(n, 64)
		if n-chunk < 16 {
			chunk = min(n, 80) // no short rest, which could not hold every class
		}
		out.WriteString(d.chunk(alphabet, chunk))
		n -= chunk
	}
	return out.String(), nil
}

// must is draw where alphabet and n are constants of ours.
func (d *dice) must(alphabet string, n int) string {
	s, err := d.draw(alphabet, n)
	if err != nil {
		panic(err)
	}
	return s
}

func (d *dice) chunk(alphabet string, n int) string {
	b := make([]byte, n)
	for range 20_000 { // a handful do, but for tiny alphabets that can never please
		for i := range b {
			b[i] = alphabet[d.IntN(len(alphabet))]
		}
		if looksRandom(b, alphabet) {
			break
		}
	}
	return string(b)
}

// looksRandom asks for an entropy of at least 88 % of what so many characters
// can have (3.5 bits for 32 hex digits), for a digit, a small and a capital
// letter where the alphabet has them and there is room, and for no run of three
// and no word that detectors take for a placeholder.
func looksRandom(b []byte, alphabet string) bool {
	if len(alphabet) < 4 || len(b) < 4 {
		return true
	}
	most := math.Log2(float64(min(len(b), len(alphabet))))
	if entropy(b) < 0.88*most {
		return false
	}
	if len(b) >= 8 {
		for _, class := range []string{digits, lower, upper} {
			if strings.ContainsAny(alphabet, class) && !strings.ContainsAny(string(b), class) {
				return false
			}
		}
	}
	for i := 2; i < len(b); i++ {
		if b[i] == b[i-1] && b[i] == b[i-2] {
			return false
		}
	}
	return !readsLikePlaceholder(string(b))
}

var placeholderWords = []string{"test", "fake", "demo", "dummy", "null", "none", "user", "pass", "abc", "123", "foo", "bar", "key", "xxx", "not"}

func readsLikePlaceholder(s string) bool {
	s = strings.ToLower(s)
	for _, w := range placeholderWords {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// entropy is Shannon's, in bits a byte.
func entropy(b []byte) float64 {
	var count [256]int
	for _, c := range b {
		count[c]++
	}
	sum := 0.0
	for _, n := range count {
		if n > 0 {
			p := float64(n) / float64(len(b))
			sum -= p * math.Log2(p)
		}
	}
	return sum
}

// characters are the plain draws: {{alnum 20}}, {{from "xyz" 8}}.
func characters(d *dice) template.FuncMap {
	of := func(alphabet string) func(int) (string, error) {
		return func(n int) (string, error) { return d.draw(alphabet, n) }
	}
	return template.FuncMap{
		"digits":     of(digits),
		"lower":      of(lower),
		"upper":      of(upper),
		"alnum":      of(base62),
		"alnumLower": of(digits + lower),
		"alnumUpper": of(digits + upper),
		"letters":    of(lower + upper),
		"hex":        of(hexLower),
		"hexUpper":   of(hexUpper),
		"base64":     of(base64Std),
		"base64url":  of(base64URL),
		"base32":     of(base32x),
		"from":       d.draw,
		"int": func(lo, hi int) (int, error) { // from lo to hi, both included
			if hi < lo {
				return 0, fmt.Errorf("int %d %d: nothing lies between", lo, hi)
			}
			return lo + d.IntN(hi-lo+1), nil
		},
		"pick": func(one string, more ...string) string {
			return append([]string{one}, more...)[d.IntN(len(more)+1)]
		},
		"uuid": d.uuid,
	}
}

// uuid is a version 4 UUID (RFC 9562).
func (d *dice) uuid() string {
	s := d.must(hexLower, 32)
	return s[:8] + "-" + s[8:12] + "-4" + s[13:16] + "-" + string("89ab"[d.IntN(4)]) + s[17:20] + "-" + s[20:]
}
