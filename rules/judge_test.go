package rules

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
)

// judgeText has a match "key=VALUE" on its second line.
const judgeText = "first line\n  a dry run: key=s3same-word end\nthird line\n"

// judgeMatch is the match in judgeText of a rule that has these allowlists.
func judgeMatch(path string, lists ...Allowlist) Match {
	start := strings.Index(judgeText, "key=")
	end := strings.Index(judgeText, " end")
	rule := &Rule{ID: "r", Regex: "x", Path: path, Allowlists: lists, Severity: leak.High}
	return Match{Rule: rule, Start: start, End: end, Value: [2]int{start + 4, end}, Severity: leak.High}
}

func TestJudgeAllowlists(t *testing.T) {
	test := []string{"src/a.go", "test/a.go"}
	for _, c := range []struct {
		name   string
		paths  []string
		commit string
		lists  []Allowlist
		want   string
	}{
		{"none", test, "", nil, ""},
		{"value", test, "", []Allowlist{{Regexes: []string{`^s3same`}}}, WhyAllowlist},
		{"value is not the match", test, "", []Allowlist{{Regexes: []string{`key=`}}}, ""},
		{"second regex", test, "", []Allowlist{{Regexes: []string{`no`, `word$`}}}, WhyAllowlist},
		{"match", test, "", []Allowlist{{RegexTarget: "match", Regexes: []string{`^key=.*word$`}}}, WhyAllowlist},
		{"match is not the line", test, "", []Allowlist{{RegexTarget: "match", Regexes: []string{`dry`}}}, ""},
		{"line", test, "", []Allowlist{{RegexTarget: "line", Regexes: []string{`^  a dry run.* end$`}}}, WhyAllowlist},
		{"line is not the next", test, "", []Allowlist{{RegexTarget: "line", Regexes: []string{`third|first`}}}, ""},
		{"stopword in any case", test, "", []Allowlist{{StopWords: []string{"SAME"}}}, WhyAllowlist},
		{"stopword beside the value", test, "", []Allowlist{{StopWords: []string{"dry", "key"}}}, ""},
		{"commit", test, "C0FFEE", []Allowlist{{Commits: []string{"abc", " c0ffee "}}}, WhyAllowlist},
		{"other commit", test, "c0ffe", []Allowlist{{Commits: []string{"c0ffee"}}}, ""},
		{"no commit", test, "", []Allowlist{{Commits: []string{"c0ffee"}}}, ""},
		{"one path of two", test, "", []Allowlist{{Paths: []string{`^test/`}}}, ""},
		{"all paths by one", test, "", []Allowlist{{Paths: []string{`\.go$`}}}, WhyAllowlist},
		{"all paths by two patterns", test, "", []Allowlist{{Paths: []string{`^test/`, `^src/`}}}, WhyAllowlist},
		{"all paths by two lists", test, "", []Allowlist{{Paths: []string{`^test/`}}, {Paths: []string{`^src/`}}}, WhyAllowlist},
		{"no path", nil, "", []Allowlist{{Paths: []string{``, `.*`}}}, ""},
		{"unanchored", []string{"a/vendor/b"}, "", []Allowlist{{Paths: []string{`vendor`}}}, WhyAllowlist},
		{"or: path fails, word holds", test, "", []Allowlist{{Paths: []string{`^doc/`}, StopWords: []string{"same"}}}, WhyAllowlist},
		{"or: path holds, word fails", test, "", []Allowlist{{Paths: []string{`go$`}, StopWords: []string{"other"}}}, WhyAllowlist},
		{"and: both hold", test, "", []Allowlist{{Condition: "AND", Paths: []string{`go$`}, StopWords: []string{"same"}}}, WhyAllowlist},
		{"and: path fails for one", test, "", []Allowlist{{Condition: "AND", Paths: []string{`^test`}, StopWords: []string{"same"}}}, ""},
		{"and: word fails", test, "", []Allowlist{{Condition: "AND", Paths: []string{`go$`}, StopWords: []string{"other"}}}, ""},
		{"and: regex fails", test, "", []Allowlist{{Condition: "AND", Regexes: []string{"other"}, StopWords: []string{"same"}}}, ""},
		{"and: commit fails", test, "beef", []Allowlist{{Condition: "AND", Commits: []string{"c0ffee"}, Paths: []string{`go$`}}}, ""},
		{"and: all four", test, "c0ffee", []Allowlist{{Condition: "AND", Commits: []string{"c0ffee"}, Paths: []string{`go$`}, Regexes: []string{"s3"}, StopWords: []string{"same"}}}, WhyAllowlist},
		{"second list", test, "", []Allowlist{{StopWords: []string{"other"}}, {StopWords: []string{"same"}}}, WhyAllowlist},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s Set
			m := judgeMatch("", c.lists...)
			if why := s.Judge(&m, Subject{Text: []byte(judgeText), Paths: c.paths, Commit: c.commit}); why != c.want {
				t.Errorf("why = %q, want %q", why, c.want)
			}
		})
	}
}

