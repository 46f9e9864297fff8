package scanner

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules/builtin"
)

// scribe writes texts with secrets of all kinds in them and edits them, at random.
type scribe struct {
	*rand.Rand
	secrets []string
}

// draft is a text and where each of its bytes stands in the text before it; -1:
// nowhere.
type draft struct {
	text []byte
	from []int32
}

// newScribe makes the same texts of the same seed.
func newScribe(secrets []string, seed uint64) *scribe {
	return &scribe{Rand: rand.New(rand.NewPCG(seed, 20261124)), secrets: secrets}
}

// secretsOf renders what the built-in rules must find, and must not.
func secretsOf(tb testing.TB, seed uint64) (list []string) {
	tb.Helper()
	for _, r := range builtin.Set().Rules() {
		for _, tmpl := range append(r.Want[:len(r.Want):len(r.Want)], r.NotWant...) {
			list = append(list, leaktest.Must(seed, tmpl))
		}
	}
	if len(list) < 500 {
		tb.Fatalf("only %d texts of the built-in rules", len(list))
	}
	return list
}

func (s *scribe) secret() string { return s.secrets[s.IntN(len(s.secrets))] }

// piece is a bit of a text, some of it many times as long as a window.
func (s *scribe) piece() string {
	switch s.IntN(16) {
	case 0, 1, 2:
		return s.secret() + s.joint()
	case 3:
		return s.encode(s.secret()+s.joint()) + s.joint()
	case 4:
		return s.encode(s.source(s.IntN(1200))+s.secret()) + s.joint()
	case 5:
		deep := s.secret()
		for range s.IntN(6) {
			deep = s.encode(deep)
		}
		return deep + s.joint()
	case 6:
		return strings.ReplaceAll(strings.ReplaceAll(s.source(s.IntN(3000))+s.secret(), "\n", ";"), " ", "")
	case 7:
		return s.block(s.IntN(3000)) + s.joint()
	case 8:
		return s.long() + s.joint()
	case 9:
		return fmt.Sprintf("%s_password_%d = \"%s%d\"\n", []string{"db", "my", ""}[s.IntN(3)], s.IntN(100), "kT9vQ2xLw", s.IntN(1e9))
	}
	return s.source(s.IntN(1500))
}

// long is what a rule that reaches far reads at length, whole or not.
func (s *scribe) long() string {
	body := strings.Repeat(hex.EncodeToString([]byte(s.source(40)))[:60], 1+s.IntN(40))
	before := []string{"eyJ", "https://user:", "mysql://root:", "otpauth://totp/", "machine example.com login joe password ", "pypi-AgEIcHlwaS5vcmc"}[s.IntN(6)]
	after := []string{"", ".eyJ" + body + "." + body, "@example.com/db", "?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", " "}[s.IntN(5)]
	return before + body + after
}

func (s *scribe) joint() string {
	return []string{"", "\n", " ", "\"", "\r\n", "\n    ", "/", "=", ";", "\n\n", "é", "%41", `\u0041`, "\x00", "-----", "A", "\\"}[s.IntN(17)]
}

// source is like a program's: lines with words, numbers, strings.
func (s *scribe) source(n int) string {
	words := []string{"func", "token", "value", "secret", "if", "err", "return", "http://example.com/a/b", "password", "key", "the", "100%", `"\n"`, "0x1f", "a.b(c)", "{", "}", "==", "aVeryLongIdentifierOfManyWords", "x", "?>~", "~~>>??"}
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(words[s.IntN(len(words))] + []string{" ", " ", " ", "\n", "\n\t", "(", ", "}[s.IntN(7)])
	}
	return b.String()
}

// block is what looks like wrapped encoded text and decodes to nothing.
func (s *scribe) block(n int) string {
	return wrap(s.noise(n), 30+s.IntN(50), []string{"\n", "\r\n", "\n  ", "\n\t", " "}[s.IntN(5)])
}

func (s *scribe) noise(n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[s.IntN(len(alphabet))]
	}
	return string(b)
}

