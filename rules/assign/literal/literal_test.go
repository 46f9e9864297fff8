package literal

import (
	"strings"
	"testing"
)

// cases are literals, what stands behind them, and what they say. Nothing of it is a
// value: the letters are only to be told apart.
var cases = []struct{ name, text, plain string }{
	{"double", `"abc" + d`, "abc"},
	{"single", `'abc'`, "abc"},
	{"back quotes", "`a\\nb`", `a\nb`},
	{"bytes", `b"abc"`, "abc"},
	{"raw", `r"a\x41"`, `a\x41`},
	{"verbatim", `@"a""b\c"`, `a"b\c`},
	{"national", `N'a''b'`, "a'b"},
	{"ANSI", `$'a\'b'`, "a'b"},
	{"raw of Rust", `r#"a"b"#`, `a"b`},
	{"raw of C++", `R"(a"b)"`, `a"b`},
	{"long brackets", `[[a"b]]`, `a"b`},
	{"q of Perl", `q{a"b}`, `a"b`},
	{"q of Ruby", `%q(a"b)`, `a"b`},
	{"dollars", `$$a'b$$`, "a'b"},
	{"three", "\"\"\"\n  abc\n\"\"\"", "abc"},
	{"three, line taken back", "\"\"\"\\\n  abc\"\"\"", "abc"},
	{"escapes", `"a\x41\u0042\u{43}\\d\"e"`, `aABC\d"e`},
	{"escapes that stay", `"a\nb\x00c\qd"`, `a\nb\x00c\qd`},
	{"entities", `"a&amp;b&lt;&#39;&unknown;"`, "a&b<'&unknown;"},
	{"doubled", `'a''b'`, "a'b"},
	{"shell", `'a'\''b'`, "a'b"},
	{"side by side", `"a""b"`, "ab"},
	{"sum", `"a" + "b"`, "ab"},
	{"sum over lines", "\"a\" +\n  \"b\"\n  + \"c\"", "abc"},
	{"dots", `'a' . 'b'`, "ab"},
	{"two dots", `"a" .. "b"`, "ab"},
	{"ampersand", `"a" & "b"`, "ab"},
	{"next line", "\"a\"\n  \"b\"", "ab"},
	{"backslash", "\"a\" \\\n  \"b\"", "ab"},
	{"backslash inside", "\"a\\\n  b\"", "ab"},
	{"the next name", "\"a\"\n\"b\": 1", "a"},
	{"another quote", `"a" 'b'`, "a"},
	{"a word", `"a" b`, "a"},
}

func TestPlain(t *testing.T) {
	for _, c := range cases {
		l, ok := Read([]byte(c.text), 0, 100, Escaped)
		if !ok {
			t.Errorf("%s: not read", c.name)
			continue
		}
		Extend([]byte(c.text), &l, 100, Adjoins)
		if got := string(Plain(nil, []byte(c.text[l.From:l.To]), l.Quote, l.Style)); got != c.plain {
			t.Errorf("%s: %q, not %q", c.name, got, c.plain)
		}
		if plain := c.text[l.From:l.To] == c.plain; !l.Spelt && !plain {
			t.Errorf("%s: is not said to be spelt", c.name)
		}
	}
	if len(cases) < 30 {
		t.Errorf("only %d literals", len(cases))
	}
}

func TestJoins(t *testing.T) {
	for _, c := range []struct {
		text string
		join Join
		to   string
	}{
		{`"a" + "b"`, Never, "a"}, {`"a" "b"`, ByMark, "a"}, {`"a""b"`, ByMark, "a"}, {`"a" + "b"`, ByMark, "ab"},
		{`"a" "b"`, Touching, "a"}, {`"a""b"`, Touching, "ab"}, {`"a" "b"`, Adjoins, "ab"},
	} {
		l, _ := Read([]byte(c.text), 0, 100, Escaped)
		Extend([]byte(c.text), &l, 100, c.join)
		if got := string(Plain(nil, []byte(c.text[l.From:l.To]), l.Quote, l.Style)); got != c.to {
			t.Errorf("%s, join %d: %q, not %q", c.text, c.join, got, c.to)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, text := range []string{"", "a", `"a`, "\"a\nb\"", "\"" + strings.Repeat("a", 101) + "\"", `""" a`, "\"\"\"a\nb\"\"\"", `q{a`, "b"} {
		if l, ok := Read([]byte(text), 0, 100, Escaped); ok {
			t.Errorf("%q is read as %+v", text, l)
		}
	}
}

// FuzzRead: spans lie in the text, nothing panics, and a text that says what it
// stands for needs no Plain.
func FuzzRead(f *testing.F) {
	for _, c := range cases {
		f.Add(c.text, uint8(3))
	}
	f.Fuzz(func(t *testing.T, text string, how uint8) {
		b := []byte(text)
		l, ok := Read(b, 0, 100, Style(how%3))
		if !ok {
			return
		}
		Extend(b, &l, 100, Join(how%4))
		Listed(b, &l, 100)
		if l.From < 0 || l.To < l.From || l.To > len(b) || l.End < l.To || l.End > len(b) {
			t.Fatalf("%+v of %d bytes", l, len(b))
		}
		raw := b[l.From:l.To]
		if plain := Plain(nil, raw, l.Quote, l.Style); !l.Spelt && string(plain) != string(raw) {
			t.Fatalf("%q says %q, and is not said to be spelt", raw, plain)
		}
	})
}
