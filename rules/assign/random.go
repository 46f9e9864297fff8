package assign

//go:generate go run gen_trigram.go

// oddity tells how unlike words a value's letters are: the evidence, in quarters
// of a bit, that they follow each other at random rather than as in English and
// in identifiers. It is far below 0 for words and above it for random letters.
// Shannon's entropy, which asks how often each letter comes, not in what order,
// can't tell the two apart in a short value.
//
// A digit between letters, and a change to capitals inside a word, counts as
// evidence too: two bits each.
func oddity(value []byte) int {
	sum, a, b := 0, 0, 0
	for i, c := range value {
		k := letterClass(c)
		if k != 0 || b != 0 { // edges count, other bytes in a row do not
			sum += int(trigrams[(a*27+b)*27+k]) - '0' - 32
		}
		if k != 0 && i > 0 && (isDigit(value[i-1]) || isUpper(c) && isUpper(value[i-1]) != (i > 1 && isUpper(value[i-2]))) {
			sum += 8
		}
		a, b = b, k
	}
	return sum
}

func letterClass(c byte) int {
	if c |= 0x20; 'a' <= c && c <= 'z' {
		return int(c-'a') + 1
	}
	return 0
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
