package object_test

import (
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

var formats = []object.Format{object.SHA1, object.SHA256}

// TestIDs takes ids through every form that they have.
func TestIDs(t *testing.T) {
	for _, f := range formats {
		s := strings.Repeat("0123456789abcdef", 4)[:2*f.Size()]
		id, err := object.Parse(s)
		same, ok := f.Parse(s)
		cut, rest, ok2 := f.Cut(s + "\tmain")
		if err != nil || !ok || !ok2 || same != id || cut != id || rest != "\tmain" {
			t.Errorf("%s: %v, Parse %v, Cut %v leaves %q", f, err, ok, ok2, rest)
		}
		if id.String() != s || id.Format() != f || object.FromBytes(id.Bytes()) != id || id.IsZero() {
			t.Errorf("%s is %s of %s", s, id, id.Format())
		}
		if g, err := object.ParseFormat(f.String()); g != f || err != nil {
			t.Errorf("%s is read as %s: %v", f, g, err)
		}
	}
}

// TestNoIDs refuses what is none, in few words.
func TestNoIDs(t *testing.T) {
	long := strings.Repeat("1", 1000)
	for _, s := range []string{"", "1", long[:39], long[:41], long[:63], long[:65], long, strings.Repeat("g", 40), strings.Repeat("é", 20)} {
		if _, err := object.Parse(s); err == nil || len(err.Error()) > 400 {
			t.Errorf("%.80q: %v", s, err)
		}
		for _, f := range formats {
			if _, ok := f.Parse(s); ok {
				t.Errorf("%.80q is an id of %s", s, f)
			}
		}
	}
	for _, s := range []string{"", "sha512", long} {
		if _, err := object.ParseFormat(s); err == nil || len(err.Error()) > 400 {
			t.Errorf("format %.80q: %v", s, err)
		}
	}
}

// TestEmptyTree compares with what git mktree prints for no entries.
func TestEmptyTree(t *testing.T) {
	for f, want := range map[object.Format]string{
		object.SHA1:   "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
		object.SHA256: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
	} {
		if got := f.EmptyTree().String(); got != want {
			t.Errorf("%s: %s", f, got)
		}
	}
}

// TestKinds reads the words that String writes.
func TestKinds(t *testing.T) {
	for k := object.Commit; k <= object.Tag; k++ {
		if got, err := object.ParseKind(k.String()); got != k || err != nil {
			t.Errorf("%s is read as %s: %v", k, got, err)
		}
	}
	for _, word := range []string{"", "unknown", "ofs-delta", "Blob"} {
		if _, err := object.ParseKind(word); err == nil {
			t.Errorf("%q is a kind", word)
		}
	}
	if s := object.Kind(200).String(); s != "unknown" {
		t.Error(s)
	}
}
