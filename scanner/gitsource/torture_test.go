package gitsource_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/gitsource"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// TestDamagedPacksAreNeverClean damages packs and their indexes, and cuts them while
// they are open: every secret is found, or something is told as not looked at.
func TestDamagedPacksAreNeverClean(t *testing.T) {
	for name, args := range map[string][]string{
		"by offset": {"repack", "-q", "-a", "-d", "-f"},
		"by id":     {"-c", "repack.useDeltaBaseOffset=false", "repack", "-q", "-a", "-d", "-f"},
		"old index": {"-c", "pack.indexVersion=1", "repack", "-q", "-a", "-d", "-f"},
	} {
		t.Run(name, func(t *testing.T) {
			s := secretVersions(t)
			s.git(args...)
			v := &vandal{s: s, rng: rand.New(rand.NewPCG(1, 2))}
			if found, gaps := v.scan(t, nil); found != len(s.marks.names) || gaps != 0 || found < 12 {
				t.Fatalf("of %d secrets %d are found, %d gaps", len(s.marks.names), found, gaps)
			}
			for _, ext := range []string{".pack", ".idx"} {
				v.damage(t, ext)
			}
			if v.tried < 300 || v.told < v.tried/2 {
				t.Errorf("of %d damaged files %d made a gap", v.tried, v.told)
			}
		})
	}
}

// secretVersions is a history of a file and of a folder's, with a secret in each
// version, which git stores as deltas.
func secretVersions(t *testing.T) *sandbox {
	s := newSandbox(t, object.SHA1)
	var lines []string
	for i := range 100 {
		lines = append(lines, fmt.Sprintf("line %d of a file that goes on and on", i))
	}
	for i := range 6 {
		lines[i*11] = "token = " + s.mark(fmt.Sprint("file ", i))
		s.write("file", strings.Join(lines, "\n"))
		s.write("dir/other", "key: "+s.mark(fmt.Sprint("other ", i))+"\n"+strings.Join(lines[50:], "\n"))
		s.commit(fmt.Sprint("version ", i))
		lines[i*11] = "no longer"
	}
	return s
}

// vandal damages a sandbox's packs.
type vandal struct {
	s           *sandbox
	rng         *rand.Rand
	tried, told int
}

// scan counts the marks that a scan finds and the gaps it tells; between is called
// when the repository is open.
func (v *vandal) scan(t *testing.T, between func()) (found, gaps int) {
	t.Helper()
	r, err := gitsource.Open(v.s.dir, gitsource.Options{})
	if err != nil {
		return 0, 1 // told, and nothing else
	}
	defer r.Close()
	if between != nil {
		between()
	}
	seen := map[string]bool{}
	_, err = scanner.New(builtin.Set(), scanner.Options{Jobs: 2}).Scan(t.Context(), r, func(e scanner.Event) error {
		switch {
		case e.Finding != nil:
			seen[e.Finding.Secret.Tag([]byte("torture"))] = true
		case e.Gap != nil && e.Gap.Class == leak.Failure:
			gaps++
		}
		return nil
	})
	if err != nil {
		gaps++
	}
	for _, value := range v.s.marks.byName {
		if seen[leak.NewSecret([]byte(value)).Tag([]byte("torture"))] {
			found++
		}
	}
	return found, gaps
}

// damage damages the one file that ends in ext in many ways.
func (v *vandal) damage(t *testing.T, ext string) {
	names, _ := filepath.Glob(filepath.Join(v.s.dir, ".git/objects/pack/*"+ext))
	if len(names) != 1 {
		t.Fatalf("%d files %s", len(names), ext)
	}
	whole, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	write := func(b []byte) {
		os.Remove(names[0]) // what is mapped stays what it is
		if err := os.WriteFile(names[0], b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	check := func(what string, at int, between func()) {
		t.Helper()
		found, gaps := v.scan(t, between)
		if v.tried++; gaps > 0 {
			v.told++
		} else if found < len(v.s.marks.names) {
			t.Errorf("%s %s at %d of %d: %d of %d secrets are found, and nothing is said of the others", ext, what, at, len(whole), found, len(v.s.marks.names))
		}
	}
	flip := func(at, bit int) {
		b := bytes.Clone(whole)
		b[at] ^= 1 << bit
		write(b)
		check("flipped", at, nil)
	}
	if ext == ".pack" {
		for _, at := range v.heads(names[0]) { // another kind of object
			for bit := 4; bit < 7; bit++ {
				flip(at, bit)
			}
		}
	}
	for at := v.rng.IntN(20); at < len(whole); at += 1 + len(whole)/100 {
		flip(at, v.rng.IntN(8))
	}
	for at := v.rng.IntN(20); at < len(whole); at += 1 + len(whole)/40 {
		write(whole[:at])
		check("cut", at, nil)
	}
	for at := v.rng.IntN(20); at < len(whole); at += 1 + len(whole)/40 {
		write(whole)
		check("cut while open", at, func() {
			if err := os.Truncate(names[0], int64(at)); err != nil {
				t.Fatal(err)
			}
		})
	}
	write(whole)
}

// heads are where the objects of a pack begin.
func (v *vandal) heads(name string) (offsets []int) {
	for line := range strings.Lines(v.s.git("verify-pack", "-v", name)) {
		if word := strings.Fields(line); len(word) >= 5 && len(word[0]) == 2*object.SHA1.Size() {
			at, err := strconv.Atoi(word[4])
			if err != nil {
				v.s.t.Fatal(err)
			}
			offsets = append(offsets, at)
		}
	}
	return offsets
}