func (s *scribe) encode(text string) string {
	switch s.IntN(8) {
	case 0, 1:
		return base64.StdEncoding.EncodeToString([]byte(text))
	case 2, 3:
		return wrap(base64.RawURLEncoding.EncodeToString([]byte(text)), 40+4*s.IntN(12), []string{"\n", "\r\n", "\n    "}[s.IntN(3)])
	case 4:
		return hex.EncodeToString([]byte(text))
	case 5:
		var wide []byte
		for _, c := range []byte(text) {
			wide = append(wide, c, 0)
		}
		return base64.StdEncoding.EncodeToString(wide)
	}
	var b strings.Builder // some characters escaped, or all
	format, every := []string{"%%%02x", `\u%04x`, `\x%02x`}[s.IntN(3)], 1+s.IntN(20)
	for _, c := range []byte(text) {
		if s.IntN(every) == 0 && c > ' ' {
			fmt.Fprintf(&b, format, c)
		} else if c > ' ' {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func (s *scribe) write(pieces int) *draft {
	d := &draft{}
	for range pieces {
		d.text = append(d.text, s.piece()...)
	}
	return d
}

// edit makes the next text of d, in so many steps.
func (s *scribe) edit(old *draft, steps int) *draft {
	d := &draft{text: bytes.Clone(old.text), from: make([]int32, len(old.text))}
	for i := range d.from {
		d.from[i] = int32(i)
	}
	for range steps {
		at := s.IntN(len(d.text) + 1)
		to := min(len(d.text), at+s.size())
		switch s.IntN(11) {
		case 0, 1:
			d.replace(at, at, []byte(s.piece()), nil)
		case 2:
			d.replace(at, at, []byte(s.joint()), nil)
		case 3:
			d.replace(at, to, nil, nil)
		case 4:
			d.replace(at, min(len(d.text), at+1+s.IntN(3)), []byte(s.joint()), nil)
		case 5: // move
			text, from := bytes.Clone(d.text[at:to]), slices.Clone(d.from[at:to])
			d.replace(at, to, nil, nil)
			at = s.IntN(len(d.text) + 1)
			d.replace(at, at, text, from)
		case 6, 7: // copy what may be a copy
			text, from := bytes.Clone(d.text[at:to]), slices.Clone(d.from[at:to])
			if s.IntN(2) == 0 {
				at = s.IntN(len(d.text) + 1)
			}
			d.replace(at, at, text, from)
		case 8: // what has not changed counts as new
			for i := at; i < to; i++ {
				d.from[i] = -1
			}
		case 9: // another begin, another end
			if n := min(1+s.IntN(1<<s.IntN(8)), len(d.text)); s.IntN(2) == 0 {
				d.replace(0, n, nil, nil)
			} else {
				d.replace(len(d.text)-n, len(d.text), nil, nil)
			}
		case 10: // tiny copies
			if len(old.text) > 0 {
				from := s.IntN(len(old.text))
				end := min(len(old.text), from+1+s.IntN(40))
				at = min(at, len(d.text))
				d.replace(at, at, old.text[from:end], count(from, end))
			}
		}
	}
	return d
}

// tap changes a byte: anywhere, or at one of spots.
func (s *scribe) tap(old *draft, spots []int) *draft {
	d := &draft{text: bytes.Clone(old.text), from: count(0, len(old.text))}
	at := s.IntN(len(d.text) + 1)
	if len(spots) > 0 && s.IntN(4) > 0 {
		at = max(0, min(spots[s.IntN(len(spots))], len(d.text)))
	}
	to := min(at+s.IntN(2), len(d.text))
	d.replace(at, to, []byte([]string{"", "x", "!", " ", ";", "A", "\n", "x\xf0"}[s.IntN(8)]), nil)
	return d
}

// size is that of an edit: mostly small, now and then most of a text.
func (s *scribe) size() int { return 1 + s.IntN(1<<s.IntN(14)) }

func count(from, to int) (list []int32) {
	for ; from < to; from++ {
		list = append(list, int32(from))
	}
	return list
}

// replace puts text for d.text[at:to]; it is new where from is nil.
func (d *draft) replace(at, to int, text []byte, from []int32) {
	if from == nil {
		from = make([]int32, len(text))
		for i := range from {
			from[i] = -1
		}
	}
	d.text = slices.Replace(d.text, at, to, text...)
	d.from = slices.Replace(d.from, at, to, from...)
}

// copies is what a delta would say.
func (d *draft) copies() (list []Copied) {
	for i, from := range d.from {
		if from < 0 {
			continue
		}
		if n := len(list); i > 0 && n > 0 && d.from[i-1] >= 0 && list[n-1].At+list[n-1].Len == i && d.from[i-1]+1 == from {
			list[n-1].Len++
		} else {
			list = append(list, Copied{At: i, From: int(from), Len: 1})
		}
	}
	return list
}
