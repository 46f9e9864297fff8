package outline

import (
	"slices"
	"strings"
	"testing"
)

// texts are one of each format, in which V stands for the value and K for its name;
// what the formats can write is in testdata/spellings.
var texts = []struct {
	file, text, want string
}{
	{"a.json", `{"a": {"b": [{"K": "V"}]}}`, "a.b[0].K"},
	{"a.json", `[{"x": "]"}, {"K": "V"}]`, "[1].K"},
	{"a.json", `{"a": [{"name": "K", "value": "V"}]}`, "a.K"},
	{"a.json", `{"a": {"K": "V"`, "a.K"},
	{"a.json", `{"0123456789abcdef01234567": {"K": "V"}}`, "*.K"},
	{"a.yml", "a:\n  b:\n  - x: 1\n  - K: V\n", "a.b[1].K"},
	{"a.yml", "a:\n- b: [{K: V}]\n", "a[0].b[0].K"},
	{"a.yml", "a: |\n  b: 1\nK: V\n", "K"},
	{"a.yml", "a:\n  b:\n    c: 1\n  K: V\n", "a.K"},
	{"a.toml", "[a.b]\nK = \"V\"\n", "a.b.K"},
	{"a.toml", "[[a]]\n[[a]]\nK = \"V\"\n", "a[1].K"},
	{"a.ini", "[a b]\nK = V\n", "*.K"},
	{"a.ini", "[a]\nK = V\n", "a.K"},
	{"a.xml", "<a><b x='1'/><K>V</K></a>", "a.K"},
	{"a.xml", "<a><!-- <b> --><c K='V'/></a>", "a.c.K"},
	{"a.xml", "<a><b><K>V</a>", "a.b.K"},
	{"a.tf", "a \"b\" \"c\" {\n  d {\n    x = 1\n  }\n  K = \"V\"\n}\n", "a.b.c.K"},
	{"a.tf", "a \"b\" {\n  x = <<E\n}\nE\n  m = { K = \"V\" }\n}\n", "a.b.m.K"},
	{"a.py", "f(a=1, K=\"V\")", "f.K"},
	{"a.py", "D = {'a': {'K': 'V'}}", "D.a.K"},
	{"a.js", "if (x) { K = 'V' }", "K"},
	{"a.js", "x({ a: { K: 'V' } })", "x.a.K"},
	{"a.go", "x := map[string]string{\"K\": \"V\"}", "x.K"},
}

func TestPaths(t *testing.T) {
	for _, c := range texts {
		p := Place{Value: strings.LastIndex(c.text, "V"), Key: strings.Index(c.text, "K"), Name: "K"}
		if got := Paths(FormatOf(c.file), []byte(c.text), []Place{p}); got[0] != c.want {
			t.Errorf("%s: %q, not %q, in %q", c.file, got[0], c.want, c.text)
		}
	}
	if len(texts) < 20 {
		t.Errorf("only %d texts", len(texts))
	}
}

func TestFormatOf(t *testing.T) {
	for name, want := range map[string]Format{"a/b.JSON": JSON, "values.yaml.bak": YAML, "x.tf": HCL, "Makefile": Unknown, ".env": Unknown, "web.config": XML} {
		if got := FormatOf(name); got != want {
			t.Errorf("%s: %d, not %d", name, got, want)
		}
	}
}

// FuzzPaths: whatever the text, there is an answer for each place, in a form that may
// be shown, and no panic.
func FuzzPaths(f *testing.F) {
	for _, c := range texts {
		f.Add([]byte(c.text), uint8(FormatOf(c.file)), uint16(3), uint16(7))
	}
	f.Fuzz(func(t *testing.T, text []byte, format uint8, one, other uint16) {
		if len(text) == 0 {
			return
		}
		at := []int{int(one) % len(text), int(other) % len(text)}
		slices.Sort(at)
		places := []Place{{Value: at[0], Key: at[0] / 2, Name: "K"}, {Value: at[1], Key: at[1], Name: ""}}
		for f := range Code + 1 {
			for _, p := range Paths(f, text, places) {
				if strings.ContainsAny(p, "\n\r\x00\x1b") {
					t.Fatalf("%q is not to be shown", p)
				}
			}
		}
	})
}

// A deep or broken text takes no more time than a plain one of its size.
func TestPathsOfHostileTexts(t *testing.T) {
	for what, unit := range map[string]string{"braces": "{", "brackets": "[", "lists": "- ", "tags": "<a", "elements": "<a>", "quotes": `"`, "blocks": "a \"b\" {\n", "keys": "a:\n ", "sections": "[[a]]\n"} {
		text := []byte(strings.Repeat(unit, 200_000/len(unit)) + "K=V")
		for f := range Code + 1 {
			Paths(f, text, []Place{{Value: len(text) - 1, Key: len(text) - 3, Name: "K"}})
		}
		_ = what
	}
}
