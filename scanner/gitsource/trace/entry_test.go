package trace

import (
	"bytes"
	"testing"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
)

// FuzzParse holds parse to the verdicts of odb.NextEntry, which the plain reader
// goes by.
func FuzzParse(f *testing.F) {
	id := bytes.Repeat([]byte{0xab}, object.MaxSize)
	seeds := 0
	for _, head := range []string{"100644 a\x00", "40000 folder\x00", "040000 x\x00", "160000 sub\x00", "7 \x00", "1234567 n\x00", "12345678 n\x00",
		" a\x00", "100644 \x00", "4\x00 a\x00", "1 a b\x00", "100644 a name of more than thirty-two bytes is looked at another way\x00", "16 x\x00", "", "100644", "100644 a"} {
		for cut := range 4 {
			b := append([]byte(head), id...)
			f.Add(b[:max(0, len(b)-cut*6)], cut%2 == 0)
			seeds++
		}
	}
	if seeds < 60 {
		f.Fatalf("%d seeds", seeds)
	}
	f.Fuzz(func(t *testing.T, b []byte, long bool) {
		format := object.SHA1
		if long {
			format = object.SHA256
		}
		want, rest, err := odb.NextEntry(b, format)
		e, end, ok := parse(b, 0, format.Size())
		if ok != (err == nil) {
			t.Fatalf("%q: %v, by odb %v", b, ok, err)
		}
		if !ok {
			return
		}
		as := aFile
		if want.IsTree() {
			as = aTree
		} else if want.IsLink() {
			as = aLink
		}
		if end != len(b)-len(rest) || !bytes.Equal(e.name, want.Name) || object.FromBytes(e.id) != want.ID || e.role != as {
			t.Errorf("%q: %q %x of role %d to %d, by odb %+v", b, e.name, e.id, e.role, end, want)
		}
	})
}
