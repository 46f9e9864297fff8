package known_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/internal/known"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/gitsource"
	"github.com/oakum-sec/oakum/scanner/sourcetest"
)

// shelf is an index and the values in it.
type shelf struct {
	*known.Index
	values []string
}

func newShelf(t *testing.T, seed uint64) shelf {
	t.Helper()
	key, err := known.MakeKey(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	s := shelf{Index: known.New(key)}
	var list []known.Candidate
	for i, tmpl := range []string{
		`{{alnum 40}}`, `{{alnum 24}}`, `{{alnum 16}}`, `{{alnum 12}}`, `{{alnum 9}}`, `{{hex 32}}`, `{{hex 64}}`, `{{github "ghp_"}}`,
		`{{from "abcdefghABCDEFGH0123456789!$%&/()=?" 14}}`, `{{from "abcdefghABCDEFGH0123456789!$%&/()=?\"'" 30}}`, `{{alnum 900}}`,
	} {
		v := leaktest.Must(seed+uint64(i), tmpl)
		s.values = append(s.values, v)
		list = append(list, known.Candidate{Name: fmt.Sprintf("value %d", i), Value: leak.NewSecret([]byte(v))})
	}
	if _, refused, err := s.Add(list, true); err != nil || len(refused) > 0 {
		t.Fatal(err)
	}
	return s
}

// form is one of the values, whole or in part, encoded in one of the ways that people
// do it.
func (s shelf) form(r *rand.Rand) string {
	v := s.values[r.IntN(len(s.values))]
	if r.IntN(5) == 0 {
		v = v[:len(v)/2]
	}
	switch r.IntN(9) {
	case 0:
		return base64.StdEncoding.EncodeToString([]byte(v))
	case 1:
		return base64.StdEncoding.EncodeToString([]byte("user:" + v))
	case 2:
		return base64.RawURLEncoding.EncodeToString([]byte("some words before " + v + " and some behind"))
	case 3:
		return hex.EncodeToString([]byte(v))
	case 4:
		b, _ := json.Marshal(v) // a string has a form
		return string(b)
	case 5:
		return `password = "` + v + `"`
	case 6:
		deep := "it is " + v + " that is it"
		for range 1 + r.IntN(4) {
			deep = base64.StdEncoding.EncodeToString([]byte(deep))
		}
		return deep
	}
	return v
}

func (s shelf) edit(r *rand.Rand, text []byte) []byte {
	for range 1 + r.IntN(3) {
		at := r.IntN(len(text) + 1)
		end := min(len(text), at+[]int{0, 0, 1, 7, 200}[r.IntN(5)])
		var piece string
		switch r.IntN(5) {
		case 0: // takes out only
		case 1:
			piece = string(text[at/2 : min(len(text), at/2+r.IntN(300))]) // said again elsewhere
		case 2:
			piece = []string{" ", "\n", "x", `"`, "%41", `\`}[r.IntN(6)]
		default:
			piece = []string{"", " ", "\n", `"`}[r.IntN(4)] + s.form(r) + []string{"", " ", "\n", `"`}[r.IntN(4)]
		}
		text = slices.Concat(text[:at], []byte(piece), text[end:])
	}
	return text
}

func (s shelf) versions(r *rand.Rand, n, lines int) (src sourcetest.Memory) {
	var text []byte
	for i := range n {
		if i%40 == 0 {
			text = []byte(strings.Repeat("func words(of int, a program) {\n\treturn 1 // a comment\n}\n", r.IntN(lines)))
		}
		text = s.edit(r, text)
		src = append(src, sourcetest.Text{Name: fmt.Sprintf("d/f%03d.go", i), Content: text})
	}
	return src
}

// tell is what a scan says, one event a line.
func tell(t *testing.T, index scanner.Known, src scanner.Source, jobs int) (out string, knowns int) {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	now := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	sum, err := scanner.New(builtin.Set(), scanner.Options{Jobs: jobs, Now: now, Known: index}).Scan(t.Context(), src, func(e scanner.Event) error {
		switch {
		case e.Finding != nil:
			if scanner.IsKnown(e.Finding) {
				knowns++
			}
			return enc.Encode(e.Finding)
		case e.Gap != nil:
			return enc.Encode(e.Gap)
		}
		return nil
	})
	fmt.Fprintf(&b, "%+v %v\n", sum, err)
	return b.String(), knowns
}

// same holds that two sources of the same texts tell the same.
func same(t *testing.T, index scanner.Known, want string, src scanner.Source, jobs int) {
	t.Helper()
	got, _ := tell(t, index, src, jobs)
	if got == want {
		return
	}
	gots, wants := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(gots), len(wants)) {
		if gots[i] != wants[i] {
			t.Fatalf("line %d\n  is %s\n  of %s", i+1, gots[i], wants[i])
		}
	}
	t.Fatalf("%d lines of %d", len(gots), len(wants))
}

// TestHistories: known values are told the same of whole texts and of edits of others.
func TestHistories(t *testing.T) {
	s := newShelf(t, 1)
	src := s.versions(rand.New(rand.NewPCG(5, 6)), 400, 200)
	want, n := tell(t, s, src.Plain(), 1)
	t.Logf("%d findings of known values", n)
	if n < 2000 {
		t.Errorf("%d findings of known values, too few", n)
	}
	for name, src := range map[string]scanner.Source{"probed": src, "edited": src.Edited(), "deltas": src.Deltas()} {
		t.Run(name, func(t *testing.T) {
			same(t, s, want, src, 1)
			same(t, s, want, src, 8)
		})
	}
}

// TestLargeTexts is the same for texts of several windows.
func TestLargeTexts(t *testing.T) {
	s, r := newShelf(t, 2), rand.New(rand.NewPCG(7, 8))
	var src sourcetest.Memory
	text := []byte(strings.Repeat("func words(of int, a program) {\n\treturn 1 // a comment\n}\n", 45_000))
	for i := range 4 {
		for range 40 {
			text = s.edit(r, text)
		}
		src = append(src, sourcetest.Text{Name: fmt.Sprintf("d/f%d.env", i), Content: text})
	}
	want, n := tell(t, s, src.Plain(), 1)
	if n < 50 {
		t.Errorf("%d findings of known values, too few", n)
	}
	for _, src := range []scanner.Source{src, src.Edited(), src.Deltas()} {
		same(t, s, want, src, 4)
	}
}

// wholly is a source that is no Narrowing one.
type wholly struct{ scanner.Source }

// TestGitHistory: in a repository with deltas the fast way tells what the plain one
// tells.
func TestGitHistory(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("git makes the repository, and is not installed")
	}
	dir, s, r := t.TempDir(), newShelf(t, 3), rand.New(rand.NewPCG(9, 10))
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command(git, append([]string{"-C", dir, "-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "gc.auto=0"}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	run("init", "-q", "-b", "main")
	text := []byte(strings.Repeat("func words(of int, a program) {\n\treturn 1 // a comment\n}\n", 60))
	for i := range 40 {
		text = s.edit(r, text)
		if err := os.WriteFile(filepath.Join(dir, "a.txt"), text, 0o644); err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("n%d-%s", i, hex.EncodeToString([]byte(s.values[i%8])))
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		run("add", "-A")
		run("commit", "-q", "-m", "step "+s.form(r))
	}
	run("repack", "-q", "-a", "-d", "-f", "--depth=50")
	open := func() scanner.Source {
		repo, err := gitsource.Open(dir, gitsource.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { repo.Close() })
		return repo
	}
	want, n := tell(t, s, wholly{open()}, 1)
	t.Logf("%d findings of known values", n)
	if n < 300 {
		t.Errorf("%d findings of known values, too few", n)
	}
	same(t, s, want, open(), 1)
	same(t, s, want, open(), 4)
}

// TestForms: each form is told with what it is encoded in, at its place, and a finding
// of another rule at the same place is one with it.
func TestForms(t *testing.T) {
	s := newShelf(t, 4)
	long, word, odd, token := s.values[0], s.values[3], s.values[9], s.values[7]
	quoted, _ := json.Marshal(odd)
	for _, c := range []struct{ name, before, what, rule, decoded string }{
		{"raw", "see ", long, scanner.KnownRule, ""},
		{"inside", "seexx", long, scanner.KnownRule, ""},
		{"a word", "see ", word, scanner.KnownRule, ""},
		{"a word inside", "seexx", word, "", ""},
		{"base64", "see ", base64.StdEncoding.EncodeToString([]byte(long)), scanner.KnownRule, "base64"},
		{"a word in base64", "data: ", base64.StdEncoding.EncodeToString([]byte(word)), scanner.KnownRule, "base64"},
		{"hex", "see ", strings.ToUpper(hex.EncodeToString([]byte(long))), scanner.KnownRule, "hex"},
		{"a word in hex", "see ", hex.EncodeToString([]byte(word)), scanner.KnownRule, "hex"},
		{"json", "see ", string(quoted[1 : len(quoted)-1]), scanner.KnownRule, "escape"},
		{"token", "see ", token, "github-pat", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := sourcetest.Memory{{Name: "notes.md", Content: []byte("one\n" + c.before + c.what + " two\n")}}
			var found []*leak.Finding
			_, err := scanner.New(builtin.Set(), scanner.Options{Known: s}).Scan(t.Context(), src, func(e scanner.Event) error {
				if e.Finding != nil {
					found = append(found, e.Finding)
				}
				return nil
			})
			if err != nil || len(found) != min(1, len(c.rule)) {
				t.Fatalf("%d findings, %v", len(found), err)
			}
			if c.rule == "" {
				return
			}
			f := found[0]
			if f.Rule != c.rule || strings.Join(f.Decoded, " ") != c.decoded || f.Proof != leak.Proven || f.Severity != leak.Critical || !scanner.IsKnown(f) {
				t.Errorf("%s, decoded %v, %s, %s, notes %v", f.Rule, f.Decoded, f.Proof, f.Severity, f.Notes)
			}
			if start := int64(4 + len(c.before)); f.Line != 2 || f.Span.Start != start || f.Span.End-start > int64(len(c.what)) || f.Span.End-start < int64(len(c.what)-2) {
				t.Errorf("line %d, span %v", f.Line, f.Span)
			}
		})
	}
}

// TestTogether asks one index from many goroutines.
func TestTogether(t *testing.T) {
	s := newShelf(t, 5)
	src := s.versions(rand.New(rand.NewPCG(11, 12)), 30, 100)
	var workers sync.WaitGroup
	counts := make([]int, 8)
	for i := range counts {
		workers.Go(func() {
			for _, text := range src {
				s.Find(text.Content, 0, len(text.Content), func(scanner.KnownHit) { counts[i]++ })
			}
		})
	}
	workers.Wait()
	for _, n := range counts {
		if n != counts[0] || n == 0 {
			t.Fatalf("the same texts have %v", counts)
		}
	}
}
