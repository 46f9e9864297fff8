package allow

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
)

const (
	idA = "v1.0123456789abcdef0123456789abcdef"
	idB = "p1.0123456789abcdef0123456789abc.def"
	idC = "v1.ffffffffffffffffffffffffffffffff"
)

func day(s string) time.Time {
	t, err := ParseDay(s)
	if err != nil {
		panic(err)
	}
	return t
}

func finding(id, rule, path string, line int) *leak.Finding {
	return &leak.Finding{ID: id, Rule: rule, Sighting: leak.Sighting{Place: leak.File{Name: path}, Line: line}}
}

func TestCheckFingerprint(t *testing.T) {
	for _, id := range []string{idA, idB, leak.Identify("r", leak.NewSecret([]byte("x")), true, "", leak.File{}), leak.Identify("r", leak.NewSecret([]byte("x")), false, "", leak.File{})} {
		if err := CheckFingerprint(id); err != nil {
			t.Error(err)
		}
	}
	for _, id := range []string{"", "v1", "v1.", "v2." + idA[3:], idA + "0", idA[:30], strings.ToUpper(idA), idB[:32], idB + ".a", "v1." + idB[3:], idA + "\n"} {
		if CheckFingerprint(id) == nil {
			t.Errorf("%q passes as a fingerprint", id)
		}
	}
}

func TestFileRoundTrip(t *testing.T) {
	f := NewFile(FileName)
	f.Add(Entry{Fingerprint: idC, Reason: `quotes "and" \ and` + "\nlines"})
	f.Add(Entry{Fingerprint: idA, Reason: "first", Owner: "Ann B.", Expires: day("2027-01-31")})
	f.Add(Entry{Fingerprint: idB, Reason: "x", Owner: "team"})
	f.Add(Entry{Fingerprint: idA, Reason: "second", Owner: "ann"})
	text := f.Bytes()
	again, err := ParseFile(FileName, text, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.Bytes(), text) {
		t.Errorf("read and written again it differs:\n%s\n%s", text, again.Bytes())
	}
	var ids []string
	for _, e := range again.Entries {
		ids = append(ids, e.Fingerprint)
	}
	if !slices.Equal(ids, []string{idB, idA, idC}) {
		t.Errorf("entries %v are not sorted, or not one each", ids)
	}
	if again.Entries[1].Reason != "second" || again.Entries[2].Reason != f.Entries[0].Reason {
		t.Error("a reason changed on its way through the file")
	}
}

func TestFileMistakesNameTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"# x\n" + idA:                                "f:2: " + idA + " has no reason",
		idA + ` reason="open`:                        "f:1: the value of reason does not end",
		idA + ` because="x"`:                         "f:1: unknown key: use place, expires",
		idA + ` expires=tomorrow reason=x`:           "f:1: this is no day",
		idA + ` reason`:                              "f:1: what stands behind the fingerprint is not key=value",
		"\n\nnonsense reason=x":                      "f:3: this is no fingerprint",
		idA + ` reason="x"` + "\n" + idA + ` owner=`: "f:2: " + idA + " has no reason",
	} {
		_, err := ParseFile("f", []byte(text), time.Now())
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

func TestFileExpiry(t *testing.T) {
	text := idA + "  expires=2027-01-31  reason=x\r\n" + idB + "  reason=\"y\"\n" + idC + " reason=z\n"
	for now, suppresses := range map[string]bool{"2027-01-31T23:59:59Z": true, "2027-02-01T00:00:00Z": false} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		f, err := ParseFile("f", []byte(text), at)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Match(finding(idA, "r", "a", 1)) != nil; got != suppresses {
			t.Errorf("at %s: suppressed %v, want %v", now, got, suppresses)
		}
		if got := len(f.Expired()) == 0; got != suppresses {
			t.Errorf("at %s: expired %v", now, f.Expired())
		}
		s := f.Match(finding(idB, "r", "a", 1))
		if s == nil || s.Kind != leak.SuppressAllowFile || s.Reason != "y" || s.Where != "f:2" {
			t.Errorf("suppression %+v", s)
		}
		if got := f.Unused(); !slices.Equal(got, []string{"f:3: " + idC}) {
			t.Errorf("at %s: unused %v", now, got)
		}
		want := 1
		if suppresses {
			want = 2
		}
		if f.Prune(); len(f.Entries) != want {
			t.Errorf("at %s: %d entries are left, want %d", now, len(f.Entries), want)
		}
	}
}

