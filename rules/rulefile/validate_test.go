package rulefile

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
)

// ours is a rule that nothing is wrong with.
func ours() rules.Rule {
	return rules.Rule{
		ID: "harbour-key", Description: "Harbour key", Doc: "Opens a gate.", Source: "https://harbour.example/formats",
		Regex: `\b(?P<value>hbr_(?P<body>[a-z0-9]{10})(?P<sum>[0-9A-Za-z]{6}))\b`, Proof: leak.Proven, Severity: leak.High,
		Checksum: &rules.Checksum{Algo: "crc32", Of: "body", Sum: "sum", Encoding: "base62"}, Rotate: "Ask the harbour master.",
		RotateURL: "https://harbour.example/keys", Bits: 51, Show: 4, Want: []string{"x"}, NotWant: []string{"y"},
		File: "builtin/harbour.toml", Line: 7,
	}
}

func TestValidateOurs(t *testing.T) {
	if errs := Validate(ours()); len(errs) > 0 {
		t.Fatal(errs)
	}
	for _, c := range []struct {
		name string
		set  func(*rules.Rule)
		want string // the rest of the message; "" if it stays right
	}{
		{"id in capitals", func(r *rules.Rule) { r.ID = "Harbour" }, `rules.id: must be small letters`},
		{"id with two dashes", func(r *rules.Rule) { r.ID = "a--b" }, `rules.id: must be small letters`},
		{"description", func(r *rules.Rule) { r.Description = " " }, `rules.description: is missing`},
		{"description of two lines", func(r *rules.Rule) { r.Description = "a\nb" }, `rules.description: and rotate must be one line`},
		{"doc", func(r *rules.Rule) { r.Doc = "" }, `rules.doc: is missing`},
		{"source", func(r *rules.Rule) { r.Source = "" }, `rules.source: is missing`},
		{"rotate", func(r *rules.Rule) { r.Rotate = "" }, `rules.rotate: is missing`},
		{"rotate_url", func(r *rules.Rule) { r.RotateURL = "" }, `rules.rotate_url: is missing`},
		{"rotate_url by http", func(r *rules.Rule) { r.RotateURL = "http://harbour.example" }, `rules.rotate_url: must be an https://`},
		{"want", func(r *rules.Rule) { r.Want = nil }, `rules.want: is missing`},
		{"not_want", func(r *rules.Rule) { r.NotWant = nil }, `rules.not_want: is missing`},
		{"proven by nothing", func(r *rules.Rule) { r.Checksum = nil }, `rules.proof: proven needs a checksum or a parser`},
		{"proven by a parser", func(r *rules.Rule) { r.Checksum, r.Parse = nil, "jwt" }, ``},
		{"structural by nothing", func(r *rules.Rule) { r.Checksum, r.Proof = nil, leak.Structural }, `rules.proof: structural needs`},
		{"structural by what it decodes to", func(r *rules.Rule) { r.Checksum, r.Proof, r.Decodes = nil, leak.Structural, "x" }, ``},
		{"pattern by nothing", func(r *rules.Rule) { r.Checksum, r.Proof = nil, leak.Pattern }, ``},
		{"vouched generic", func(r *rules.Rule) { r.Checksum, r.Proof, r.Bits = nil, leak.Generic, 96 }, `rules.bits: a generic rule cannot vouch`},
		{"public with bits", func(r *rules.Rule) { r.Public = true }, `rules.public: and bits exclude each other`},
		{"star", func(r *rules.Rule) { r.Regex = `x(?P<value>(?P<body>a*)(?P<sum>b))`; r.Show = 0 }, `rules.regex: a* repeats without end`},
		{"plus", func(r *rules.Rule) { r.Regex = `x(?P<value>(?P<body>a)(?P<sum>b))\s+y`; r.Show = 0 }, `repeats without end`},
		{"open repeat", func(r *rules.Rule) { r.Regex = `x(?P<value>(?P<body>a)(?P<sum>b{3,}))`; r.Show = 0 }, `rules.regex: b{3,} repeats without end`},
		{"component without end", func(r *rules.Rule) { r.Components = []rules.Component{{Rule: "x", Regex: "y.+"}} }, `rules.components: regex: (?-s:.+) repeats without end`},
		{"show of the random part", func(r *rules.Rule) { r.Show = 5 }, `rules.show: is 5, but only the first 4 bytes`},
		{"show too much", func(r *rules.Rule) { r.Regex = `(?P<value>harbour_key_one_(?P<body>a)(?P<sum>b))`; r.Show = 13 }, `(12 at most)`},
		{"show without regex", func(r *rules.Rule) {
			r.Regex, r.Checksum, r.Matcher, r.Keywords, r.Proof, r.Bits = "", nil, "assignment", []string{"a"}, leak.Generic, 0
		}, `rules.show: must be 0 without a regex`},
		{"checksum encoding", func(r *rules.Rule) { r.Checksum.Encoding = "base61" }, `rules.checksum: unknown checksum encoding "base61"`},
		{"checksum without sum", func(r *rules.Rule) { r.Checksum.Sum = "" }, `rules.checksum: sum is missing`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := ours()
			sum := *r.Checksum
			r.Checksum = &sum
			c.set(&r)
			errs := Validate(r)
			switch {
			case c.want == "" && len(errs) > 0:
				t.Errorf("got %v", errs)
			case c.want != "" && (len(errs) != 1 || !strings.Contains(errs[0].Error(), c.want)):
				t.Errorf("got %v, want %s", errs, c.want)
			case c.want != "" && !strings.HasPrefix(errs[0].Error(), "builtin/harbour.toml:7: rule "):
				t.Errorf("no place in %v", errs)
			}
		})
	}
}

