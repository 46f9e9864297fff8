package scanner_test

import (
	"bytes"
	"fmt"
	"io/fs"
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

// appsFolder holds sample projects as leaktest templates. In them a credential
// is written «rule»value«», or «rule KEY»value«» where the name that it stands
// under matters too; everything outside of such marks is to be left alone.
const appsFolder = "../testdata/apps"

// mark is a planted credential. Its two ends are taken out before the scan.
var mark = regexp.MustCompile(`(?s)«([a-z0-9-]+)(?: ([^»]+))?»(.*?)«»`)

// plant is what the scanner is to find.
type plant struct {
	file, rule, key string
	line, column    int
}

func (p plant) String() string {
	return fmt.Sprintf("%s:%d:%d %s %s", p.file, p.line, p.column, p.rule, p.key)
}

// TestApps scans the sample projects: what is planted must be found, by the
// right rule, at its line and column and under its name, and nothing else that
// would stop a commit. Several seeds, so that no value's luck decides.
func TestApps(t *testing.T) {
	for seed := range uint64(3) {
		src, planted := grow(t, seed)
		if len(src) < 50 || len(planted) < 120 {
			t.Fatalf("only %d files with %d credentials: sample projects are missing", len(src), len(planted))
		}
		found := harvest(t, src)
		for _, p := range planted {
			at := slices.IndexFunc(found, p.matches)
			if at < 0 {
				t.Errorf("seed %d: not found: %s", seed, p)
				continue
			}
			found = slices.DeleteFunc(found, p.matches) // a secret key may be the part of two ids
		}
		for _, f := range found {
			t.Errorf("seed %d: found what was not planted: %s", seed, f)
		}
	}
}

// matches: the rule and the place are the same, and the name where p asks for it.
func (p plant) matches(f plant) bool {
	if p.key == "" {
		f.key = ""
	}
	return p == f
}

// grow renders the sample projects, and tells what is planted in them.
func grow(t *testing.T, seed uint64) (src sourcetest.Memory, planted []plant) {
	t.Helper()
	err := filepath.WalkDir(appsFolder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == "orders" { // renders itself: testdata/apps/orders
			return fs.SkipDir
		}
		if err != nil || entry.IsDir() {
			return err
		}
		tmpl, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(appsFolder, path)
		if err != nil {
			return err
		}
		name, ok := strings.CutSuffix(filepath.ToSlash(rel), ".tmpl")
		if !ok {
			return fmt.Errorf("%s is not a template", path)
		}
		text, err := leaktest.Render(seed, string(tmpl))
		if err != nil {
			return fmt.Errorf("render %s: %w", path, err)
		}
		content, here := unmark(name, text)
		src = append(src, sourcetest.Text{Name: name, Content: content})
		planted = append(planted, here...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return src, planted
}

// unmark takes the marks out of a text, and tells where they stood.
func unmark(file, text string) (content []byte, planted []plant) {
	for {
		m := mark.FindStringSubmatchIndex(text)
		if m == nil {
			return append(content, text...), planted
		}
		content = append(content, text[:m[0]]...)
		p := plant{file: file, rule: text[m[2]:m[3]], line: 1 + bytes.Count(content, []byte("\n"))}
		p.column = len(content) - bytes.LastIndexByte(content, '\n')
		if m[4] >= 0 {
			p.key = text[m[4]:m[5]]
		}
		planted = append(planted, p)
		content = append(content, text[m[6]:m[7]]...)
		text = text[m[1]:]
	}
}

// harvest scans with the built-in rules; the parts of a pair count as found.
func harvest(t *testing.T, src sourcetest.Memory) (found []plant) {
	t.Helper()
	_, err := scanner.New(builtin.Set(), scanner.Options{}).Scan(t.Context(), src.Plain(), func(e scanner.Event) error {
		if e.Gap != nil {
			t.Errorf("not looked at: %v", e.Gap)
		}
		if f := e.Finding; f != nil && f.Severity > leak.Low {
			for _, s := range append([]leak.Sighting{f.Sighting}, f.Also...) {
				found = append(found, plant{s.Place.String(), f.Rule, f.Key, s.Line, s.Column})
			}
			for _, part := range f.Parts {
				found = append(found, plant{f.Place.String(), part.Rule, "", part.Line, part.Column})
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
