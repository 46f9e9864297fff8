package known

// class of a byte.
const (
	inBase64 = 1 << iota // either alphabet, without '='
	inHex
	inWord  // what a word is made of
	inPlain // what no escaping touches: RFC 3986's unreserved characters
	isMark  // of the first scheme; the next bits are the others'
)

var classes = func() (t [256]uint8) {
	for c := range 256 {
		b := byte(c)
		switch {
		case b >= '0' && b <= '9', b >= 'a' && b <= 'f', b >= 'A' && b <= 'F':
			t[c] = inBase64 | inHex | inWord | inPlain
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b == '_':
			t[c] = inBase64 | inWord | inPlain
		case b == '-':
			t[c] = inBase64 | inPlain
		case b == '+', b == '/':
			t[c] = inBase64
		case b == '.', b == '~':
			t[c] = inPlain
		}
	}
	for m := range schemes {
		t[marks[m].mark] |= isMark << m
	}
	return t
}()

// run is how many bytes of a class text begins with, most of them at most.
func run(text []byte, class uint8, most int) int {
	most = min(most, len(text))
	for i := range most {
		if classes[text[i]]&class == 0 {
			return i
		}
	}
	return most
}

// begins tells whether text[start:] begins as a word does that stands by itself: no
// word goes on there.
func begins(text []byte, start int) bool {
	return start == 0 || classes[text[start-1]]&classes[text[start]]&inWord == 0
}

// ends tells whether text[:end] ends so.
func ends(text []byte, end int) bool {
	return end == len(text) || classes[text[end-1]]&classes[text[end]]&inWord == 0
}

// classesOf are all classes of which text has a byte.
func classesOf(text []byte) (some uint8) {
	for _, c := range text {
		some |= classes[c]
	}
	return some
}

// sextet is what a character of base64 stands for, in either alphabet.
var sextet = func() (t [256]uint8) {
	for i := range uint8(26) {
		t['A'+i], t['a'+i] = i, i+26
	}
	for i := range uint8(10) {
		t['0'+i] = i + 52
	}
	t['+'], t['-'], t['/'], t['_'] = 62, 62, 63, 63
	return t
}()

// sextets are the first 128 bits of what text stands for, which has 21 characters or
// 22: zeros for what is missing.
func sextets(text []byte) (high, low uint64) {
	for _, c := range text[:10] {
		high = high<<6 | uint64(sextet[c])
	}
	middle := uint64(sextet[text[10]])
	for _, c := range text[11:21] {
		low = low<<6 | uint64(sextet[c])
	}
	low <<= 2
	if len(text) > 21 {
		low |= uint64(sextet[text[21]] >> 4)
	}
	return high<<4 | middle>>2, middle<<62 | low
}

// unbase64 reads bytes out of base64 that begins anywhere: out's first bit is bit
// from of the characters in text, which are all of the class. What lies behind text
// is zeros.
func unbase64(out, text []byte, from int) {
	held, have := uint32(0), -from
	for i := range out {
		for have < 8 {
			held <<= 6
			if len(text) > 0 {
				held |= uint32(sextet[text[0]])
				text = text[1:]
			}
			have += 6
		}
		have -= 8
		out[i] = byte(held >> have)
	}
}

// unhex reads len(out) bytes of hex, which is all of the class.
func unhex(out, text []byte) {
	for i := range out {
		out[i] = nibble(text[2*i])<<4 | nibble(text[2*i+1])
	}
}

func nibble(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&7 + 9 // 'a' and 'A' end in 1
}
