package known

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"github.com/oakum-sec/oakum/scanner"
)

// sweepSize is how many places of a text are asked at a time. They are noted first
// and looked at afterwards, so that the loop over all bytes has no branch.
const sweepSize = 1 << 10

// window8 is how many bytes the first hash is of.
const window8 = 8

// Find implements scanner.Known.
func (x *Index) Find(text []byte, from, to int, use func(scanner.KnownHit)) {
	if to = min(to, len(text)-window8+1); from >= to || len(x.records) == 0 {
		return
	}
	f, _ := x.spare.Get().(*finder)
	if f == nil {
		f = &finder{Index: x}
	}
	f.search, f.text, f.use = x.ready(), text, use
	f.bitmap, f.mask, f.factor, f.shift = x.filter.words, x.key.mix[0], x.key.mix[1], 64-uint(x.filter.log)
	for ; from < to; from += sweepSize {
		for _, i := range f.sweep(text[from:], min(sweepSize, to-from)) {
			f.look(from + int(i))
		}
	}
	clear(f.small[:])
	clear(f.large[:cap(f.large)])
	f.text, f.use = nil, nil
	x.spare.Put(f)
}

const (
	ones = 0x0101010101010101
	tops = 0x80 * ones
)

// sweep lists the first of size places in text at which window8 bytes are that the
// filter has. text has as many more bytes behind the last of them.
//
// It goes by eight bytes, and tells by their values alone where among these and the
// next ones there is no byte below the floor eight times in a row: in most text that
// is one place of four.
func (f *finder) sweep(text []byte, size int) []uint16 {
	out := &f.places
	text = text[:size+window8-1]
	lift := uint64(0x80-f.floor) * ones // carries into each byte's top bit what is not below
	i, n := 0, 0
	if len(text) >= 16 {
		low := lows(text, 0, lift)
		for ; i+16 <= len(text); i += 8 {
			next := lows(text, i+8, lift)
			first, last := 8-bits.LeadingZeros64(low)/8, bits.TrailingZeros64(next|1<<63)/8
			low = next
			for at := i + first; at <= i+last; at++ {
				out[n&(sweepSize-1)] = uint16(at)
				n += f.asks(text, at)
			}
		}
	}
	for ; i < size; i++ {
		out[n&(sweepSize-1)] = uint16(i)
		n += f.asks(text, i)
	}
	return out[:n]
}

// lows marks those of eight bytes that are below the floor by their top bits.
func lows(text []byte, at int, lift uint64) uint64 {
	w := binary.LittleEndian.Uint64(text[at : at+8])
	return ^((w&^tops + lift) | w) & tops
}

// asks is 1 where the filter has what stands at text[at:], else 0.
func (f *finder) asks(text []byte, at int) int {
	slot := (binary.LittleEndian.Uint64(text[at:at+8]) | foldAll ^ f.mask) * f.factor >> (f.shift & 63)
	return int(f.bitmap[slot/64] >> (slot & 63) & 1)
}

// finder looks at places of one text.
type finder struct {
	*Index
	*search
	text   []byte
	use    func(scanner.KnownHit)
	places [sweepSize]uint16
	small  [windowSize + utf8.UTFMax]byte // a short value, or a window, decoded
	large  []byte                         // a value

	bitmap       []uint64 // the filter's
	mask, factor uint64
	shift        uint
}

// look asks what may stand at text[at:], which the filter has: a form of a value's
// window, or of all of a short value.
func (f *finder) look(at int) {
	n := run(f.text[at:], inBase64, base64Window+1) // digits of hex are among these
	if f.long {
		f.raw(at)
		if n >= base64Window {
			f.base64(at, n)
			f.hex(at)
		}
	}
	if f.short {
		f.shorts(at)
		if n >= base64Least {
			f.forms(at, n)
		}
	}
	if f.altered[0] || f.altered[1] {
		f.escapes(at)
	}
}

// raw is for a window as it is: the value around it may be escaped.
func (f *finder) raw(at int) {
	if at+windowSize > len(f.text) {
		return
	}
	for _, r := range f.with(f.key.print(f.text[at:at+windowSize]), &f.sifts[1]) {
		if !r.short() {
			f.around(&r, at)
		}
	}
}

