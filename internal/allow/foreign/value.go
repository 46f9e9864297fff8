package foreign

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // detect-secrets' choice; nothing here rests on it
	"crypto/sha256"
	"encoding/hex"

	"github.com/oakum-sec/oakum/leak"
)

// leastWithin is the shortest value that counts as a part of a foreign one: a
// shorter one is in too many by chance.
const leastWithin = 8

// same opens a value, to hash it or to look for it in the one that another tool
// has written down: tools differ in how much of a URL or a PEM block they take.
func same(r Record, s leak.Secret) (equal bool) {
	if s.IsZero() {
		return false
	}
	for _, v := range r.values {
		if v.Equal(s) || s.Len() >= leastWithin && within(s, v) {
			return true
		}
	}
	s.Reveal(func(value []byte) error { equal = hashes(value, r.hash); return nil }) // the func returns nil
	return equal
}

func within(part, whole leak.Secret) (is bool) {
	part.Reveal(func(p []byte) error {
		return whole.Reveal(func(w []byte) error { is = bytes.Contains(w, p); return nil })
	})
	return is
}

// hashes tells whether hash is value's SHA-1 or SHA-256, in hex.
func hashes(value []byte, hash string) bool {
	switch len(hash) {
	case hex.EncodedLen(sha1.Size):
		sum := sha1.Sum(value) //nolint:gosec // see above
		return hex.EncodeToString(sum[:]) == hash
	case hex.EncodedLen(sha256.Size):
		sum := sha256.Sum256(value)
		return hex.EncodeToString(sum[:]) == hash
	}
	return false
}
