package known

import "math/bits"

// shorts is for short values, as words of their own, whose first hash is of what
// stands at text[at:]: bytes from somewhere in them, or the first ones of another form.
func (f *finder) shorts(at int) {
	if f.search.words.starts == 1 && !begins(f.text, at) { // as it mostly is
		return
	}
	cuts := f.cuts(at)
	for starts := f.search.words.starts; starts != 0; starts &= starts - 1 {
		into := bits.TrailingZeros16(starts)
		from := cuts >> (MinSize - into)
		if from&1 == 0 {
			continue
		}
		for sizes := f.search.words.sizes[into] & uint16(from); sizes != 0; sizes &= sizes - 1 {
			start := at - into
			end := start + bits.TrailingZeros16(sizes)
			f.word(at, start, end, "", f.text[start:end])
		}
	}
}

// forms is for the forms of short values that begin at text[at:], with n characters of
// base64.
func (f *finder) forms(at, n int) {
	if at == 0 || classes[f.text[at-1]]&inBase64 == 0 {
		f.wordBase64(at, n)
	}
	if at == 0 || classes[f.text[at-1]]&inHex == 0 {
		f.wordHex(at)
	}
}

// cuts tells where around text[at:] words can begin and end: bit n is for
// text[at-MinSize+n:], and a short value that has what stands at text[at:] in it lies
// between.
func (f *finder) cuts(at int) (cuts uint32) {
	low, high := at-MinSize, min(len(f.text), at+windowSize-1)
	before := uint8(0)
	if low > 0 {
		before = classes[f.text[low-1]]
	}
	for i := max(0, low); i < high; i++ {
		c := classes[f.text[i]]
		if before&c&inWord == 0 {
			cuts |= 1 << (i - low)
		}
		before = c
	}
	if high == len(f.text) || before&classes[f.text[high]]&inWord == 0 {
		cuts |= 1 << (high - low)
	}
	return cuts
}

// word tells of a value that text[start:end] is a form of.
func (f *finder) word(at, start, end int, form string, value []byte) {
	for _, r := range f.with(f.key.print(value), &f.sifts[0]) {
		if int(r.size) == len(value) && f.is(&r, value) {
			f.tell(&r, at, start, end, form, value)
		}
	}
}

// wordBase64 is for what is nothing but a short value in base64, of n characters: the
// longest has one less than is counted.
func (f *finder) wordBase64(at, n int) {
	size := n * 6 / 8
	if size < MinSize || size >= windowSize || f.lengths>>size&1 == 0 || (8*size+5)/6 != n {
		return
	}
	unbase64(f.small[:size], f.text[at:at+n], 0)
	f.word(at, at, at+n, "base64", f.small[:size])
}

// wordHex is for what is nothing but a short value in hex.
func (f *finder) wordHex(at int) {
	n := run(f.text[at:], inHex, 2*windowSize)
	size := n / 2
	if n%2 != 0 || size < MinSize || size >= windowSize || f.lengths>>size&1 == 0 {
		return
	}
	unhex(f.small[:size], f.text[at:])
	f.word(at, at, at+n, "hex", f.small[:size])
}

// nearEnd is how far from a place escapes are read to see what stands there: less
// than rules.Near, so that a change farther away cannot matter.
const nearEnd = 64

// escapes is for forms that escaping changes: of the first bytes of a value's window,
// or of a short value. Without a mark nearby there is no more than what is raw.
func (f *finder) escapes(at int) {
	farthest := max(0, bits.Len16(f.escaped.starts)-1)
	low, high := max(0, at-farthest*longestEscape), min(len(f.text), at+windowSize)
	around := classesOf(f.text[low:high]) / isMark
	if around == 0 {
		return
	}
	near := f.text[:min(len(f.text), at+nearEnd)]
	for m := range schemes {
		if around>>m&1 == 0 || !m.escapes(near[low:], high-low) {
			continue
		}
		if f.altered[1] {
			f.escapedWindow(near, at, m)
		}
		if f.altered[0] {
			f.escapedWord(near, at, m)
		}
	}
}

func (f *finder) escapedWindow(near []byte, at int, m scheme) {
	w, end := m.forward(f.small[:0], near, at, windowSize)
	if end < 0 || end == at+windowSize {
		return
	}
	for _, r := range f.with(f.key.print(w), &f.sifts[1]) {
		if !r.short() && !f.unescaped(&r, at, m) {
			f.tell(&r, at, 0, 0, "", nil)
		}
	}
}

// escapedWord is for the escaped forms of short values whose first hash is of what
// stands at text[at:]: what comes before that in them is read backwards.
func (f *finder) escapedWord(near []byte, at int, m scheme) {
	start, back := at, 0
	for starts := f.escaped.starts; starts != 0 && start >= 0; starts &= starts - 1 {
		into := bits.TrailingZeros16(starts)
		if start = m.backward(near[:start], start, into-back); start < 0 || !begins(f.text, start) {
			back = into
			continue
		}
		back = into
		f.escapedFrom(near, at, start, m, f.escaped.sizes[into])
	}
}

// escapedFrom is for those that begin at text[start:], of the sizes that are given as
// bits.
func (f *finder) escapedFrom(near []byte, at, start int, m scheme, sizes uint16) {
	value, end := f.small[:0], start
	for end < len(near) && sizes>>len(value) > 1 {
		if c := near[end]; c != marks[m].mark {
			value, end = append(value, c), end+1
		} else {
			out, size, width := m.unescape(near[end:])
			value, end = append(value, out[:size]...), end+width
		}
		if n := len(value); n < windowSize && sizes>>n&1 != 0 && end-start > n && ends(f.text, end) {
			f.word(at, start, end, marks[m].name, value)
		}
	}
}
