package gitleaks

import (
	"math"

	"github.com/oakum-sec/oakum/leak"
)

// This file opens a Secret: to show it where the user said --reveal, and for
// gitleaks' column of entropies.

// valueOf is the value as text.
func valueOf(s leak.Secret) (text string) {
	s.Reveal(func(v []byte) error { text = string(v); return nil }) // the func returns nil
	return text
}

// entropy is Shannon's, in bits a character, rounded to a tenth: seven digits of
// it would tell which letters of a short password are equal.
func entropy(value string) float32 {
	count, n := map[rune]int{}, 0
	for _, r := range value {
		count[r]++
		n++
	}
	sum := 0.0
	for _, c := range count {
		p := float64(c) / float64(n)
		sum -= p * math.Log2(p)
	}
	return float32(math.Round(sum*10) / 10)
}
