package scanner

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
)

// lines makes n bytes of text with lines of many lengths, one of them longer
// than a window.
func lines(n int) []byte {
	r := rand.New(rand.NewPCG(3, 4))
	out := make([]byte, 0, n)
	for len(out) < n {
		width := r.IntN(200)
		if len(out) > n/3 && len(out) < n/3+300 {
			width = windowSize + 100
		}
		out = append(append(out, bytes.Repeat([]byte{'a' + byte(r.IntN(26))}, width)...), '\n')
	}
	return out[:n]
}

// The windows of a text, their own parts put together, are the text; the context
// is what stands around them; positions are those of the whole.
func TestWindowsCoverTheText(t *testing.T) {
	for _, n := range []int{0, 1, 100, windowSize, windowSize + 3*minContext, 5*windowSize + 77} {
		text := lines(n)
		for _, size := range []int64{int64(n), -1, 0} {
			r := &reader{context: minContext}
			var own []byte
			got, err := r.windows(iotest.HalfReader(bytes.NewReader(text)), size, func(w *window) bool {
				if !bytes.Equal(w.text, text[w.base:int(w.base)+len(w.text)]) {
					t.Fatalf("size %d: the window at %d shows other text", n, w.base)
				}
				if w.base > 0 && w.from < minContext || !w.last && len(w.text)-w.to < minContext {
					t.Errorf("size %d: the window at %d has too little around it", n, w.base)
				}
				checkPositions(t, text, w)
				own = append(own, w.text[w.from:w.to]...)
				return true
			})
			if err != nil || got != int64(n) || !bytes.Equal(own, text) {
				t.Errorf("size %d (said %d): read %d, %v; windows cover %d bytes", n, size, got, err, len(own))
			}
		}
	}
}

func checkPositions(t *testing.T, text []byte, w *window) {
	t.Helper()
	for at := w.from; at < w.to; at += 99_991 {
		whole := int(w.base) + at
		line, column := w.position(at)
		wantLine := 1 + bytes.Count(text[:whole], []byte{'\n'})
		wantColumn := whole - bytes.LastIndexByte(text[:whole], '\n')
		if line != wantLine || column != wantColumn {
			t.Fatalf("offset %d is said to be at %d:%d, is at %d:%d", whole, line, column, wantLine, wantColumn)
		}
	}
}

func TestWindowsTellReadErrors(t *testing.T) {
	r := &reader{context: minContext}
	src := io.MultiReader(bytes.NewReader(lines(5000)), iotest.ErrReader(io.ErrUnexpectedEOF))
	seen := 0
	n, err := r.windows(src, -1, func(w *window) bool { seen += w.to - w.from; return true })
	if !errors.Is(err, io.ErrUnexpectedEOF) || n != 5000 || seen != 5000 {
		t.Errorf("read %d bytes, saw %d, error %v", n, seen, err)
	}
}

func encode16(s string, order binary.AppendByteOrder) (out []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, u)
	}
	return out
}

func TestUTF16(t *testing.T) {
	text := strings.Repeat("pässword = \U0001F511 key\n", 3000)
	for name, order := range map[string]binary.AppendByteOrder{"utf-16le": binary.LittleEndian, "utf-16be": binary.BigEndian} {
		raw := encode16(text, order)
		k := sniff(raw[:sniffSize])
		if k.utf16 != nil { // more than one in four characters is not ASCII here only by chance
			if got := k.decoded(); len(got) != 1 || got[0] != name {
				t.Errorf("%s is taken for %v", name, got)
			}
		}
		marked := encode16("\uFEFF"+text, order)
		k = sniff(marked[:sniffSize])
		if got := k.decoded(); len(got) != 1 || got[0] != name || k.bom != 2 {
			t.Errorf("%s with a mark is taken for %v", name, got)
		}
		order, _ := order.(binary.ByteOrder)
		for _, wrap := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader} {
			out, err := io.ReadAll(&utf16Reader{src: wrap(bytes.NewReader(raw)), order: order})
			if err != nil || string(out) != text {
				t.Errorf("%s is decoded to %d bytes instead of %d, %v", name, len(out), len(text), err)
			}
		}
	}
}

func TestSniff(t *testing.T) {
	for text, want := range map[string]kind{
		"plain text, long enough": {},
		"":                        {},
		"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00text":        {binary: true},
		"p\x00a\x00s\x00s\x00w\x00o\x00r\x00d\x00=\x00x\x00": {utf16: binary.LittleEndian},
		"\x00p\x00a\x00s\x00s\x00w\x00o\x00r\x00d\x00=\x00x": {utf16: binary.BigEndian},
		"\xff\xfea\x00":                        {utf16: binary.LittleEndian, bom: 2},
		"\xfe\xff\x00a":                        {utf16: binary.BigEndian, bom: 2},
		"\xff\xfetwo bytes do not hide a text": {},
	} {
		if got := sniff([]byte(text)); got != want {
			t.Errorf("%q is taken for %+v, not %+v", text, got, want)
		}
	}
}
