package scanner

import (
	"encoding/binary"
	"math/bits"
)

// What a run of base64 or hex is: a word is a stretch of their characters between
// others, cut after maxRun of them. One that begins like encoded text and has
// minRun characters in a row that are no '+', '/' or '-' is a run. If it ends at a
// line's end and is minWrapped long, it goes on in the next line's word, and so on.
//
// A block is what words may so belong together: those between which there is
// nothing but white space, each but the last of minWrapped characters or more.
// What happens in one has no say in the next.

// eachRun calls use for each run that begins in text[from:to]. low and next are as
// in eachOf. It looks at eight bytes in every seventeen: minRun of a run in a row hold
// such eight, wherever they begin. Most text has a blank, a bracket or a dot among
// them, and is done with.
//
// In base64 of ASCII '+', '/' and '-' stand for '>', '?' and '~' alone, so that
// what has no minRun characters without one of them is not a credential's.
func eachRun(text []byte, low, from, to int, use func(start, end int)) (next int) {
	const step = minRun - 8 + 1
	pos := blockStart(text, low, from) // what begins before has been looked at
	stop := wordEnd(text, pos, to)
	for at := pos; at < stop && at+8 <= len(text); at += step {
		if at < pos || below(text[at:at+8]) != 0 || !solid(text, at) {
			continue
		}
		start, end := wordAround(text, pos, at)
		if start >= to {
			break
		}
		if isRun(text[start:end]) {
			end = unwrap(text, start, end, min(len(text), start+maxRun))
			if start >= from {
				use(start, end)
			}
		}
		pos = end
	}
	return max(pos, stop)
}

// below has the top bit of each byte of b set, the first one lowest, that is less
// than '0', as blanks, quotes, brackets, commas and dots are.
func below(b []byte) uint64 {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	w := binary.LittleEndian.Uint64(b)
	return ^((w | tops) - ones*'0') & ^w & tops
}

// solid tells whether minRun bytes in a row around the eight at text[at:], which are
// such, are not less than '0'. Near the ends of the text it says yes.
func solid(text []byte, at int) bool {
	if at < 16 || at+24 > len(text) {
		return true
	}
	n := 8 + bits.TrailingZeros64(below(text[at+8:at+16]))/8
	if n == 16 {
		n += bits.TrailingZeros64(below(text[at+16:at+24])) / 8
	}
	if n < minRun {
		before := bits.LeadingZeros64(below(text[at-8:at])) / 8
		if n += before; before == 8 {
			n += bits.LeadingZeros64(below(text[at-16:at-8])) / 8
		}
	}
	return n >= minRun
}

// wordAround is the word that text[at] is in; it begins at low at the earliest.
// Empty, behind at, where text[at] is in none.
func wordAround(text []byte, low, at int) (start, end int) {
	if classes[text[at]] == 0 {
		return at + 1, at + 1
	}
	for start = at; start > low && classes[text[start-1]] != 0; start-- {
	}
	start += (at - start) / maxRun * maxRun
	limit := min(len(text), start+maxRun)
	for end = at + 1; end < limit && classes[text[end]] != 0; end++ {
	}
	return start, end
}

// wordEnd is where the word ends that begins before to and goes on there; to if
// there is none.
func wordEnd(text []byte, low, to int) int {
	if to <= low || to >= len(text) || classes[text[to-1]] == 0 || classes[text[to]] == 0 {
		return to
	}
	_, end := wordAround(text, low, to-1)
	return end
}

// isRun tells whether a word, in which no byte is of another class, is worth
// decoding.
func isRun(word []byte) bool {
	if len(word) < minRun || !evenBytes(word) && !isHex(word[:minRun]) {
		return false
	}
	n := 0
	for _, c := range word {
		if n++; c < '0' {
			n = 0
		}
		if n == minRun {
			return true
		}
	}
	return false
}

// unwrap lets a run that ends at a line's end go on in the next lines that lie
// before limit. A line that limit cuts is the next run's: base64 read from its
// middle decodes to nothing.
func unwrap(text []byte, start, end, limit int) int {
	line := end - start
	for line >= minWrapped {
		next := end
		if next < limit && text[next] == '\r' {
			next++
		}
		if next >= limit || text[next] != '\n' {
			return end
		}
		for next++; next < limit && (text[next] == ' ' || text[next] == '\t'); {
			next++
		}
		first := next
		for next < limit && classes[text[next]] != 0 {
			next++
		}
		line = next - first
		if line == 0 || next == limit && limit < len(text) {
			return end
		}
		end = next
	}
	return end
}

// blockStart is where the block begins that text[from] is in, or that ends there:
// low at the earliest, from if there is none.
func blockStart(text []byte, low, from int) int {
	if from <= low {
		return low
	}
	p := from
	for {
		for p > low && classes[text[p-1]] != 0 {
			p--
		}
		q := p
		for q > low && isBlank(text[q-1]) {
			q--
		}
		if q == p || q-low < minWrapped || !isWord(text[q-minWrapped:q]) {
			return p
		}
		p = q
	}
}

// blockEnd is where the last word ends that a change of what lies before to may
// make part of another block.
func blockEnd(text []byte, to int) int {
	for word := minWrapped; word >= minWrapped; {
		first := to
		for first < len(text) && isBlank(text[first]) {
			first++
		}
		end := first
		for end < len(text) && classes[text[end]] != 0 {
			end++
		}
		if end == first {
			return to
		}
		if word = end - first; first == to { // its begin may lie before
			word = minWrapped
		}
		to = end
	}
	return to
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func isWord(b []byte) bool {
	for _, c := range b {
		if classes[c] == 0 {
			return false
		}
	}
	return true
}