func TestBaseline(t *testing.T) {
	b := NewBaseline([]*leak.Finding{finding(idC, "r", "z.env", 1), finding(idA, "q", "a.env", 9)})
	text, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"` + idA + `","rule":"q","place":"a.env"}` + "\n" + `{"id":"` + idC + `","rule":"r","place":"z.env"}` + "\n"
	if string(text) != want {
		t.Errorf("baseline\n%swant\n%s", text, want)
	}
	again, err := ParseBaseline("base", text)
	if err != nil {
		t.Fatal(err)
	}
	if s := again.Match(finding(idA, "q", "moved.env", 3)); s == nil || s.Kind != leak.SuppressBaseline {
		t.Errorf("suppression %+v", s)
	}
	if again.Match(finding(idB, "q", "a.env", 9)) != nil {
		t.Error("a baseline suppresses what it does not list")
	}
	if got := again.Unused(); len(got) != 1 || !strings.Contains(got[0], idC) {
		t.Errorf("unused %v", got)
	}
	for _, bad := range []string{"[]", "{}", `{"id":"x"}`, text2() + "\n{"} {
		if _, err := ParseBaseline("base", []byte(bad)); err == nil || !strings.HasPrefix(err.Error(), "base:") {
			t.Errorf("%q: error %v", bad, err)
		}
	}
}

func text2() string { return `{"id":"` + idA + `"}` }

func TestIgnore(t *testing.T) {
	commit := strings.Repeat("ab", 20)
	ig, err := ParseIgnore("ig", []byte("# comment\n\na/b.env:r:3\n"+commit+`:c\d.env:r:4`+"\nx.zip!in.env:r:1\nold:r:1\n"), IgnoreOptions{})
	if err != nil {
		t.Fatal(err)
	}
	in := func(f *leak.Finding) *leak.Finding { f.Origin = &leak.Origin{Commit: commit}; return f }
	inner := finding(idA, "r", "", 1)
	inner.Place = leak.File{Name: "x.zip", Inner: leak.Inner{"in.env"}}
	for name, c := range map[string]struct {
		f    *leak.Finding
		want string
	}{
		"on disk":            {finding(idA, "r", "a/b.env", 3), "ig:3"},
		"in a commit":        {in(finding(idA, "r", "a/b.env", 3)), "ig:3"},
		"another line":       {finding(idA, "r", "a/b.env", 4), ""},
		"another rule":       {finding(idA, "q", "a/b.env", 3), ""},
		"its commit":         {in(finding(idA, "r", "c/d.env", 4)), "ig:4"},
		"not in that commit": {finding(idA, "r", "c/d.env", 4), ""},
		"archive member":     {inner, "ig:5"},
	} {
		c.f.ID = name // each is another value
		s := ig.Match(c.f)
		if (s == nil) != (c.want == "") || s != nil && (s.Where != c.want || s.Kind != leak.SuppressIgnore) {
			t.Errorf("%s: %+v, want %q", name, s, c.want)
		}
	}
	if s := ig.Match(finding("its commit", "r", "c/d.env", 90)); s == nil || s.Where != "ig:4" {
		t.Errorf("a later version of the file, another line: %+v", s)
	}
	if s := ig.Match(finding("its commit", "r", "other.env", 90)); s != nil {
		t.Errorf("the same value in another file: %+v", s)
	}
	if got := ig.Unused(); !slices.Equal(got, []string{"ig:6: old:r:1"}) {
		t.Errorf("unused %v", got)
	}
	for _, bad := range []string{"a:b", "a:b:c", "a:b:c:d:1"} {
		if _, err := ParseIgnore("ig", []byte(bad), IgnoreOptions{}); err == nil || !strings.HasPrefix(err.Error(), "ig:1: ") {
			t.Errorf("%q: error %v", bad, err)
		}
	}
}

// Rules of gitleaks that have another name here are told by their place.
func TestIgnoreOfOtherRules(t *testing.T) {
	ig, err := ParseIgnore("ig", []byte("sub/a.env:theirs:3\na.env:ours:4\n"), IgnoreOptions{Base: "sub", Ours: func(rule string) bool { return rule == "ours" }})
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[int]bool{3: true, 4: false} {
		if got := ig.Match(finding(fmt.Sprint(line), "r", "a.env", line)) != nil; got != want {
			t.Errorf("line %d: suppressed %v, want %v", line, got, want)
		}
	}
}

func FuzzParseFile(f *testing.F) {
	f.Add(idA + `  expires=2027-01-31  owner=ann  reason="a \"b\""`)
	f.Add("# only a comment")
	f.Add(idB + " reason=x owner=\"a b\"\n\n" + idA + "\treason=y")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := ParseFile("f", []byte(text), time.Unix(0, 0))
		if err != nil {
			return
		}
		once := file.Bytes()
		again, err := ParseFile("f", once, time.Unix(0, 0))
		if err != nil {
			t.Fatalf("cannot read what it wrote: %v", err)
		}
		if !bytes.Equal(again.Bytes(), once) {
			t.Error("written twice, it differs")
		}
	})
}

// Whoever names the wrong file may have named one that holds secrets: no
// message quotes what it read.
func TestMistakesQuoteNothing(t *testing.T) {
	const typed = "typed-in-the-wrong-place"
	for _, text := range []string{typed, "A=" + typed, idA + " " + typed, idA + " " + typed + "=x", idA + " expires=" + typed,
		idA + ` reason="` + typed, "a:b:" + typed, typed + ":b:c:d:e", `{"id":"` + typed + `"}`, `["` + typed + `"]`} {
		_, fileErr := ParseFile("f", []byte(text), time.Now())
		_, ignoreErr := ParseIgnore("f", []byte(text), IgnoreOptions{})
		_, baselineErr := ParseBaseline("f", []byte(text))
		_, gitleaksErr := ParseForeign("f", []byte(text), "")
		for kind, err := range map[string]error{"allow": fileErr, "ignore": ignoreErr, "baseline": baselineErr, "gitleaks": gitleaksErr} {
			if err == nil {
				t.Errorf("%s: %q is read without an error", kind, text)
			} else if strings.Contains(err.Error(), typed) {
				t.Errorf("%s: the message quotes the text: %v", kind, err)
			}
		}
	}
}
