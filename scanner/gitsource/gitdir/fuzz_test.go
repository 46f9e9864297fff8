package gitdir

import (
	"strings"
	"testing"
)

// FuzzIndex parses anything as an index, with and without its checksum.
func FuzzIndex(f *testing.F) {
	entry := strings.Repeat("\x00", 24) + "\x00\x00\x81\xa4" + strings.Repeat("\x00", 12) + strings.Repeat("i", 20) + "\x00\x03"
	none := strings.Repeat("\x00", 20) // git's own way to say: no checksum
	f.Add([]byte("DIRC\x00\x00\x00\x02\x00\x00\x00\x01" + entry + "a/b\x00\x00\x00\x00\x00\x00\x00" + none))
	f.Add([]byte("DIRC\x00\x00\x00\x04\x00\x00\x00\x02" + entry + "\x00a/b\x00" + entry + "\x01c\x00" + "TREE\x00\x00\x00\x06\x00-1 0\n" + none))
	f.Add([]byte("DIRC\x00\x00\x00\x02\x00\x00\x00\x00" + "REUC\x00\x00\x00\x1e" + "a\x00100644\x000\x000\x00" + strings.Repeat("i", 20) + none))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 20 {
			copy(b[len(b)-20:], none)
		}
		x, err := parseIndex(b)
		if err == nil && len(x.Entries) > len(b) {
			t.Errorf("%d entries in %d bytes", len(x.Entries), len(b))
		}
	})
}

// TestFuzzSeeds holds the seeds to what they are for: an index that parses.
func TestFuzzSeeds(t *testing.T) {
	entry := strings.Repeat("\x00", 24) + "\x00\x00\x81\xa4" + strings.Repeat("\x00", 12) + strings.Repeat("i", 20) + "\x00\x03"
	x, err := parseIndex([]byte("DIRC\x00\x00\x00\x04\x00\x00\x00\x02" + entry + "\x00a/b\x00" + entry + "\x01c\x00" + strings.Repeat("\x00", 20)))
	if err != nil || len(x.Entries) != 2 || x.Entries[1].Path != "a/c" {
		t.Errorf("%+v, %v", x, err)
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
