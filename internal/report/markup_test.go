package report

import (
	"html/template"
	"reflect"
	"strings"
	"testing"
)

// byTemplate is a page as html/template writes it.
func byTemplate(t *testing.T, text string, data any) string {
	t.Helper()
	parsed, err := template.New("page").Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := parsed.Execute(&b, data); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func byMarkup(t *testing.T, text string, data any) string {
	t.Helper()
	m, err := parseMarkup(text)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := m.write(&b, reflect.ValueOf(data), reflect.ValueOf(data)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// plainPage is the page's template without the two values that are ours, whose type
// html/template has its own for.
var plainPage = strings.NewReplacer("{{.Style}}", "", "{{.Script}}", "").Replace(pageTemplate)

var hostile = []string{
	"", "a", `"><script>alert(1)</script>`, "' onclick='x", "javascript:alert(1)", "JavaScript&#58;x", "data:text/html,x", "https://a.example/b?c=d&e='f'#g h",
	"HTTP://a/%41%4", "mailto:a@b", "//host/x:y", "x/y:z", ":", "a\x00b\nc\td", "é\u2028\ufffe\xff\xc3", "+ADw-", "`${x}`", "{{.Title}}", "</title></style><!--", "a%2", "%zz", "~-_.!*()[]",
}

// The page is what html/template would make of the same template, whatever its values are.
func TestMarkup(t *testing.T) {
	pages := 0
	for _, d := range []*Document{sample(), {Result: Result{Complete: true}}, {}} {
		p := pageOf(d)
		for n := -1; n < len(hostile); n++ {
			if n >= 0 {
				next := n
				fill(reflect.ValueOf(p).Elem(), func() string { next++; return hostile[next%len(hostile)] })
			}
			if got, want := byMarkup(t, plainPage, p), byTemplate(t, plainPage, p); got != want {
				t.Fatalf("with %q and what follows it: %s", hostile[max(n, 0)], difference(got, want))
			}
			pages++
		}
	}
	if pages < 60 {
		t.Errorf("%d pages", pages)
	}
}

// fill puts texts into every field that holds one, and one element at least into each list.
func fill(v reflect.Value, text func() string) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		fill(v.Elem(), text)
	case reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		}
		for i := range v.Len() {
			fill(v.Index(i), text)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() {
				fill(f, text)
			}
		}
	case reflect.String:
		v.SetString(text())
	}
}

func difference(got, want string) string {
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	from := max(0, at-60)
	return got[from:min(len(got), at+60)] + "\n  html/template: " + want[from:min(len(want), at+60)]
}

// What it does not know is an error, and no page that lacks something.
func TestMarkupThatIsNotUnderstood(t *testing.T) {
	for _, text := range []string{"{{.A", "{{.A | html}}", "{{.A.B}}", "{{template \"x\"}}", "{{range .A}}", "{{end}}", "{{if .A}}{{else}}{{else}}{{end}}", "{{}}", "{{/* */}}", "{{- .A}}"} {
		if _, err := parseMarkup(text); err == nil {
			t.Errorf("%s is understood", text)
		}
	}
	type data struct {
		A    string
		B    bool
		Ours trusted
	}
	for _, text := range []string{"{{.Gone}}", "{{.B}}", "{{range .A}}{{end}}", "{{.Ours}}", "<style>{{.A}}</style>", "{{with .A}}{{.B}}{{end}}"} {
		m, err := parseMarkup(text)
		if err != nil {
			t.Fatal(err)
		}
		v := reflect.ValueOf(&data{A: "a", B: true, Ours: "o"})
		if err := m.write(&strings.Builder{}, v, v); err == nil {
			t.Errorf("%s is written", text)
		}
	}
}

// FuzzMarkup: any text, in each of the places that the page has.
func FuzzMarkup(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	p := pageOf(sample())
	f.Fuzz(func(t *testing.T, s string) {
		fill(reflect.ValueOf(p).Elem(), func() string { return s })
		if got, want := byMarkup(t, plainPage, p), byTemplate(t, plainPage, p); got != want {
			t.Error(difference(got, want))
		}
	})
}
