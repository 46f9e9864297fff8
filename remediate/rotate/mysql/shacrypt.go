package mysql

import (
	"bytes"
	"crypto/sha256"
	"strconv"
	"strings"
)

// The layout of what MySQL keeps for caching_sha2_password: "$A$", thousands of rounds
// in three hexadecimal digits, "$", a salt, and the digest in crypt's own base 64
// (https://dev.mysql.com/worklog/task/?id=9591).
const (
	cachingMark   = "$A$"
	cachingSalt   = 20
	cachingDigest = 43
	mostRounds    = 100_000 // a user could set its own, of up to four million
)

// caches tells whether what MySQL keeps was made of a password.
func caches(kept, password string) bool {
	rest, ok := strings.CutPrefix(kept, cachingMark)
	if !ok || len(rest) != 4+cachingSalt+cachingDigest || rest[3] != '$' {
		return false
	}
	thousands, err := strconv.ParseUint(rest[:3], 16, 16)
	if err != nil || thousands == 0 || thousands*1000 > mostRounds {
		return false
	}
	salt := rest[4 : 4+cachingSalt]
	return same(rest[4+cachingSalt:], shaCrypt([]byte(password), []byte(salt), int(thousands)*1000))
}

// shaCrypt is SHA-crypt with SHA-256 (https://www.akkadia.org/drepper/SHA-crypt.txt; the
// numbers are its steps), with a salt of any length.
func shaCrypt(key, salt []byte, rounds int) string {
	sum := func(parts ...[]byte) []byte {
		s := sha256.Sum256(bytes.Join(parts, nil))
		return s[:]
	}
	fill := func(digest []byte, n int) []byte { return bytes.Repeat(digest, n/len(digest)+1)[:n] }
	b := sum(key, salt, key)                                     // 4 to 8
	a := bytes.Join([][]byte{key, salt, fill(b, len(key))}, nil) // 1 to 3, 9, 10
	for n := len(key); n > 0; n >>= 1 {                          // 11
		a = append(a, map[bool][]byte{true: b, false: key}[n&1 == 1]...)
	}
	c := sum(a)                                                 // 12
	p := fill(sum(bytes.Repeat(key, len(key))), len(key))       // 13 to 16
	s := fill(sum(bytes.Repeat(salt, 16+int(c[0]))), len(salt)) // 17 to 20
	text := make([]byte, 0, 2*len(key)+len(salt)+sha256.Size)
	for i := range rounds { // 21
		text := text[:0]
		add := func(when bool, part []byte) {
			if when {
				text = append(text, part...)
			}
		}
		odd := i&1 == 1
		add(odd, p)
		add(!odd, c)
		add(i%3 != 0, s)
		add(i%7 != 0, p)
		add(odd, c)
		add(!odd, p)
		sum := sha256.Sum256(text)
		copy(c, sum[:])
	}
	return crypted(c)
}

// crypted is a digest in the order and the letters of crypt (22).
func crypted(c []byte) string {
	const letters = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	var out []byte
	write := func(w, n int) {
		for ; n > 0; n-- {
			out = append(out, letters[w&63])
			w >>= 6
		}
	}
	for i, at := 0, [3]int{0, 10, 20}; i < 10; i++ {
		write(int(c[at[0]])<<16|int(c[at[1]])<<8|int(c[at[2]]), 4)
		at = [3]int{at[2] + 1, at[0] + 1, at[1] + 1}
	}
	write(int(c[31])<<8|int(c[30]), 3)
	return string(out)
}
