package main

import (
	"encoding/base64"
	"math/rand/v2"
	"strings"
)

// maker makes values. The same seed gives the same ones.
type maker struct {
	*rand.Rand
	words []string
}

const (
	lowers = "abcdefghijklmnopqrstuvwxyz"
	uppers = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
	hexes  = "0123456789abcdef"
)

func title(w string) string { return strings.ToUpper(w[:1]) + w[1:] }

// from draws n characters.
func (m maker) from(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[m.IntN(len(alphabet))]
	}
	return string(b)
}

// one picks a string.
func (m maker) one(of ...string) string { return of[m.IntN(len(of))] }

func (m maker) word() string { return m.words[m.IntN(len(m.words))] }

func (m maker) hex() string {
	h := m.from(hexes, []int{16, 24, 32, 40, 48, 64}[m.IntN(6)])
	if m.IntN(5) == 0 {
		return strings.ToUpper(h)
	}
	return h
}

func (m maker) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(m.Uint32())
	}
	return b
}

func (m maker) base64() string {
	e := []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding, base64.URLEncoding}[m.IntN(3)]
	return e.EncodeToString(m.bytes(12 + m.IntN(53)))
}

// random is what a program draws: letters and digits, in one case or both, with
// marks or without.
func (m maker) random() string {
	alphabet := []string{lowers + digits, lowers + uppers + digits, uppers + digits, lowers + uppers + digits + "!@#$%^&*-_=+?", lowers + uppers + digits + "-_", lowers}[m.IntN(6)]
	return m.from(alphabet, 10+m.IntN(40))
}

// password is what people make up: words, names, years, altered a little.
func (m maker) password() string {
	w, x := m.word(), m.word()
	year, number := m.one("19", "20")+m.from(digits, 2), m.from(digits, 1+m.IntN(4))
	mark := m.from("!@#$%*?._-&", 1)
	switch m.IntN(12) {
	case 0:
		return title(w) + year + mark
	case 1:
		return title(w) + number + mark
	case 2:
		return w + number
	case 3:
		return leet(w) + m.one("", number, mark)
	case 4:
		return title(w) + title(x) + number
	case 5:
		return title(w) + m.from("-_.", 1) + title(x) + number + m.one("", mark)
	case 6:
		return mark + title(w) + mark + number
	case 7:
		return m.one("P@ss", "Pass", "pa$$", "Adm1n", "Qwerty", "S3cret", "R00t") + m.one("w0rd", "word", "") + number + m.one("", mark)
	case 8:
		return title(leet(w)) + mark + title(x) + number
	case 9:
		return w + m.one("", "-", "_") + x + m.one("", number)
	case 10:
		return m.one("qwer", "asdf", "zxcv", "qaz", "1q2w", "abc", "wsx") + m.one("tyui", "ghjk", "3e4r", "123", "WSX") + m.one("", mark, number)
	}
	return title(w) + m.one("Is", "For", "And", "My", "The") + title(x) + m.one("", mark, number)
}

// strong is a made-up password with a capital, a digit and a mark.
func (m maker) strong() string {
	for {
		p := m.password()
		if strings.ContainsAny(p, uppers) && strings.ContainsAny(p, digits) && strings.ContainsAny(p, "!@#$%*?._-&") {
			return p
		}
	}
}

var leets = strings.NewReplacer("a", "@", "e", "3", "i", "1", "o", "0", "s", "$")

// leet replaces letters by what looks like them.
func leet(w string) string { return leets.Replace(w) }
