package known

import (
	"encoding/base64"
	"encoding/hex"
)

// window chooses where the part of a value begins that stands for it: its most
// random windowSize bytes, plain ones if there are so many in a row. plain tells
// whether those are. A short value stands for itself, and what is chosen is where the
// bytes begin that the first hash is of.
func window(value []byte) (at int, plain bool) {
	size := windowSize
	if len(value) < windowSize {
		size = window8
	}
	best := -1
	for i := 0; i+size <= len(value); i++ {
		w := value[i : i+size]
		is := run(w, inPlain, size) == size
		score := variety(w) + 1000*ofBool(is) + 4000*ofBool(run(w, inPlain, window8) == window8) - 2000*loudness(w[:window8])
		if len(value) < windowSize {
			score = -loudness(w) // of those as good as each other the first: most begin there
		}
		if score > best || score == best && size == windowSize { // the later: what is fixed stands in front
			best, at, plain = score, i, is
		}
	}
	if size == window8 {
		plain = run(value, inPlain, len(value)) == len(value)
	}
	return at, plain
}

// floors are what the bytes of the first hash may be above. Text is passed over
// quickly where lower bytes stand: in front of '+' there are blanks, quotes and
// brackets, and what is left of a program are its longer words.
var floors = [...]byte{'+', ' ' + 1, 0}

// loudness is which of the floors all of some bytes are above.
func loudness(w []byte) (loud int) {
	for _, c := range w {
		for c < floors[loud] {
			loud++
		}
	}
	return loud
}

// variety scores how random a window looks: different bytes count, and so do changes
// between letters, digits and case. A run of zeros in a key has neither.
func variety(w []byte) (score int) {
	var seen [256]bool
	for i, c := range w {
		if !seen[c] {
			seen[c] = true
			score += 4
		}
		if i > 0 && kindOf(c) != kindOf(w[i-1]) {
			score++
		}
	}
	return score
}

func kindOf(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return 0
	case c >= 'a' && c <= 'z':
		return 1
	case c >= 'A' && c <= 'Z':
		return 2
	}
	return 3
}

func ofBool(b bool) int {
	if b {
		return 1
	}
	return 0
}

// eachSlot gives use the first eight bytes of a value's window in each of its forms:
// raw and escaped, base64 and hex. In base64 a value has one of three forms, by where
// it begins in what was encoded; a short one is found by that where it begins alone.
func eachSlot(value []byte, at int, use func(window []byte)) {
	word := func(form []byte) {
		if len(form) >= window8 {
			use(form[:window8])
		}
	}
	rest := value[at:]
	if head := rest[:window8]; run(head, inPlain, window8) == window8 {
		word(head)
	} else {
		for _, form := range spellings(head) {
			word(form)
		}
	}
	shifts := 3
	if len(value) < windowSize { // in another form it is looked for as a whole
		rest, shifts = value, 1
	}
	word(hex.AppendEncode(nil, rest[:window8/2]))
	for before := range shifts {
		padded := append(make([]byte, before, before+len(rest)), rest...)
		skip := (8*before + 5) / 6 // the first character that depends on the value alone
		standard := base64.RawStdEncoding.EncodeToString(padded)[skip:]
		word([]byte(standard))
		word([]byte(base64.RawURLEncoding.EncodeToString(padded)[skip:]))
	}
}
