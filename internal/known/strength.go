package known

import (
	"bytes"
	"math"
	"strings"

	"github.com/oakum-sec/oakum/rules/assign"
)

// StrongBits is what a value must have to be taken without a second word: a keyed
// hash of a weaker one, whose key has got about, falls to a single machine in days.
const StrongBits = 50

// vouchedBits is from when on a hash of a value may stand in a report. A rule vouches
// for 96 bits; what is estimated is asked for more.
const vouchedBits = 128

// maxBits is where counting ends.
const maxBits = 255

// Strength estimates how many guesses, in bits, somebody needs who knows how people
// and programs make secrets: words, years, rows of keys and repetitions are worth
// little, random characters what their alphabet gives. It is no proof of strength: a
// value may stand on a list that we do not have.
func Strength(value []byte) int {
	if n := period(value); n < len(value) {
		return min(maxBits, Strength(value[:n])+2)
	}
	alone := aloneCost(value)
	total := 0.0
	for at := 0; at < len(value); {
		n, cost := piece(value[at:], alone)
		if n == 1 && !alnum(value[at]) && bytes.IndexByte(value[:at], value[at]) >= 0 {
			cost = min(cost, againCost)
		}
		at, total = at+n, total+cost
	}
	if digits := bytes.ReplaceAll(value, []byte("-"), nil); len(digits) >= 16 && run(digits, inHex, len(digits)) == len(digits) && oneCase(digits) {
		total = min(total, 4*float64(len(digits)))
	}
	// What is a placeholder, a reference or a mask for one who looks for passwords may
	// be a random one that begins with $; the letters between tell.
	if total < 4*float64(len(value)) && assign.Hollow(value) != "" {
		return 0
	}
	return min(maxBits, int(total))
}

// period is how long the shortest piece is that value is repetitions of.
func period(value []byte) int {
	for n := 1; n <= len(value)/2; n++ {
		if bytes.Equal(value[n:], value[:len(value)-n]) {
			return n
		}
	}
	return len(value)
}

func oneCase(b []byte) bool {
	return bytes.Equal(bytes.ToLower(b), b) || bytes.Equal(bytes.ToUpper(b), b)
}

func alnum(c byte) bool { return classes[c]&inWord != 0 && c != '_' }

// aloneCost is what a character costs that stands among others for no reason that one
// sees: it is one of as many as its kinds have.
func aloneCost(value []byte) float64 {
	var kinds [4]int
	seen := map[byte]bool{}
	for _, c := range value {
		if k := kindOf(c); !seen[c] {
			seen[c] = true
			kinds[k]++
		}
	}
	many := 0
	for k, of := range [4]int{10, 26, 26, 32} {
		if kinds[k] > 0 && (k < 3 || kinds[k] > 2) {
			many += of
		}
	}
	return math.Log2(float64(max(many, 10)))
}

// Costs in bits of what people build passwords of.
const (
	wordCost    = 9   // one of the few hundred that come first
	caseCost    = 1   // a capital in front, or all of them
	letterCost  = 2.2 // of a letter in something that can be spoken: English has about two
	yearCost    = 6
	rowCost     = 5 // a row of keys or of the alphabet, of any length
	symbolCost  = 4 // most take one of ten
	againCost   = 1 // the same once more, between words
	shortestRow = 4
)

// piece is what a value begins with, as somebody who guesses sees it: its length and
// price. alone is that of a character for itself.
func piece(s []byte, alone float64) (n int, cost float64) {
	if n := listed(s); n > 0 {
		return n, wordCost + caseCost
	}
	if n := row(s); n >= shortestRow {
		return n, rowCost
	}
	digits := 0
	for digits < len(s) && s[digits] >= '0' && s[digits] <= '9' {
		digits++
	}
	if digits == 4 && (s[0] == '1' && s[1] == '9' || s[0] == '2' && s[1] == '0') {
		return 4, yearCost
	}
	if n := spoken(s); n > 0 {
		return n, letterCost*float64(n) + caseCost
	}
	if !alnum(s[0]) && alone < maxSymbols {
		return 1, symbolCost
	}
	return 1, alone
}