// Foreign rules need none of what ours do.
func TestValidateForeign(t *testing.T) {
	for _, r := range []rules.Rule{
		{ID: "Some_Rule 1", Regex: `key\s*=\s*(.+)`, File: ".gitleaks.toml"},
		{ID: "file", Path: `\.p12$`, File: ".gitleaks.toml"},
		{ID: "x", Regex: "a*", Entropy: 3, Show: 2},
	} {
		if errs := Validate(r); len(errs) > 0 {
			t.Errorf("%s: %v", r.ID, errs)
		}
	}
}

func TestParseDemandsLevelsOfOurs(t *testing.T) {
	text := "[[rules]]\nid='a'\nregex='abc'\ndescription='d'\ndoc='d'\nsource='s'\nrotate='r'\nrotate_url='https://a.example'\nwant=['abc']\nnot_want=['b']\n"
	_, err := Parse("builtin/a.toml", []byte(text))
	if err == nil || !strings.Contains(err.Error(), "rules.proof: is missing") || !strings.Contains(err.Error(), "rules.severity: is missing") {
		t.Errorf("got %v", err)
	}
	c, err := Parse("builtin/a.toml", []byte(text+"proof='generic'\nseverity='low'\n"))
	if err != nil || c.Rules[0].Severity != leak.Low || c.Rules[0].Proof != leak.Generic {
		t.Errorf("got %v", err)
	}
}

func TestLeading(t *testing.T) {
	for _, c := range []struct {
		pattern string
		group   int
		want    int
	}{
		{`ghp_[a-z]{3}`, 0, 4},
		{`gh[pousr]_[a-z]{3}`, 0, 4},
		{`(?:abc|abd)x[a-z]`, 0, 4},
		{`(?:abc|ab)x[a-z]`, 0, 2},
		{`x=(?P<value>ab[a-z])`, 0, 2},
		{`x=(?P<key>k)(?P<value>abc[a-z])`, 0, 3},
		{`x=(abc[a-z])`, 0, 3},
		{`(x)=(abc[a-z])`, 2, 3},
		{`\bab\d`, 0, 3},
		{`(?:ab){2}[a-z]`, 0, 4},
		{`(?:ab){0,2}c`, 0, 0},
		{`(?i)ab[a-z]`, 0, 2},
		{`a?b`, 0, 0},
		{`.ab`, 0, 0},
		{`(?:ab)+c`, 0, 2},
	} {
		re, err := syntax.Parse(c.pattern, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := leading(valueTree(re, c.group)); got != c.want {
			t.Errorf("%s: %d, want %d", c.pattern, got, c.want)
		}
	}
}

func TestLevelWordsAreLeaks(t *testing.T) {
	for _, w := range proofs {
		var p leak.Proof
		if err := p.UnmarshalText([]byte(w)); err != nil {
			t.Error(err)
		}
	}
	for _, w := range severities {
		var s leak.Severity
		if err := s.UnmarshalText([]byte(w)); err != nil {
			t.Error(err)
		}
	}
	if len(proofs) != 4 || len(severities) != 4 || !slices.Contains(severities, "critical") {
		t.Errorf("words %q, %q", proofs, severities)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "abc", 0}, {"abc", "", 3}, {"titel", "title", 2}, {"entrophy", "entropy", 1}, {"kitten", "sitting", 3}} {
		if got := distance(c.a, c.b); got != c.want || distance(c.b, c.a) != c.want {
			t.Errorf("%q, %q: %d", c.a, c.b, got)
		}
	}
}

func TestOrdinal(t *testing.T) {
	var got []string
	for _, n := range []int{1, 2, 3, 4, 11, 12, 13, 21, 112} {
		got = append(got, ordinal(n))
	}
	if s := fmt.Sprint(got); s != "[1st 2nd 3rd 4th 11th 12th 13th 21st 112th]" {
		t.Error(s)
	}
}
