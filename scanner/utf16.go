package scanner

import (
	"bytes"
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// sniffSize is how much of a text tells its kind: git's own measure (8,000
// bytes, buffer_is_binary in its xdiff-interface.c).
const sniffSize = 8000

// kind is what the first bytes of a text say it is.
type kind struct {
	utf16  binary.ByteOrder // nil: not UTF-16
	bom    int              // bytes of byte order mark
	binary bool
}

func (k kind) decoded() []string {
	switch k.utf16 {
	case binary.LittleEndian:
		return []string{"utf-16le"}
	case binary.BigEndian:
		return []string{"utf-16be"}
	}
	return nil
}

// sniff looks at the first bytes of a text. UTF-16 without a mark is told by its
// zero bytes: in text they all stand on one side of each pair.
func sniff(head []byte) kind {
	switch {
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}) && !falseMark(head):
		return kind{utf16: binary.LittleEndian, bom: 2}
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}) && !falseMark(head):
		return kind{utf16: binary.BigEndian, bom: 2}
	}
	if bytes.IndexByte(head, 0) < 0 {
		return kind{}
	}
	var zero [2]int
	for i, c := range head {
		if c == 0 {
			zero[i&1]++
		}
	}
	half := len(head) / 2
	switch most := half * 3 / 4; {
	case half < 8:
	case zero[1] > most && zero[0] == 0:
		return kind{utf16: binary.LittleEndian}
	case zero[0] > most && zero[1] == 0:
		return kind{utf16: binary.BigEndian}
	}
	return kind{binary: true}
}

// falseMark tells whether plain text follows what looks like a mark: two bytes
// must not hide a file. In UTF-16 both bytes of nearly every pair are printable
// ASCII in no language; of Chinese text a good third is.
func falseMark(head []byte) bool {
	pairs, plain := 0, 0
	for i := 2; i+1 < len(head); i += 2 {
		pairs++
		if printable(head[i]) && printable(head[i+1]) {
			plain++
		}
	}
	return pairs > 8 && plain*10 > pairs*9
}

func printable(c byte) bool { return c >= ' ' && c < 0x7F || c == '\n' || c == '\r' || c == '\t' }

// utf16Reader turns UTF-16 into UTF-8; what is no valid pair becomes U+FFFD.
type utf16Reader struct {
	src   io.Reader
	order binary.ByteOrder
	in    []byte // read, not yet decoded: less than a whole character
	out   []byte // decoded, not yet asked for
	err   error
	buf   [4096]byte
}

func (r *utf16Reader) Read(p []byte) (int, error) {
	for len(r.out) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		var n int
		n, r.err = r.src.Read(r.buf[:])
		r.in = append(r.in, r.buf[:n]...)
		r.decode()
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

func (r *utf16Reader) decode() {
	r.out = r.out[:0]
	i := 0
	for ; i+1 < len(r.in); i += 2 {
		c := rune(r.order.Uint16(r.in[i:]))
		if utf16.IsSurrogate(c) {
			if i+3 >= len(r.in) && r.err == nil {
				break
			}
			if i+3 < len(r.in) {
				if pair := utf16.DecodeRune(c, rune(r.order.Uint16(r.in[i+2:]))); pair != utf8.RuneError {
					c = pair
					i += 2
				}
			}
		}
		r.out = utf8.AppendRune(r.out, c)
	}
	r.in = append(r.in[:0], r.in[i:]...)
}

// decodeUTF16 decodes a piece that is in memory.
func decodeUTF16(text []byte, order binary.ByteOrder) []byte {
	out, _ := io.ReadAll(&utf16Reader{src: bytes.NewReader(text), order: order})
	return out
}
