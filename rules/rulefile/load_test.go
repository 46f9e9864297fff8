package rulefile

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/proof"
)

// everyKey is a file in gitleaks' v8 form with all of its keys, and ours.
const everyKey = `title = "the harbour's own rules"
description = "every key that there is"
minVersion = "v8.25.0"

[extend]
useDefault = true
disabledRules = ["pilot-pass", "tug-token"]

[[rules]]
id = "harbour-key"
description = "Harbour gate key"
regex = '''\b(hbr_(?P<body>[a-z0-9]{10})(?P<sum>[0-9A-Za-z]{6}))\b'''
secretGroup = 1
entropy = 2.5
path = '''(?i)\.(env|ya?ml)$'''
keywords = ["hbr_"]
tags = ["harbour", "gate"]
skipReport = true

doc = "Opens a gate of the harbour."
source = "https://harbour.example/formats"
extent = "pem"
proof = "proven"
decodes = "its head is base64 of HARBOUR"
checksum = { algo = "crc32", of = "body", sum = "sum", encoding = "base62", mismatch = "drop" }
severity = "critical"
rotate = "Have the harbour master cut a new one."
rotate_url = "https://harbour.example/keys"
bits = 51
show = 4
not_hollow = true
want = ["key: {{a}}"]
not_want = ["key: none", "hbr_ or so"]

  [[rules.allowlists]]
  description = "the pilots' training ground"
  condition = "AND"
  commits = ["c0ffee", "BEEF"]
  paths = ['''^training/''', '''_test\.go$''']
  regexTarget = "line"
  regexes = ['''dry run''']
  stopwords = ["Dummy"]

  [[rules.required]]
  id = "harbour-name"
  withinLines = 3
  withinColumns = 80

  [[rules.components]]
  rule = "berth"
  regex = '''berth=(\d{1,3})'''
  lines = 0
  columns = 10
  entropy = 1.5
  optional = true

[[rules]]
id = "harbour-name"
regex = '''(?i)harbour\s*=\s*(\w{3,20})'''
public = true
  [rules.allowlist]
  stopwords = ["atlantis"]

[[rules]]
id = "lockbox"
matcher = "assignment"
parse = "jwt"
keywords = ["lockbox"]

[[allowlists]]
targetRules = ["harbour-key"]
paths = ['''vendor/''']

[[allowlists]]
regexTarget = "secret"
condition = "||"
regexes = ['''^none$''']
`

func TestParseEveryKey(t *testing.T) {
	c, err := Parse(".gitleaks.toml", []byte(everyKey))
	if err != nil {
		t.Fatal(err)
	}
	if c.Title == "" || c.Description == "" || c.MinVersion != "v8.25.0" {
		t.Errorf("title, description, minVersion: %q, %q, %q", c.Title, c.Description, c.MinVersion)
	}
	if want := (Extend{UseDefault: true, DisabledRules: []string{"pilot-pass", "tug-token"}}); !reflect.DeepEqual(c.Extend, want) {
		t.Errorf("extend = %+v", c.Extend)
	}
	want := rules.Rule{
		ID: "harbour-key", Description: "Harbour gate key", Doc: "Opens a gate of the harbour.", Source: "https://harbour.example/formats",
		Regex: `\b(hbr_(?P<body>[a-z0-9]{10})(?P<sum>[0-9A-Za-z]{6}))\b`, SecretGroup: 1, Entropy: 2.5, Keywords: []string{"hbr_"},
		Path: `(?i)\.(env|ya?ml)$`, Tags: []string{"harbour", "gate"}, SkipReport: true, Extent: "pem", Proof: leak.Proven,
		Decodes: "its head is base64 of HARBOUR", Checksum: &rules.Checksum{Algo: "crc32", Of: "body", Sum: "sum", Encoding: "base62", Mismatch: "drop"}, Severity: leak.Critical,
		Rotate: "Have the harbour master cut a new one.", RotateURL: "https://harbour.example/keys", Bits: 51, Show: 4, NotHollow: true,
		Want: []string{"key: {{a}}"}, NotWant: []string{"key: none", "hbr_ or so"},
		Allowlists: []rules.Allowlist{{Description: "the pilots' training ground", Condition: "AND", RegexTarget: "line", Regexes: []string{"dry run"},
			Paths: []string{"^training/", `_test\.go$`}, Commits: []string{"c0ffee", "BEEF"}, StopWords: []string{"Dummy"}}},
		Components: []rules.Component{{Rule: "harbour-name", Lines: 3, Columns: 80}, {Rule: "berth", Regex: `berth=(\d{1,3})`, Lines: rules.SameLine, Columns: 10, Entropy: 1.5, Optional: true}},
		File:       ".gitleaks.toml", Line: 9,
	}
	if len(c.Rules) != 3 {
		t.Fatalf("%d rules", len(c.Rules))
	}
	if got := c.Rules[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("rule\n%+v, want\n%+v", got, want)
	}
	second := rules.Rule{ID: "harbour-name", Regex: `(?i)harbour\s*=\s*(\w{3,20})`, Public: true, Proof: foreignProof, Severity: foreignSeverity,
		Allowlists: []rules.Allowlist{{StopWords: []string{"atlantis"}}}, File: ".gitleaks.toml", Line: 57}
	if got := c.Rules[1]; !reflect.DeepEqual(got, second) {
		t.Errorf("rule\n%+v, want\n%+v", got, second)
	}
	if got := c.Rules[2]; got.Matcher != "assignment" || got.Parse != "jwt" {
		t.Errorf("rule %+v", got)
	}
	global := []rules.Allowlist{{TargetRules: []string{"harbour-key"}, Paths: []string{"vendor/"}}, {Condition: "OR", Regexes: []string{"^none$"}}}
	if !reflect.DeepEqual(c.Allowlists, global) {
		t.Errorf("allowlists %+v", c.Allowlists)
	}
}

