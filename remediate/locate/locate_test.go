package locate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func finding(place leak.Place, text, value string) *leak.Finding {
	at := int64(strings.Index(text, value))
	return &leak.Finding{ID: "p1.test", Rule: "test", Key: "PASSWORD", Secret: leak.NewSecret([]byte(value)),
		Sighting: leak.Sighting{Place: place, Span: leak.Span{Start: at, End: at + int64(len(value))}, Line: 1}}
}

// A value is found wherever it stands by itself, told of by a rule or not.
func TestEveryPlace(t *testing.T) {
	value := leaktest.Must(1, `{{alnum 20}}`)
	text := "PASSWORD=" + value + "\n"
	dir := folder(t, map[string]string{
		".env": text, "docs/how.md": "line\nuse " + value + ", twice: " + value + ".\n",
		"longer.txt": "x" + value + " " + value + "y\n", ".git/config": value, "empty": "",
	})
	values, gaps, err := Values(t.Context(), dir, []*leak.Finding{finding(leak.File{Name: ".env"}, text, value)})
	if err != nil || len(gaps) > 0 || len(values) != 1 {
		t.Fatalf("%d values, gaps %v, %v", len(values), gaps, err)
	}
	var got []string
	for _, s := range values[0].Spots {
		got = append(got, s.File)
		content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(s.File)))
		if err != nil || !At(content, s.Span).Equal(values[0].Secret) {
			t.Errorf("%+v is not where the value stands, %v", s, err)
		}
	}
	if want := ".env docs/how.md docs/how.md"; strings.Join(got, " ") != want {
		t.Errorf("the value is found in %q, expected %q", got, want)
	}
	if values[0].Spots[1].Line != 2 {
		t.Errorf("line %d", values[0].Spots[1].Line)
	}
}

// A short value is not looked for elsewhere: it would be found by chance.
func TestShortValuesStay(t *testing.T) {
	dir := folder(t, map[string]string{".env": "PASSWORD=hunter\n", "story.txt": "the hunter came\n"})
	values, _, err := Values(t.Context(), dir, []*leak.Finding{finding(leak.File{Name: ".env"}, "PASSWORD=hunter", "hunter")})
	if err != nil || len(values[0].Spots) != 1 {
		t.Errorf("%+v, %v", values[0].Spots, err)
	}
}

// What is no file of the folder says what it needs, and what moved is told.
func TestOtherPlaces(t *testing.T) {
	dir := folder(t, map[string]string{"a.env": "PASSWORD=something else here\n"})
	for _, c := range []struct {
		place leak.Place
		why   string
	}{
		{leak.GitBlob{Blob: "ab", Name: "a.env"}, "history is not rewritten"},
		{leak.GitMessage{What: "commit"}, "message"},
		{leak.ImageFile{Image: "i", Name: "x"}, "image"},
		{leak.Variable{Scope: "s", Name: "n"}, "variable"},
		{leak.JobLog{Scope: "s", Job: "j"}, "log"},
		{leak.ObjectField{Object: "v1/Pod", Name: "n", Field: "f"}, "cluster"},
		{leak.File{Name: "a.zip", Inner: leak.Inner{"b"}}, "archive"},
		{leak.File{Name: "../outside"}, "outside"},
		{leak.File{Name: "gone"}, "cannot be opened"},
		{leak.File{Name: "a.env"}, "scan again"},
		{leak.Stdin{}, "no file"},
	} {
		values, _, err := Values(t.Context(), dir, []*leak.Finding{finding(c.place, "PASSWORD=secret", "secret")})
		if err != nil || len(values[0].Spots) != 0 || len(values[0].Others) != 1 || !strings.Contains(values[0].Others[0].Why, c.why) {
			t.Errorf("%v: %+v, %v", c.place, values[0], err)
		}
	}
}

// The parts of a pair are values of their own.
func TestParts(t *testing.T) {
	text := "ID=public-name\nKEY=the secret part\n"
	dir := folder(t, map[string]string{"k.env": text})
	f := finding(leak.File{Name: "k.env"}, text, "public-name")
	f.Parts = []leak.Part{{Rule: "part", Secret: leak.NewSecret([]byte("the secret part")), Span: leak.Span{Start: 19, End: 34}, Line: 2}}
	values, _, err := Values(t.Context(), dir, []*leak.Finding{f})
	if err != nil || len(values) != 2 || values[1].Rule != "part" || values[1].Part != 1 || len(values[1].Spots) != 1 {
		t.Errorf("%+v, %v", values, err)
	}
}

func TestStale(t *testing.T) {
	a, b := &leak.Finding{ID: "a"}, &leak.Finding{ID: "b"}
	if got := Stale([]*leak.Finding{a, b}, []*leak.Finding{{ID: "b"}}); len(got) != 1 || got[0] != a {
		t.Errorf("%v", got)
	}
}
