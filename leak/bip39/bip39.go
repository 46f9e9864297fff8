// Package bip39 reads wallets' recovery phrases.
//
// A phrase of 12 to 24 words of a list of 2,048 is 128 to 256 bits and, in the
// last word, 4 to 8 bits of their SHA-256 (BIP 39). english.txt is the list that
// the proposal publishes.
//
// Its promise: Check takes no time to speak of and never panics. Its limits: the
// English list alone, small letters, words separated by single spaces.
package bip39

import (
	"crypto/sha256"
	_ "embed"
	"sort"
	"strings"
	"sync"
)

//go:embed english.txt
var english string

// list is english as sorted words, split when the first phrase comes.
var list = sync.OnceValue(func() []string { return strings.Fields(english) })

// Check tells how many of the phrase's words are in the list, and whether all
// are and their checksum holds.
func Check(words []string) (known int, holds bool) {
	var bits []byte // one a byte
	for _, word := range words {
		at := sort.SearchStrings(list(), word)
		if at == len(list()) || list()[at] != word {
			continue
		}
		known++
		for i := 10; i >= 0; i-- {
			bits = append(bits, byte(at>>i&1))
		}
	}
	if known != len(words) || known%3 != 0 || known < 12 || known > 24 {
		return known, false
	}
	sums := len(bits) / 33
	entropy := make([]byte, (len(bits)-sums)/8)
	for i := range len(entropy) * 8 {
		entropy[i/8] = entropy[i/8]<<1 | bits[i]
	}
	sum := sha256.Sum256(entropy)
	for i, bit := range bits[len(entropy)*8:] {
		if sum[0]>>(7-i)&1 != bit {
			return known, false
		}
	}
	return known, true
}

// Phrase writes the bytes, 16, 20, 24, 28 or 32 of them, as words.
func Phrase(entropy []byte) string {
	sum := sha256.Sum256(entropy)
	all := append(append([]byte(nil), entropy...), sum[0])
	words := make([]string, len(entropy)*8/32*3)
	for i := range words {
		at := 0
		for bit := i * 11; bit < i*11+11; bit++ {
			at = at<<1 | int(all[bit/8]>>(7-bit%8)&1)
		}
		words[i] = list()[at]
	}
	return strings.Join(words, " ")
}
