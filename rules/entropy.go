package rules

import "math"

// entropy is Shannon's, in bits a byte: 0 for one byte repeated, 8 where all
// 256 are equally frequent. A value of n bytes has at most log2(n), so 3.5 asks
// for 12 different bytes at least. gitleaks counts runes; on ASCII, which
// credentials are, that is the same.
func Entropy(value []byte) float64 {
	if len(value) == 0 {
		return 0
	}
	var count [256]int
	for _, b := range value {
		count[b]++
	}
	n, sum := float64(len(value)), 0.0
	for _, c := range count {
		if c > 0 {
			p := float64(c) / n
			sum -= p * math.Log2(p)
		}
	}
	return sum
}
