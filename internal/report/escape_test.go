package report

import "testing"

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"plain/path.env":  "plain/path.env",
		"schöne Grüße":    "schöne Grüße",
		"日本/キー":           "日本/キー",
		"a\nb\tc":         `a\nb\tc`,
		"\x1b[31m":        `\x1b[31m`,
		"a\u202eb":        `a\u202eb`,
		"zero\u200bwide":  `zero\u200bwide`,
		"bad\xffutf":      `bad\xffutf`,
		"\uFFFD":          `\ufffd`,
		"it's \"quoted\"": `it's "quoted"`,
		"\U000E0041":      `\U000e0041`,
	} {
		if got := Escape(in); got != want {
			t.Errorf("Escape(%+q) = %+q, want %+q", in, got, want)
		}
	}
	if got := EscapeText("two\nlines\x00"); got != "two\nlines\\x00" {
		t.Errorf("EscapeText = %+q", got)
	}
}

func TestShorten(t *testing.T) {
	if got := Shorten("a/long/path/to/file", 8); got != "…to/file" {
		t.Errorf("Shorten = %q", got)
	}
	if got := ShortenEnd("a long subject", 8); got != "a long …" {
		t.Errorf("ShortenEnd = %q", got)
	}
	if got := Shorten("short", 8); got != "short" {
		t.Errorf("Shorten = %q", got)
	}
}
