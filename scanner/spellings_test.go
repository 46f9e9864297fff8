package scanner_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/sourcetest"
)

// spellingsFolder holds the ways of writing a credential, as leaktest templates:
// some lines of a file each, below its name (what follows a colon tells people
// what is tried). A value is written
//
//	«rule␣key|note|note»value«»
//
// with the name that it must be found under and notes that must be among those of
// the finding; with no key, none is asked for. ␣ is a blank, so that no rule finds
// a mark. Inside of it ‹raw→plain› is what
// stands in the file and is otherwise in the value, and ‹raw› is not in it at all.
// What is not marked must not be found.
const spellingsFolder = "../testdata/spellings"

var (
	caseHead = regexp.MustCompile(`(?m)^-- ([^ \n]+)(?: : ([^\n]+))? --\n`)
	spelt    = regexp.MustCompile(`(?s)«([a-z0-9-]+)(?:␣([^»|]*))?(?:\|([^»]*))?»(.*?)«»`)
	unlike   = regexp.MustCompile(`(?s)‹(.*?)(?:→(.*?))?›`)
)

// spelling is a value that is to be found.
type spelling struct {
	rule, key string
	notes     []string
	span      leak.Span
	value     string
}

func (s spelling) String() string {
	return fmt.Sprintf("%s %q at %v %v", s.rule, s.key, s.span, s.notes)
}

// speltCase is a text with its name, and what is to be found in it.
type speltCase struct {
	name string
	text sourcetest.Text
	want []spelling
}

// TestSpellings holds that a value is found with its exact extent, its key path and
// its companions, in every spelling, and nothing else. Several seeds, so that no
// value's luck decides.
func TestSpellings(t *testing.T) {
	for seed := range uint64(3) {
		cases, values, lines := 0, 0, 0
		for _, c := range speltCases(t, seed) {
			cases, values = cases+1, values+len(c.want)
			if len(c.want) == 0 {
				lines += bytes.Count(c.text.Content, []byte("\n"))
			}
			if why := c.wrong(t); why != "" {
				t.Errorf("seed %d: %s%s", seed, c.name, why)
			}
		}
		if cases < 200 || values < 300 || lines < 200 {
			t.Errorf("only %d cases with %d values and %d lines of decoys", cases, values, lines)
		}
		t.Logf("seed %d: %d cases, %d values, %d lines of decoys", seed, cases, values, lines)
	}
}

// TestSpellingsNarrowed: a scan of the texts as edits of each other tells the same
// as one of each by itself.
func TestSpellingsNarrowed(t *testing.T) {
	var texts sourcetest.Memory
	for _, c := range speltCases(t, 5) {
		texts = append(texts, c.text)
	}
	for i := range texts { // two versions of each, one behind the other
		older := bytes.ReplaceAll(texts[i].Content, []byte("\n"), []byte("\n\n"))
		texts = append(texts, sourcetest.Text{Name: texts[i].Name, Content: older})
	}
	slices.SortStableFunc(texts, func(a, b sourcetest.Text) int { return strings.Compare(a.Name, b.Name) })
	for what, open := range map[string]scanner.Source{"edited": texts.Edited(), "deltas": texts.Deltas()} {
		t.Run(what, func(t *testing.T) {
			sourcetest.Run(t, builtin.Set(), len(texts), func(*testing.T) scanner.Source { return open })
		})
	}
}

func speltCases(t *testing.T, seed uint64) (all []speltCase) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(spellingsFolder, "*.txt"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files of spellings: %v", len(files), err)
	}
	for _, file := range files {
		tmpl, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		heads := caseHead.FindAllSubmatchIndex(tmpl, -1)
		for i, h := range heads {
			end := len(tmpl)
			if i+1 < len(heads) {
				end = heads[i+1][0]
			}
			text, err := leaktest.Render(seed*1000+uint64(i), string(tmpl[h[1]:end]))
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			c := speltCase{name: fmt.Sprintf("%s: %s", filepath.Base(file), tmpl[h[0]:h[1]-1])}
			c.text.Name = string(tmpl[h[2]:h[3]])
			c.text.Content, c.want = unspell(text)
			all = append(all, c)
		}
	}
	return all
}

// unspell takes the marks out of a text and tells what they said.
func unspell(text string) (content []byte, want []spelling) {
	for {
		m := spelt.FindStringSubmatch(text)
		if m == nil {
			return append(content, text...), want
		}
		before, after, _ := strings.Cut(text, m[0])
		content = append(content, before...)
		blanks := func(s string) string { return strings.ReplaceAll(s, "␣", " ") }
		s := spelling{rule: m[1], key: blanks(m[2])}
		if m[3] != "" {
			s.notes = strings.Split(blanks(m[3]), "|")
		}
		s.span.Start = int64(len(content))
		content = append(content, unlike.ReplaceAllString(m[4], "$1")...)
		s.span.End = int64(len(content))
		s.value = unlike.ReplaceAllString(m[4], "$2")
		want = append(want, s)
		text = after
	}
}

// wrong tells in what a scan of the case gives something else than is wanted.
func (c speltCase) wrong(t *testing.T) (why string) {
	t.Helper()
	found := c.scan(t)
	for _, want := range c.want {
		i := slices.IndexFunc(found, func(f *leak.Finding) bool { return f.Span.Start < want.span.End && want.span.Start < f.Span.End })
		if i < 0 {
			why += "\n\tnot found: " + want.String()
			continue
		}
		f := found[i]
		found = slices.Delete(found, i, i+1)
		switch {
		case f.Rule != want.rule:
			why += fmt.Sprintf("\n\tfound by %s, not by %s", f.Rule, want.rule)
		case f.Span != want.span:
			why += fmt.Sprintf("\n\tfound %v, not %v", f.Span, want)
		case !f.Secret.Equal(leak.NewSecret([]byte(want.value))):
			why += fmt.Sprintf("\n\tanother value of %d bytes for %v", f.Secret.Len(), want)
		case want.key != "" && f.Key != want.key:
			why += fmt.Sprintf("\n\tunder %q, not %q", f.Key, want.key)
		}
		for _, n := range want.notes {
			if !slices.Contains(f.Notes, n) {
				why += fmt.Sprintf("\n\tnotes of %q are %q, not %q", want.key, f.Notes, n)
			}
		}
	}
	for _, f := range found {
		line := bytes.Split(c.text.Content, []byte("\n"))[f.Line-1]
		why += fmt.Sprintf("\n\tfound what is none: %s %q at %v in %q", f.Rule, f.Key, f.Span, line)
	}
	return why
}

func (c speltCase) scan(t *testing.T) (found []*leak.Finding) {
	t.Helper()
	_, err := scanner.New(builtin.Set(), scanner.Options{}).Scan(t.Context(), sourcetest.Memory{c.text}.Plain(), func(e scanner.Event) error {
		if e.Gap != nil {
			t.Errorf("%s: not looked at: %v", c.name, e.Gap.Why)
		}
		if e.Finding != nil {
			found = append(found, e.Finding)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
