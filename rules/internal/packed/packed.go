// Package packed writes numbers and strings one behind the other, and reads them
// without copying a string: the form of an index that is read at every start.
//
// It promises that no input, cut or changed, makes a Reader crash, loop or take
// memory beyond what it is told that a number may be: it turns bad, and gives
// zeros from there on. Ok tells at the end.
//
// Its limits: nothing in the form says what stands where. Writer and reader have
// to agree, which is to say that they are of one version.
package packed

import "encoding/binary"

// Writer is what was written so far.
type Writer []byte

// Number writes n, which is not negative, as a uvarint.
func (w *Writer) Number(n int) { *w = binary.AppendUvarint(*w, uint64(n)) }

// Text writes the length of s and its bytes.
func (w *Writer) Text(s string) { w.Number(len(s)); *w = append(*w, s...) }

// Words writes each word as eight bytes, the lowest first.
func (w *Writer) Words(words [4]uint64) {
	for _, word := range words {
		*w = binary.LittleEndian.AppendUint64(*w, word)
	}
}

// Reader reads what a Writer wrote.
type Reader struct {
	rest string
	bad  bool
}

// NewReader reads from text, parts of which the strings it gives are.
func NewReader(text string) *Reader { return &Reader{rest: text} }

// Ok tells that all was read, and nothing was wrong with it.
func (r *Reader) Ok() bool { return !r.bad && r.rest == "" }

// Number reads one of at most limit.
func (r *Reader) Number(limit int) int {
	n, size := uint64(0), 0
	for shift := uint(0); size < len(r.rest) && shift < 63; shift += 7 {
		b := r.rest[size]
		size++
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			r.rest = r.rest[size:]
			if n <= uint64(limit) {
				return int(n)
			}
			break
		}
	}
	r.rest, r.bad = "", true
	return 0
}

// Text reads a string.
func (r *Reader) Text() string {
	n := r.Number(len(r.rest))
	if n > len(r.rest) {
		r.bad, n = true, 0
	}
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}

// Count reads how many items of at least a byte follow.
func (r *Reader) Count() int { return r.Number(len(r.rest)) }

// Words reads what Words wrote.
func (r *Reader) Words() (words [4]uint64) {
	if len(r.rest) < 32 {
		r.rest, r.bad = "", true
		return words
	}
	for i := range 32 {
		words[i/8] |= uint64(r.rest[i]) << (i % 8 * 8)
	}
	r.rest = r.rest[32:]
	return words
}