func TestJudgePath(t *testing.T) {
	for _, c := range []struct {
		pattern string
		paths   []string
		want    string
	}{
		{`\.env$`, []string{"a/.env"}, ""},
		{`\.env$`, []string{"a/env.go"}, WhyPath},
		{`\.env$`, []string{"a/env.go", "b/.env"}, ""}, // one is enough
		{`\.env$`, nil, WhyPath},
		{`.*`, nil, ""},
		{``, nil, ""},
	} {
		var s Set
		m := judgeMatch(c.pattern)
		if why := s.Judge(&m, Subject{Text: []byte(judgeText), Paths: c.paths}); why != c.want {
			t.Errorf("%q on %q: why = %q, want %q", c.pattern, c.paths, why, c.want)
		}
	}
}

func TestJudgeExample(t *testing.T) {
	text := []byte("id = AKIA" + "IOSFODNN7" + "EXAMPLE")
	m := Match{Rule: &Rule{ID: "r", Regex: "x"}, Start: 0, End: len(text), Value: [2]int{5, len(text)}}
	var s Set
	if why := s.Judge(&m, Subject{Text: text}); why != WhyExample || len(m.Notes) != 1 {
		t.Errorf("why = %q, notes %q", why, m.Notes)
	}
}

// Who counts where a credential should stand gives an example; a user's own rule
// is not second-guessed.
func TestJudgeSequence(t *testing.T) {
	text := []byte("key_" + "123456789" + "abcd")
	for _, c := range []struct {
		file  string
		proof leak.Proof
		want  string
	}{
		{"builtin/a.toml", leak.Pattern, WhyExample},
		{"builtin/a.toml", leak.Proven, ""},
		{".gitleaks.toml", leak.Pattern, ""},
	} {
		m := Match{Rule: &Rule{ID: "r", Regex: "x", File: c.file}, End: len(text), Value: [2]int{0, len(text)}, Proof: c.proof}
		var s Set
		if why := s.Judge(&m, Subject{Text: text}); why != c.want {
			t.Errorf("%s, %v: why = %q, want %q", c.file, c.proof, why, c.want)
		}
	}
}

func TestJudgeExpiry(t *testing.T) {
	end := time.Date(2021, 3, 4, 5, 6, 7, 0, time.UTC)
	for _, c := range []struct {
		now  time.Time
		note string
	}{{end.Add(time.Second), "expired 2021-03-04"}, {end, ""}, {time.Time{}, ""}} {
		m := judgeMatch("")
		m.Expires = end
		var s Set
		s.Judge(&m, Subject{Text: []byte(judgeText), Now: c.now})
		if got := strings.Join(m.Notes, "|"); got != c.note {
			t.Errorf("at %v: notes %q, want %q", c.now, got, c.note)
		}
		if (m.Severity == leak.Low) != (c.note != "") {
			t.Errorf("at %v: severity %v", c.now, m.Severity)
		}
	}
}