func (f *finder) around(r *record, at int) {
	start := at - int(r.at)
	if end := start + int(r.size); start >= 0 && end <= len(f.text) && f.is(r, f.text[start:end]) {
		f.tell(r, at, start, end, "", f.text[start:end])
		return
	}
	// Whoever escapes the rest of a value escapes the mark itself: where one stands in
	// the window as it is, that is not how it is written.
	around := f.text[max(0, at-int(r.at)*longestEscape):min(len(f.text), at+int(r.size)*longestEscape)]
	for m := range schemes {
		in := bytes.IndexByte(around, marks[m].mark) >= 0 && bytes.IndexByte(f.text[at:at+windowSize], marks[m].mark) < 0
		if in && f.unescaped(r, at, m) {
			return
		}
	}
	f.tell(r, at, 0, 0, "", nil)
}

// unescaped tells of r if its escaped form stands around its window, which is at
// text[at:].
func (f *finder) unescaped(r *record, at int, m scheme) bool {
	start := m.backward(f.text, at, int(r.at))
	if start < 0 {
		return false
	}
	var end int
	f.large, end = m.forward(f.large[:0], f.text, start, int(r.size))
	if end < 0 || end-start == int(r.size) || !f.is(r, f.large) {
		return false
	}
	f.tell(r, at, start, end, marks[m].name, f.large)
	return true
}

const (
	base64Window = windowSize * 8 / 6  // characters of base64 that a window fills
	base64Least  = (8*MinSize + 5) / 6 // that the shortest value has
)

// base64 is for a window's characters that depend on nothing else: 16 bytes are 21
// of them and a bit, or a bit of the one before and 21. n is how many there are, at least 21.
func (f *finder) base64(at, n int) {
	high, low := sextets(f.text[at : at+n])
	if n > base64Window {
		f.base64From(at, at*6, high, low)
	}
	if at > 0 && classes[f.text[at-1]]&inBase64 != 0 {
		before := uint64(sextet[f.text[at-1]])
		for _, bit := range [2]int{4, 2} { // so many of the window's stand there
			f.base64From(at, at*6-bit, before<<(64-bit)|high>>bit, high<<(64-bit)|low>>bit)
		}
	}
}

// base64From is for the window whose bits, high and low, begin with bit of the text,
// counted in six a character.
func (f *finder) base64From(at, bit int, high, low uint64) {
	for _, r := range f.with(f.key.printOf(bits.ReverseBytes64(high), bits.ReverseBytes64(low), windowSize), &f.sifts[1]) {
		if !r.short() {
			f.inBase64(&r, at, bit)
		}
	}
}

// inBase64 is for a value whose window begins with bit of the text.
func (f *finder) inBase64(r *record, at, bit int) {
	bit -= 8 * int(r.at)
	start, end := bit/6, (bit+8*int(r.size)+5)/6
	if bit >= 0 && end <= len(f.text) && run(f.text[start:], inBase64, end-start) == end-start {
		f.large = append(f.large[:0], make([]byte, r.size)...)
		unbase64(f.large, f.text[start:end], bit-start*6)
		if f.is(r, f.large) {
			f.tell(r, at, start, end, "base64", f.large)
			return
		}
	}
	f.tell(r, at, 0, 0, "", nil)
}

// hex is for a window's digits.
func (f *finder) hex(at int) {
	if run(f.text[at:], inHex, 2*windowSize) < 2*windowSize {
		return
	}
	w := f.small[:windowSize]
	unhex(w, f.text[at:])
	for _, r := range f.with(f.key.print(w), &f.sifts[1]) {
		if !r.short() {
			f.inHex(&r, at)
		}
	}
}

func (f *finder) inHex(r *record, at int) {
	start := at - 2*int(r.at)
	end := start + 2*int(r.size)
	if start >= 0 && end <= len(f.text) && run(f.text[start:], inHex, end-start) == end-start {
		f.large = append(f.large[:0], make([]byte, r.size)...)
		unhex(f.large, f.text[start:])
		if f.is(r, f.large) {
			f.tell(r, at, start, end, "hex", f.large)
			return
		}
	}
	f.tell(r, at, 0, 0, "", nil)
}

// is compares in the only way there is.
func (f *finder) is(r *record, value []byte) bool { return f.key.tagOf(value) == r.tag }

// tell tells of a value that was found, or, where end is 0, of its window alone: if
// what lies around changes it may become one. What lies farther away than the longest
// form of a value has no say.
func (f *finder) tell(r *record, at, start, end int, form string, value []byte) {
	hit := scanner.KnownHit{
		At: at, Start: start, End: end, Value: value, Form: form, Name: f.names[r.name], Vouched: r.bits >= vouchedBits,
	}
	if !r.short() {
		hit.Left = int(r.at)*longestEscape + longestEscape*longestRow
		hit.Right = (int(r.size)-int(r.at))*longestEscape + 1
	}
	f.use(hit)
}
