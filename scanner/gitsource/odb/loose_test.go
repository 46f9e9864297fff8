package odb_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

// writeLoose puts a file in an object's place.
func (r repo) writeLoose(id odb.ID, content []byte) {
	r.t.Helper()
	s := id.String()
	name := filepath.Join(r.dir, ".git", "objects", s[:2], s[2:])
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(name, content, 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// TestLooseHeaders reads objects with headers that git would not write.
func TestLooseHeaders(t *testing.T) { eachFormat(t, testLooseHeaders) }

func testLooseHeaders(t *testing.T, f object.Format) {
	r := newRepo(t, f, 1)
	id := mustID(strings.Repeat("ab", f.Size()))
	for content, good := range map[string]bool{
		"blob 3\x00abc":                    true,
		"blob 0\x00":                       true,
		"":                                 false,
		"blob":                             false,
		"blob 3":                           false,
		"blob\x00abc":                      false,
		"blob -3\x00abc":                   false,
		"blob +3\x00abc":                   false,
		"blob 2\x00abc":                    false,
		"blob 4\x00abc":                    false,
		"blob 99999999999999999999\x00abc": false,
		"ofs-delta 3\x00abc":               false,
		"unknown 3\x00abc":                 false,
		"blob " + strings.Repeat("0", 40) + "3\x00abc": false,
	} {
		r.writeLoose(id, deflate([]byte(content)))
		db := r.open()
		kind, data, err := db.Read(id)
		if _, body, _ := strings.Cut(content, "\x00"); good && (err != nil || kind != object.Blob || string(data) != body) {
			t.Errorf("%.40q is read as %q: %v", content, data, err)
		}
		if !good && !errors.Is(err, odb.ErrDamaged) {
			t.Errorf("%.40q is read: %v", content, err)
		}
	}
}

// TestLooseBomb lists a few bytes that claim to be 400 MB: nobody gets to take memory
// for that.
func TestLooseBomb(t *testing.T) {
	r := newRepo(t, object.SHA1, 1)
	id := mustID(strings.Repeat("ab", 20))
	r.writeLoose(id, deflate([]byte("blob 400000000\x00abc")))
	loose, gaps := r.open().Loose()
	i := slices.IndexFunc(loose, func(l pack.Loose) bool { return l.ID == id })
	if i < 0 || len(gaps) > 0 {
		t.Fatalf("it is not among %d objects: %v", len(loose), gaps)
	}
	if l := loose[i]; l.Kind != object.Unknown || l.Size != -1 {
		t.Errorf("it is a %v of %d bytes", l.Kind, l.Size)
	}
	if _, err := loose[i].Open(); !errors.Is(err, odb.ErrDamaged) {
		t.Errorf("it is opened: %v", err)
	}
}

// FuzzLoose reads anything as a loose object, deflated or not.
func FuzzLoose(f *testing.F) {
	f.Add([]byte("blob 3\x00abc"), true)
	f.Add([]byte("blob 3\x00abc"), false)
	f.Fuzz(func(t *testing.T, b []byte, compress bool) {
		r := repo{t, object.SHA1, t.TempDir()}
		id := mustID(strings.Repeat("ab", 20))
		if compress {
			b = deflate(b)
		}
		r.writeLoose(id, b)
		db := r.open()
		defer db.Close()
		kind, data, err := db.Read(id)
		if err == nil && (kind < object.Commit || kind > object.Tag) {
			t.Errorf("%d bytes are read as an object of kind %d", len(data), kind)
		}
		if err != nil && !errors.Is(err, odb.ErrDamaged) && !errors.Is(err, odb.ErrTooLarge) {
			t.Error(err)
		}
	})
}