// A minified file is one line: what is looked at of it is bounded.
func TestLineIsCapped(t *testing.T) {
	far := strings.Repeat("x", 3*lineCap)
	text := []byte(far + "key=value" + far)
	start := len(far)
	if got := lineAround(text, start, start+9); len(got) != 2*lineCap+9 {
		t.Errorf("%d bytes", len(got))
	}
	text = []byte("one\r\ntwo\r\nthree")
	if got := string(lineAround(text, 5, 6)); got != "two" {
		t.Errorf("line %q", got)
	}
	if got := string(lineAround(text, 5, 12)); got != "two\r\nthree" { // both lines of a match over two
		t.Errorf("lines %q", got)
	}
	if got := string(lineAround(text, len(text), len(text))); got != "three" {
		t.Errorf("last line %q", got)
	}
}

func TestFiles(t *testing.T) {
	s, err := Compile([]Rule{
		{ID: "kdbx", Path: `\.kdbx$`, Proof: leak.Pattern, Severity: leak.High, Allowlists: []Allowlist{{Paths: []string{"^test/"}}}},
		{ID: "both", Path: `\.kdbx$`, Regex: "xyz[0-9]"},
		{ID: "text", Regex: "xyz[0-9]"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		paths []string
		want  int
	}{{[]string{"a/b.kdbx"}, 1}, {[]string{"test/b.kdbx"}, 0}, {[]string{"test/b.kdbx", "b.kdbx"}, 1}, {[]string{"b.go"}, 0}, {nil, 0}} {
		found := s.Files(Subject{Paths: c.paths, Text: []byte("x")})
		if len(found) != c.want {
			t.Errorf("%q: %d found", c.paths, len(found))
		}
		for _, m := range found {
			if m.Rule.ID != "kdbx" || m.Proof != leak.Pattern || m.Severity != leak.High || m.Value != [2]int{} {
				t.Errorf("%q: %+v", c.paths, m)
			}
		}
	}
}

// Judge makes its patterns at the first match, from whatever goroutine.
func TestJudgeConcurrently(t *testing.T) {
	var s Set
	rules := make([]*Rule, 20)
	for i := range rules {
		rules[i] = &Rule{ID: fmt.Sprint(i), Regex: "x", Allowlists: []Allowlist{{Regexes: []string{fmt.Sprintf("^%d$", i)}}}}
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i, r := range rules {
				text := []byte(fmt.Sprint(i))
				m := Match{Rule: r, End: len(text), Value: [2]int{0, len(text)}}
				if why := s.Judge(&m, Subject{Text: text}); why != WhyAllowlist {
					t.Errorf("rule %d: %q", i, why)
				}
			}
		})
	}
	wg.Wait()
}

func TestAnyOfLeavesOutWhatDoesNotCompile(t *testing.T) {
	if anyOf(nil) != nil {
		t.Error("no pattern is no condition")
	}
	if re := anyOf([]string{"(", "a|b", "c)"}); !re.MatchString("b") || re.MatchString("c") {
		t.Error("the right one is not used")
	}
	if anyOf([]string{"("}).MatchString("(") {
		t.Error("a broken pattern matches")
	}
}

func BenchmarkJudge(b *testing.B) {
	var s Set
	m := judgeMatch("", Allowlist{Paths: []string{`vendor/`, `_test\.go$`, `(?i)\.(svg|png)$`}}, Allowlist{RegexTarget: "line", Regexes: []string{"nothing"}, StopWords: []string{"other", "words"}})
	in := Subject{Text: []byte(judgeText), Paths: []string{"src/main.go"}}
	b.ReportAllocs()
	for b.Loop() {
		if s.Judge(&m, in) != "" {
			b.Fatal("taken out")
		}
	}
}
