package gitsource_test

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/gitsource"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// wantRemembered scans with what old remembers, nil for nothing, and holds what is
// told to what a scan without any memory tells. It returns what is remembered then,
// and how much was told.
func (s *sandbox) wantRemembered(t *testing.T, old []byte) (fresh []byte, n int) {
	t.Helper()
	r := s.open(gitsource.Options{})
	m := r.Remember(recalled(t, old))
	got, n := told(t, r)
	if want, _ := told(t, s.open(gitsource.Options{})); got != want {
		t.Errorf("without memory:\n%s\nwith:\n%s", want, got)
	}
	fresh, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return fresh, n
}

func recalled(t *testing.T, stored []byte) *gitsource.Memory {
	t.Helper()
	if stored == nil {
		return nil
	}
	m := &gitsource.Memory{}
	if err := m.UnmarshalBinary(stored); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestMemoryOfGrowingHistory scans a repository again and again while commits come
// and branches go, and git packs, unpacks and forgets.
func TestMemoryOfGrowingHistory(t *testing.T) {
	between := [][]string{
		{"repack", "-q", "-d"},
		{"branch", "-q", "aside"},
		{"repack", "-q", "-a", "-d", "-f", "--depth=30"},
		{"reset", "-q", "--soft", "main~7"},
		{"branch", "-q", "-D", "aside"},
		{"-c", "gc.reflogExpire=now", "-c", "gc.reflogExpireUnreachable=now", "gc", "-q", "--prune=now"},
		{"multi-pack-index", "write"},
		nil,
	}
	eachFormat(t, func(t *testing.T, f object.Format) {
		s, e := newSandbox(t, f), newEditor(21)
		var stored []byte
		all := 0
		for i, do := range between {
			e.grow(s, 8)
			var n int
			stored, n = s.wantRemembered(t, stored)
			if do != nil {
				s.git(do...)
				stored, n = s.wantRemembered(t, stored)
			}
			if all += n; n == 0 && i > 0 {
				t.Errorf("after %v nothing is told at all", do)
			}
		}
		if all < 500 {
			t.Errorf("%d findings in all are too few to mean anything", all)
		}
	})
}

func newEditor(seed uint64) *editor {
	e := &editor{rng: rand.New(rand.NewPCG(seed, 6)), seed: seed * 1000, files: map[string][]string{}}
	for _, name := range []string{"app.py", "conf/prod.yml", "min.js", "wide.txt", "blob.bin"} {
		for range 100 + e.rng.IntN(200) {
			e.files[name] = append(e.files[name], e.line())
		}
	}
	return e
}

// grow imports commits upon main.
func (e *editor) grow(s *sandbox, commits int) {
	var in strings.Builder
	for i := range commits {
		s.clock++
		fmt.Fprintf(&in, "commit refs/heads/main\ncommitter C <c@example.org> %d +0000\ndata 2\nm\n", 1600000000+100*s.clock)
		if _, err := s.try("", "rev-parse", "-q", "--verify", "main"); err == nil && i == 0 {
			in.WriteString("from refs/heads/main^0\n")
		}
		name := slices.Sorted(maps.Keys(e.files))[e.rng.IntN(len(e.files))]
		e.edit(name)
		text := e.text(name)
		fmt.Fprintf(&in, "M 100644 inline %s\ndata %d\n%s\n\n", name, len(text), text)
	}
	s.feed(in.String(), "fast-import", "--quiet", "--force")
}

// TestMemoryOfHidingPlaces: whatever place there is, submodules among them.
func TestMemoryOfHidingPlaces(t *testing.T) {
	eachFormat(t, func(t *testing.T, f object.Format) {
		s, _ := hide(t, f)
		stored, _ := s.wantRemembered(t, nil)
		again, n := s.wantRemembered(t, stored)
		if n < 40 {
			t.Errorf("%d findings are too few", n)
		}
		if string(again) != string(stored) {
			t.Error("a second scan of the same remembers something else")
		}
		s.git("repack", "-q", "-a", "-d", "-k")
		s.wantRemembered(t, again)
	})
}

// TestMemoryIsBelieved: a memory that another rule made hides what that rule does
// not know. So objects that are remembered are not probed again, and nobody may use
// a memory with other rules.
func TestMemoryIsBelieved(t *testing.T) {
	s := newSandbox(t, object.SHA1)
	s.write("a.env", leaktest.Must(1, `TOKEN={{github "ghp_"}}`))
	s.commit("one")
	os.Remove(filepath.Join(s.dir, "a.env"))
	other, err := rules.Compile([]rules.Rule{{ID: "other", Description: "other", Regex: `nothing-has-this-[0-9]{20}`, Keywords: []string{"nothing-has-this"}}})
	if err != nil {
		t.Fatal(err)
	}
	r := s.open(gitsource.Options{})
	m := r.Remember(nil)
	if _, err := scanner.New(other, scanner.Options{}).Scan(t.Context(), r, func(scanner.Event) error { return nil }); err != nil {
		t.Fatal(err)
	}
	b, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	r = s.open(gitsource.Options{})
	r.Remember(recalled(t, b))
	if _, n := told(t, r); n != 0 {
		t.Errorf("%d findings: what is remembered was probed again", n)
	}
	if _, n := told(t, s.open(gitsource.Options{})); n != 1 {
		t.Errorf("%d findings without a memory, 1 is there", n)
	}
}

// TestMemoryDamaged changes each byte of a memory and cuts it everywhere. Most is
// refused; what is not, since it says something else that could be, must not harm.
func TestMemoryDamaged(t *testing.T) {
	s := newSandbox(t, object.SHA1)
	e := newEditor(3)
	e.grow(s, 5)
	stored, _ := s.wantRemembered(t, nil)
	set, refused := builtin.Set(), 0
	for i := range stored {
		m := &gitsource.Memory{}
		if m.UnmarshalBinary(stored[:i]) == nil {
			t.Fatalf("cut at %d of %d it is taken", i, len(stored))
		}
		bent := slices.Clone(stored)
		bent[i] ^= byte(1 << (i % 8))
		if m.UnmarshalBinary(bent) != nil {
			refused++
			continue
		}
		if i%8 != 0 { // most of it is ids: one is as good as another
			continue
		}
		r := s.open(gitsource.Options{})
		r.Remember(m)
		if _, err := scanner.New(set, scanner.Options{}).Scan(t.Context(), r, func(scanner.Event) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if refused < 10 || refused == len(stored) {
		t.Errorf("%d of %d were refused", refused, len(stored))
	}
	if (&gitsource.Memory{}).UnmarshalBinary(append(stored, 0)) == nil {
		t.Error("with a byte more it is taken")
	}
}

// FuzzMemory: what is read is written as it was, and takes no memory on its word.
func FuzzMemory(f *testing.F) {
	one := append([]byte{0, 1}, make([]byte, 24)...)
	one[25] = 9 // its size
	f.Add(append(one, 0))
	f.Add(append(one, 1, 0, 1))                   // to be read
	f.Add(append(one, 1, 0, 3, 2, 3))             // one region
	f.Add(append(one, 1, 0, 4, 2, 3, 1, 3))       // two
	f.Add(append(one, 1, 0, 3, 2, 200))           // out of it
	f.Add(binary.AppendUvarint([]byte{1}, 1<<62)) // more than there is
	f.Fuzz(func(t *testing.T, b []byte) {
		m := &gitsource.Memory{}
		if m.UnmarshalBinary(b) != nil {
			return
		}
		again, err := m.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := (&gitsource.Memory{}).UnmarshalBinary(again); err != nil {
			t.Fatalf("what was written is refused: %v", err)
		}
	})
}