// maxSymbols is what a character costs where there are so many symbols that they are
// no ornament.
var maxSymbols = math.Log2(62 + 32)

// listed is how long the word of the list is that s begins with, in any case and with
// digits for letters; 0 without one.
func listed(s []byte) (longest int) {
	plain := make([]byte, 0, 16)
	for _, c := range s[:min(len(s), 16)] {
		plain = append(plain, plainLetter(c)|0x20)
	}
	for n := 4; n <= len(plain); n++ {
		if common[string(plain[:n])] {
			longest = n
		}
	}
	return longest
}

// plainLetter is the letter that people write a digit or a symbol for.
func plainLetter(c byte) byte {
	if i := strings.IndexByte("0134578@$!", c); i >= 0 {
		return "oieastbasi"[i]
	}
	return c
}

// common are the words that passwords are made of: those that every list of leaked
// ones begins with, and what the people of our trade add to them.
var common = setOf(" password passwort passwd pass secret admin administrator root user login letmein welcome hello changeme change master" +
	" dragon monkey football baseball iloveyou love princess sunshine shadow superman batman michael jordan trustno access test testing" +
	" tester demo example sample default guest public private server client database data postgres mysql oracle redis mongo docker" +
	" kubernetes production prod staging stage development devel local localhost internal system service account company office" +
	" summer winter spring autumn january february march april june july august september october november december monday tuesday" +
	" wednesday thursday friday saturday sunday correct horse battery staple token apikey access temp temporary backup manager super" +
	" jenkins gitlab github google amazon azure cloud linux windows ubuntu debian apple orange banana cheese coffee money freedom" +
	" qwerty qwertz azerty asdf zxcv internet computer network security secure hunter killer flower soccer hockey ranger buster this that with from your ")

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// row is how many bytes follow each other at the start of s: the same, the next or the
// one before, in the alphabet or on a keyboard.
func row(s []byte) int {
	const keyboard = "qwertyuiop asdfghjkl zxcvbnm 1234567890 qwertzuiop yxcvbnm"
	longest := 0
	for _, step := range []int{0, 1, -1} {
		n := 1
		for n < len(s) && int(s[n])-int(s[n-1]) == step {
			n++
		}
		longest = max(longest, n)
	}
	low := strings.ToLower(string(s[:min(len(s), 12)]))
	for n := shortestRow; n <= len(low) && strings.Contains(keyboard, low[:n]); n++ {
		longest = max(longest, n)
	}
	return longest
}

// spoken is how many letters s begins with that make a word, or could: as one writes
// words, small, with a capital in front or all in capitals, with a vowel now and then
// and no more than four other letters in between. What is random hardly ever has five.
func spoken(s []byte) int {
	n := wordIn(s)
	if n < 5 {
		if n = wordIn(s, []byte("0134578@$")...); n < 7 {
			return 0
		}
	}
	vowels, between := 0, 0
	for _, c := range s[:n] {
		if strings.IndexByte("aeiouy", plainLetter(c)|0x20) >= 0 {
			vowels, between = vowels+1, 0
		} else if between++; between > 4 {
			return 0
		}
	}
	if vowels*5 < n || vowels*3 > 2*n {
		return 0
	}
	return n
}

// wordIn is how many letters s begins with that are written as one word is; so many
// others count as letters behind the first.
func wordIn(s []byte, others ...byte) int {
	upper := func(i int) bool { return i < len(s) && s[i] >= 'A' && s[i] <= 'Z' }
	lower := func(i int) bool {
		return i < len(s) && (s[i] >= 'a' && s[i] <= 'z' || i > 0 && bytes.IndexByte(others, s[i]) >= 0)
	}
	n := 0
	if upper(0) && upper(1) {
		for upper(n) {
			n++
		}
		return n
	}
	if upper(0) {
		n++
	}
	for lower(n) {
		n++
	}
	return n
}

// Class is a strength in a word.
func Class(bits int) string {
	switch {
	case bits < StrongBits:
		return "weak"
	case bits < 80:
		return "fair"
	case bits < vouchedBits:
		return "strong"
	}
	return "very strong"
}