// everyKey must not fall behind the readers.
func TestEveryKeyIsTried(t *testing.T) {
	seen := 0
	for _, names := range [][]string{keysOf(configFields), keysOf(extendFields), keysOf(ruleFields), keysOf(checksumFields),
		keysOf(componentFields), keysOf(requiredFields), keysOf(globalFields)} {
		for _, name := range names {
			if name == "url" || name == "verify" || name == "seed" || name == "allowlist" && !strings.Contains(everyKey, "[rules.allowlist]") {
				continue // refused; verify_test.go; legacy
			}
			if name != "path" && !strings.Contains(everyKey, name) {
				t.Errorf("key %q is not in the test's file", name)
			}
			seen++
		}
	}
	if seen < 50 {
		t.Errorf("%d keys seen", seen)
	}
}

func keysOf[T any](f fields[T]) (names []string) {
	for name := range f {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func TestDocListsEveryKey(t *testing.T) {
	doc, err := os.ReadFile("../../docs/rules-format.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, names := range [][]string{keysOf(configFields), keysOf(extendFields), keysOf(ruleFields), keysOf(checksumFields),
		keysOf(componentFields), keysOf(requiredFields), keysOf(globalFields), keysOf(verifyFields), keysOf(answerFields)} {
		for _, name := range names {
			if !strings.Contains(string(doc), "`"+name+"`") {
				t.Errorf("docs/rules-format.md does not have `%s`", name)
			}
		}
	}
}

// The example of the documentation is a rule that works.
func TestDocExample(t *testing.T) {
	doc, err := os.ReadFile("../../docs/rules-format.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(doc), "```toml\n")
	text, _, _ = strings.Cut(text, "```")
	c, err := Parse("builtin/example.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s, err := rules.Compile(c.Rules)
	if err != nil {
		t.Fatal(err)
	}
	r := c.Rules[0]
	for seed := range uint64(10) {
		found := s.Append(nil, []byte(leaktest.Must(seed, r.Want[0])))
		if len(found) != 1 || found[0].Proof != leak.Proven {
			t.Errorf("seed %d: %d matches", seed, len(found))
		}
		if found = s.Append(nil, []byte(leaktest.Must(seed, r.NotWant[0]))); len(found) > 0 {
			t.Errorf("seed %d: %d matches of what is none", seed, len(found))
		}
	}
	for _, name := range proof.Parsers() {
		if !strings.Contains(string(doc), "`"+name+"`") {
			t.Errorf("parser %s is not in the documentation", name)
		}
	}
}

const lead = "[[rules]]\nid = \"a\"\nregex = 'abc'\n" // three lines

func TestParseMistakes(t *testing.T) {
	for _, test := range []struct{ name, file, text, want string }{
		{"syntax", "", "title = \"x\nrules = 1", "f.toml:1:"},
		{"regex in basic string", "", "[[rules]]\nid = 'a'\nregex = \"\\d\"", "f.toml:3:"},
		{"key twice", "", "title = 'a'\ntitle = 'b'", `f.toml:2:1: title: this key is given twice`},
		{"key twice in two cases", "", lead + "secretGroup = 0\nsecretgroup = 0", `f.toml:5:1: rule "a": rules.secretGroup: this key is given twice`},
		{"table twice", "", "[extend]\nuseDefault = true\n[extend]\n", `f.toml:3:2: extend: this table is opened a second time`},
		{"value as table", "", "title = 'a'\n[title]\n", `f.toml:2:2: title: this key has a value already`},
		{"table as list", "", "[rules]\nid = 'a'\n", `f.toml:1:2: rules: must be a list of tables, is a table: write [[rules]]`},
		{"then list", "", "[allowlists]\npaths=['a']\n[[allowlists]]\npaths=['a']", `f.toml:3:3: allowlists: this key is there already`},
		{"unknown key", "", "titel = 'a'", `f.toml:1:1: titel: unknown key; did you mean "title"?`},
		{"unknown rule key", "", lead + "entrophy = 3.5", `f.toml:4:1: rule "a": rules.entrophy: unknown key; did you mean "entropy"?`},
		{"no such key", "", "zzzzzzzzzzzz = 1", `unknown key; one of allowlist, allowlists, description`},
		{"betterleaks", "", lead + "tokenEfficiency = true", `f.toml:4:1: rule "a": rules.tokenEfficiency: this is a key of Betterleaks`},
		{"not a string", "", "[[rules]]\nid = 7\nregex = 'x'", `f.toml:2:1: rule "7": rules.id: must be a string, is a whole number`},
		{"not a list", "", lead + "keywords = 'abc'", `f.toml:4:1: rule "a": rules.keywords: must be a list of strings, is a string`},
		{"list item", "", lead + "keywords = [\n  'abc',\n  3,\n]", `f.toml:6:3: rule "a": rules.keywords: must be a string, is a whole number`},
		{"not a bool", "", lead + "skipReport = 'yes'", `f.toml:4:1: rule "a": rules.skipReport: must be true or false`},
		{"not a number", "", lead + "entropy = '3'", `f.toml:4:1: rule "a": rules.entropy: must be a number, is a string`},
		{"number too large", "", lead + "entropy = 9", `f.toml:4:1: rule "a": rules.entropy: must be from 0 to 8`},
		{"not a number at all", "", lead + "entropy = nan", `rules.entropy: must be from 0 to 8`},
		{"date", "", lead + "entropy = 2020-01-01", `must be a number, is a date or time`},
		{"whole too large", "", lead + "show = 13", `f.toml:4:1: rule "a": rules.show: must be from 0 to 12`},
		{"table for value", "", "[extend.useDefault]\n", `f.toml:1:9: extend.useDefault: must be true or false, is a table`},
		{"value for table", "", "extend = true", `f.toml:1:1: extend: must be a table, is true or false`},
		{"url", "", "[extend]\nurl = 'https://rules.example'", `f.toml:2:1: extend.url: rules are not fetched from the network`},
		{"both", "", "[extend]\nuseDefault = true\npath = 'x.toml'", `f.toml:1:2: extend: useDefault and path exclude each other`},
		{"no id", "", "[[rules]]\nregex = 'abc'", `f.toml:1:3: rules.id: is missing`},
		{"no regex", "", "\n[[rules]]\nid = 'a'", `f.toml:2:3: rule "a": rules.regex: is missing, and path too`},
		{"id twice", "", lead + lead, `f.toml:4:3: rule "a": rules.id: line 1 has a rule of this id already`},
		{"bad id", "", "[[rules]]\nid = 'a:b'\nregex = 'x'", `f.toml:2:1: rule "a:b": rules.id: must not hold a colon`},
		{"bad regex", "", "[[rules]]\nid = 'a'\nregex = '[a-'", `f.toml:3:1: rule "a": rules.regex: is not RE2: "[a-": missing closing ]`},
		{"lookahead", "", "[[rules]]\nid = 'a'\nregex = 'a(?!b)'", `is not RE2: "(?!": lookahead, lookbehind, atomic`},
		{"back reference", "", "[[rules]]\nid = 'a'\nregex = '(a)\\1'", `unknown escape; back references`},
		{"nested repeats", "", "[[rules]]\nid = 'a'\nregex = '(?:(?:a{1,100}){1,100}){1,100}'", `a repeat count may be 1000 at most`},
		{"large", "", "[[rules]]\nid = 'a'\nregex = '" + strings.Repeat("(?:[a-z]{1,1000})", 70) + "'", `f.toml:3:1: rule "a": rules.regex: compiles to about`},
		{"bad path", "", lead + "path = '*.go'", `f.toml:4:1: rule "a": rules.path: is not RE2`},
		{"group", "", lead + "secretGroup = 1", `f.toml:4:1: rule "a": rules.secretGroup: is 1, the regex has 0 groups`},
		{"proof word", "", lead + "proof = 'prooven'", `f.toml:4:1: rule "a": rules.proof: unknown word "prooven": one of generic, pattern, structural, proven; did you mean "proven"?`},
		{"severity word", "", lead + "severity = 'urgent'", `f.toml:4:1: rule "a": rules.severity: unknown word "urgent": one of low, medium, high, critical`},
		{"extent word", "", lead + "extent = 'pen'", `f.toml:4:1: rule "a": rules.extent: unknown word "pen": one of pem`},
		{"parser word", "", lead + "parse = 'no-such-thing'", `f.toml:4:1: rule "a": rules.parse: unknown parser`},
		{"matcher and regex", "", lead + "matcher = 'assignment'\nkeywords=['a']", `f.toml:4:1: rule "a": rules.matcher: finds by itself`},
		{"empty keyword", "", lead + "keywords = ['']", `f.toml:4:1: rule "a": rules.keywords: an empty keyword`},
		{"checksum key", "", lead + "checksum = { algo = 'crc32', summ = 'x' }", `f.toml:4:30: rule "a": rules.checksum.summ: unknown key; did you mean "sum"?`},
		{"checksum group", "", lead + "checksum = { algo = 'crc32', sum = 'x', encoding = 'hex' }", `f.toml:4:1: rule "a": rules.checksum: the regex has no group (?P<x>…)`},
		{"checksum algo", "", "[[rules]]\nid='a'\nregex='(?P<x>a)'\nchecksum = { algo = 'md6', sum = 'x', encoding = 'hex' }", `f.toml:4:1: rule "a": rules.checksum:`},
		{"checksum mismatch", "", lead + "checksum = { algo = 'crc32', mismatch = 'maybe' }", `rules.checksum.mismatch: unknown word "maybe": one of drop, downgrade`},
		{"empty allowlist", "", lead + "[[rules.allowlists]]\ndescription = 'x'", `f.toml:4:9: rule "a": rules.allowlists.regexes: is missing`},
		{"allowlist regex", "", lead + "[[rules.allowlists]]\nregexes = ['ok', '(']", `rules.allowlists.regexes: the 2nd one is not RE2: missing closing )`},
		{"allowlist condition", "", lead + "[[rules.allowlists]]\ncondition = 'XOR'\npaths = ['x']", `f.toml:5:1: rule "a": rules.allowlists.condition: unknown word "XOR": one of OR, AND`},
		{"allowlist target", "", lead + "[[rules.allowlists]]\nregexTarget = 'file'\npaths = ['x']", `f.toml:5:1: rule "a": rules.allowlists.regexTarget: unknown word "file": one of secret, match, line`},
		{"old and new", "", lead + "allowlists = [{paths=['x']}]\n[rules.allowlist]\npaths = ['x']", `f.toml:5:8: rule "a": rules.allowlist: [rules.allowlist] and [[rules.allowlists]] exclude each other`},
		{"old and new global", "", "allowlists = [{paths=['x']}]\n[allowlist]\npaths = ['x']", `f.toml:2:2: allowlist: [allowlist] and [[allowlists]] exclude each other`},
		{"global allowlist", "", "[[allowlists]]\npaths = ['(']", `f.toml:1:3: allowlists.paths: the 1st one is not RE2`},
		{"target in rule", "", lead + "[[rules.allowlists]]\ntargetRules = ['a']\npaths = ['x']", `f.toml:5:1: rule "a": rules.allowlists.targetRules: unknown key`},
		{"required id", "", lead + "[[rules.required]]\nwithinLines = 1", `f.toml:4:9: rule "a": rules.components: rule (in gitleaks' required: id) is missing`},
		{"required itself", "", lead + "[[rules.required]]\nid = 'a'", `cannot be a component of itself`},
		{"columns", "", lead + "[[rules.required]]\nid = 'b'\nwithinColumns = 0", `f.toml:6:1: rule "a": rules.required.withinColumns: must be from 1 to`},
		{"not utf-8", "", "title = 'a'\ndescription = '\xff'", `f.toml:2: this line is not UTF-8`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("f.toml", []byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v\nwant …%s…", err, test.want)
			}
		})
	}
}

func TestParseTellsAllAtOnce(t *testing.T) {
	_, err := Parse("f.toml", []byte("titel = 1\n[[rules]]\nid = 'a'\nregex = '('\nentropy = 'x'\n"))
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) != 3 {
		t.Fatalf("got %v", err)
	}
	for i, line := range []int{1, 4, 5} {
		if m, ok := errors.AsType[*rules.Mistake](joined.Unwrap()[i]); !ok || m.Line != line {
			t.Errorf("mistake %d: %v", i, joined.Unwrap()[i])
		}
	}
	_, err = Parse("f.toml", []byte(strings.Repeat("[[rules]]\n", 40)))
	if !strings.Contains(err.Error(), "f.toml: and 55 more mistakes") {
		t.Errorf("got %v", err)
	}
}

// People put values that they want ignored into allowlists and examples: no
// message may repeat them.
func TestMistakesQuoteNoAllowlist(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	value := fmt.Sprintf("v%016x", r.Uint64())
	for _, text := range []string{
		lead + "[[rules.allowlists]]\nregexes = ['(" + value + "']",
		lead + "[[rules.allowlists]]\nregexes = ['" + value + "(?=x)']",
		lead + "[[rules.allowlists]]\nstopwords = ['" + value + "', 3]",
		lead + "want = '" + value + "'",
	} {
		_, err := Parse("f.toml", []byte(text))
		if err == nil {
			t.Error("no mistake found")
		} else if strings.Contains(err.Error(), value) {
			t.Error("the message repeats the value")
		}
	}
}

func TestParseReadsWindowsFiles(t *testing.T) {
	text := "\ufeff" + strings.ReplaceAll(everyKey, "\n", "\r\n")
	c, err := Parse("f.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Rules) != 3 || c.Rules[0].Line != 9 {
		t.Errorf("%d rules", len(c.Rules))
	}
}

func TestParseTrustedSkipsValidation(t *testing.T) {
	if _, err := ParseTrusted("builtin/x.toml", []byte("[[rules]]\nid='a'\n")); err != nil {
		t.Error(err)
	}
	if _, err := ParseTrusted("builtin/x.toml", []byte("[[rules]]\nidd='a'\n")); err == nil {
		t.Error("an unknown key went through")
	}
}

func FuzzParse(f *testing.F) {
	seeds := []string{everyKey, "", "[[rules]]", "rules = [{id='a', regex='b'}]", "[rules.allowlist]\n[[rules]]", "a.b.c = 1\na.b = 2",
		"[[rules]]\n[rules.required]\n[[rules.required]]", "x = [[[[{a = 1}]]]]", "\ufeff[a]\n[a.a]\n[[a]]", "checksum = 1979-05-27T07:32:00Z",
		"\"\\u202e\\u001b\" = 1", "\"\\u001b\".a = 1\n[[\"\\u001b\"]]"}
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	if len(seeds) != 12 {
		f.Fatal("seeds are missing")
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("fuzz.toml", data)
		if err != nil {
			if c != nil || !strings.HasPrefix(err.Error(), "fuzz.toml") {
				t.Errorf("a message without the file's name, or a config beside it")
			}
			if strings.ContainsFunc(err.Error(), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
				t.Errorf("a message that a terminal would obey")
			}
			return
		}
		for _, r := range c.Rules {
			if r.ID == "" || r.Line < 1 || r.File != "fuzz.toml" {
				t.Errorf("rule without id, file or line")
			}
		}
		if _, _, err := c.Merge(nil, nil); err == nil && len(c.Rules) == 0 {
			t.Errorf("no rules and no mistake")
		}
	})
}

func BenchmarkParse(b *testing.B) {
	var text strings.Builder
	for i := range 200 {
		fmt.Fprintf(&text, "[[rules]]\nid = 'rule-%d'\n%s", i, everyKey[strings.Index(everyKey, "description = \"Harbour"):strings.Index(everyKey, "  [[rules.components]]")])
	}
	for _, how := range []struct {
		name  string
		parse func(string, []byte) (*Config, error)
	}{{"validated", Parse}, {"trusted", ParseTrusted}} {
		b.Run(how.name, func(b *testing.B) {
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				if _, err := how.parse("f.toml", []byte(text.String())); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
