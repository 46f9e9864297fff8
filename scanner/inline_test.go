package scanner

import (
	"strings"
	"testing"
)

func TestCommentsOfTheFieldsTools(t *testing.T) {
	const value = "VALUE"
	for text, reason := range map[string]string{
		"key = VALUE # oakum:allow a test double":                   "a test double",
		"key = VALUE /* oakum:allow a test double */":               "a test double",
		"<!-- oakum:allow docs --> key = VALUE":                     "docs --> key =",
		"# oakum:allow-next-line of the tutorial\nkey = VALUE":      "of the tutorial",
		"key = VALUE // gitleaks:allow":                             "",
		"key = VALUE // betterleaks:allow":                          "",
		"key = VALUE -- trufflehog:ignore":                          "",
		"# trufflehog:ignore\nkey = VALUE":                          "",
		"key = VALUE # kingfisher:ignore":                           "",
		"# kingfisher:ignore\nkey = VALUE":                          "",
		"key = VALUE # pragma: allowlist secret":                    "",
		"key = VALUE # pragma: whitelist secret":                    "",
		"# pragma: allowlist nextline secret\nkey = VALUE":          "",
		"key = VALUE # ggignore":                                    "",
		"key = VALUE // secretlint-disable-line":                    "",
		"// secretlint-disable-next-line\nkey = VALUE\nmore = text": "",
	} {
		start := strings.Index(text, value)
		s := allowedInline([]byte(text), start, start+len(value))
		if s == nil {
			t.Errorf("%q does not allow its value", text)
		} else if s.Reason != reason {
			t.Errorf("%q: reason %q, want %q", text, s.Reason, reason)
		}
	}
}

func TestCommentsElsewhereDoNotAllow(t *testing.T) {
	for _, text := range []string{
		"key = VALUE",
		"# gitleaks:allow\nkey = VALUE",
		"key = VALUE\n# gitleaks:allow",
		"# pragma: allowlist nextline secret\n\nkey = VALUE",
		"key = VALUE # pragma: allowlist nextline secret",
		"key = VALUE" + strings.Repeat(" ", longestLine) + "# gitleaks:allow",
	} {
		start := strings.Index(text, "VALUE")
		if s := allowedInline([]byte(text), start, start+5); s != nil {
			t.Errorf("%.60q allows its value by %q", text, s.Where)
		}
	}
	// A value cannot allow itself.
	self := "key = xgitleaks:allowx"
	if s := allowedInline([]byte(self), 6, len(self)); s != nil {
		t.Errorf("a value allows itself by %q", s.Where)
	}
}
