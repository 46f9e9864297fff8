package gitdir

import (
	"bytes"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// indexSeeds are indexes with ids of format f and without a checksum: their
// last bytes are git's own way to say so.
func indexSeeds(f object.Format) [][]byte {
	id, none := strings.Repeat("i", f.Size()), strings.Repeat("\x00", f.Size())
	entry := strings.Repeat("\x00", 24) + "\x00\x00\x81\xa4" + strings.Repeat("\x00", 12) + id + "\x00\x03"
	padding := strings.Repeat("\x00", 8-(len(entry)+3)%8)
	return [][]byte{
		[]byte("DIRC\x00\x00\x00\x02\x00\x00\x00\x02" + entry + "a/b" + padding + entry + "a/c" + padding + none),
		[]byte("DIRC\x00\x00\x00\x04\x00\x00\x00\x02" + entry + "\x00a/b\x00" + entry + "\x01c\x00" + "TREE\x00\x00\x00\x06\x00-1 0\n" + none),
		[]byte("DIRC\x00\x00\x00\x02\x00\x00\x00\x00" + "REUC\x00\x00\x00" + string(rune(13+f.Size())) + "a\x00100644\x000\x000\x00" + id + none),
		[]byte("DIRC\x00\x00\x00\x02\x00\x00\x00\x00" + "TREE\x00\x00\x00" + string(rune(5+f.Size())) + "\x001 0\n" + id + none),
	}
}

// FuzzIndex parses anything as an index without a checksum, of either format.
func FuzzIndex(f *testing.F) {
	for _, format := range formats {
		for _, seed := range indexSeeds(format) {
			f.Add(seed)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, format := range formats {
			if n := len(b) - format.Size(); n > 0 {
				b = append(b[:n:n], make([]byte, format.Size())...)
			}
			x, err := parseIndex(b, format)
			if err == nil && len(x.Entries) > len(b) {
				t.Errorf("%d entries in %d bytes", len(x.Entries), len(b))
			}
		}
	})
}

var formats = []object.Format{object.SHA1, object.SHA256}

// TestIndexSeeds holds the seeds to what they are for: indexes that parse.
func TestIndexSeeds(t *testing.T) {
	for _, format := range formats {
		id := object.FromBytes(bytes.Repeat([]byte("i"), format.Size()))
		for i, want := range []string{"a/b a/c", "a/b a/c", "a", ""} {
			x, err := parseIndex(indexSeeds(format)[i], format)
			if err != nil {
				t.Errorf("%s, seed %d: %v", format, i, err)
				continue
			}
			var paths []string
			for _, e := range x.Entries {
				if paths = append(paths, e.Path); e.ID != id {
					t.Errorf("%s, seed %d: %s has the id %s", format, i, e.Path, e.ID)
				}
			}
			if got := strings.Join(paths, " "); got != want || (i == 3) != (x.Trees[""] == id) {
				t.Errorf("%s, seed %d: paths %q, trees %v", format, i, got, x.Trees)
			}
		}
	}
}

// FuzzReflog reads anything as a reflog's line.
func FuzzReflog(f *testing.F) {
	f.Add("Ann <a@example.org> 1600000000 +0100\tcommit: subject")
	f.Fuzz(func(t *testing.T, line string) {
		if _, message, ok := strings.Cut(line, "\t"); ok && !strings.HasSuffix(undated(line), message) {
			t.Error("the message is lost")
		}
	})
}
