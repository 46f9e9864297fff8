// Package oakum_test holds the rules of this repository as tests: its layers
// (arrows_test.go), its sizes and words (this file), that it carries no
// credential (secrets_test.go), and that its documents show what the program
// does (console_test.go). A rule that a test holds needs no reviewer.
package oakum_test

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// tracked lists the files that git tracks or would track, by path.
var tracked = sync.OnceValues(func() ([]string, error) {
	out, err := exec.Command("git", "ls-files", "-z", "-co", "--exclude-standard").Output()
	if err != nil {
		return nil, fmt.Errorf("list the repository's files: %w", err)
	}
	names := strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 })
	names = slices.DeleteFunc(names, func(name string) bool {
		_, err := os.Lstat(name) // deleted, and the index does not know it yet
		return errors.Is(err, fs.ErrNotExist)
	})
	slices.Sort(names)
	return slices.Compact(names), nil
})

// files are the tracked files for which want holds; none at all is a failure.
func files(t *testing.T, want func(name string) bool) []string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil && os.Getenv("OAKUM_PARTS_REQUIRED") != "1" {
		t.Skip("git lists this repository's files, and is not installed")
	}
	all, err := tracked()
	if err != nil {
		t.Fatal(err)
	}
	var some []string
	for _, name := range all {
		if want(name) {
			some = append(some, name)
		}
	}
	if len(some) == 0 {
		t.Fatal("the rule looks at no file")
	}
	return some
}

func isGo(name string) bool { return path.Ext(name) == ".go" }

func text(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The sizes of conventions: what is longer than this is two ideas.
const (
	maxFileLines = 400
	maxFuncLines = 80
)

var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

func TestGoFiles(t *testing.T) {
	for _, name := range files(t, isGo) {
		src := text(t, name)
		if generated.Match(src) {
			continue
		}
		if lines := bytes.Count(src, []byte("\n")); lines > maxFileLines {
			t.Errorf("%s has %d lines, more than %d: split it by its nouns", name, lines, maxFileLines)
		}
		tidy, err := format.Source(src)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !bytes.Equal(tidy, src) {
			t.Errorf("gofmt would change %s", name)
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
		if err != nil {
			t.Error(err)
			continue
		}
		checkFunctions(t, fset, file)
	}
}

// checkFunctions holds the length of functions, and that nothing runs at start
// (an init costs every command) but what embeds a file.
func checkFunctions(t *testing.T, fset *token.FileSet, file *ast.File) {
	t.Helper()
	for _, decl := range file.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		at := fset.Position(fn.Pos())
		if lines := fset.Position(fn.End()).Line - at.Line + 1; lines > maxFuncLines {
			t.Errorf("%s: %s has %d lines, more than %d", at, fn.Name.Name, lines, maxFuncLines)
		}
		if fn.Name.Name == "init" && fn.Recv == nil {
			t.Errorf("%s: has an init; make it a value or call it where it is needed", at)
		}
	}
}

// revealers are the files that may take a value out of a leak.Secret, each with
// its reason. A new one is argued for in review.
var revealers = map[string]string{
	"scanner/verify/question.go":          "a request to the issuer, made only where the user asks for it, holds the value as text",
	"internal/allow/foreign/value.go":     "to compare with the values and hashes in other tools' lists",
	"internal/gitleaks/value.go":          "--reveal in gitleaks' report, under the same conditions; and its column of entropies",
	"internal/known/add.go":               "to hash it with the user's key, which is all that is kept",
	"internal/report/reveal.go":           "--reveal: to a terminal or a file of the user's own",
	"remediate/locate/locate.go":          "to find the other places where it stands, in memory",
	"remediate/store/agefile/content.go":  "to encrypt it",
	"remediate/store/agefile/identity.go": "age takes a passphrase as text",
	"remediate/dynamic/reveal.go":         "the password that Vault's own database user gets, on its way into Vault and the database; and the admin's, into the connection",
	"remediate/launch/reveal.go":          "oakum run: into the environment, or a file in memory, of the program that the user starts",
	"remediate/store/document.go":         "fields of a JSON document are what rotation functions and CSI drivers read; made and compared in memory",
	"remediate/store/plain.go":            "a store's client takes the value as text; into the request that stores it and nowhere else",
	"remediate/scrub/scrub.go":            "to cut a value out of a vendor's error that quotes it",
	"webhook/internal/admit/redact.go":    "to take values out of what an answer tells, where an author has named a field after one",
}

func TestRevealers(t *testing.T) {
	found := map[string]bool{}
	for _, name := range files(t, func(n string) bool { return isGo(n) && !strings.HasSuffix(n, "_test.go") }) {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Error(err)
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "Reveal" {
				return true
			}
			found[name] = true
			if revealers[name] == "" {
				t.Errorf("%s: takes a value out of a Secret; is there no other way? (revealers in all_test.go)", fset.Position(sel.Pos()))
			}
			return true
		})
	}
	for name := range revealers {
		if !found[name] {
			t.Errorf("%s is listed in revealers and reveals nothing", name)
		}
	}
}

// unwanted are words that do not belong into a committed file, each with the
// places where they are what the file is about. They are put together here so
// that this file does not hold them.
var unwanted = []struct {
	what    string
	pattern *regexp.Regexp
	except  *regexp.Regexp // of paths; nil: nowhere
}{
	{"a path of one machine", regexp.MustCompile(`(^|[^\w.])/(wo` + `rk|ro` + `ot)/\w`), nil},
	{"a package registry's host", regexp.MustCompile(`proxy\.go` + `lang\.org|sum\.go` + `lang\.org|deb\.deb` + `ian\.org|files\.python` + `hosted\.org`), nil},
	{"a package registry's host", regexp.MustCompile(`registry\.npm` + `js\.org|\bpy` + `pi\.org|index\.do` + `cker\.io|crat` + `es\.io`), regexp.MustCompile(`^(rules|leak/leaktest|testdata)/|^docs/rules\.md$|^remediate/rotate/tokenapi/npm\.go$`)},
	{"a mark of unfinished work", regexp.MustCompile(`\bTO` + `DO\b|\bFIX` + `ME\b|\bXX` + `X\b|(?i)(//|#) .*\bfor n` + `ow\b|\bnot imple` + `mented\b`), regexp.MustCompile(`^(LICENSE|rules/.*\.toml)$`)},
}

func TestWords(t *testing.T) {
	for _, name := range files(t, func(string) bool { return true }) {
		info, err := os.Lstat(name)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		src := text(t, name)
		for _, u := range unwanted {
			if u.except != nil && u.except.MatchString(name) {
				continue
			}
			for _, at := range u.pattern.FindAllIndex(src, 3) {
				line := 1 + bytes.Count(src[:at[0]], []byte("\n"))
				t.Errorf("%s:%d: %s: %q", name, line, u.what, src[at[0]:at[1]])
			}
		}
	}
}

// Each design page is numbered, once, without a hole, and its title says its number.
func TestDesignPagesAreNumbered(t *testing.T) {
	shape := regexp.MustCompile(`^docs/design/(\d{3})-[a-z0-9-]+\.md$`)
	var numbers []string
	for _, name := range files(t, func(n string) bool { return strings.HasPrefix(n, "docs/design/") }) {
		m := shape.FindStringSubmatch(name)
		if m == nil {
			t.Errorf("%s is not named docs/design/NNN-title.md", name)
			continue
		}
		numbers = append(numbers, m[1])
		if !bytes.HasPrefix(text(t, name), []byte("# "+m[1]+" ")) {
			t.Errorf("%s does not begin with # %s", name, m[1])
		}
	}
	for i, number := range numbers {
		if want := fmt.Sprintf("%03d", i+1); number != want {
			t.Errorf("design page %s stands where %s is due", number, want)
		}
	}
}

// What users and tools look for at the top of the repository.
func TestTopOfTheHouse(t *testing.T) {
	for name, want := range map[string]string{
		"CHANGELOG.md":           "\n## ",
		"LICENSE":                "Apache License",
		"README.md":              "make check",
		"docs/compat.md":         "Exit codes",
		".ci/run":                "make check",
		".pre-commit-hooks.yaml": "id: oakum-system",
		"pyproject.toml":         "oakum-bin==",
		"webhook/go.mod":         "=> ../",
		"remediate/go.mod":       "=> ../",
	} {
		if !bytes.Contains(text(t, name), []byte(want)) {
			t.Errorf("%s does not hold %q", name, want)
		}
	}
	if _, err := os.Stat("go.work"); err == nil {
		t.Error("go.work is committed; it would link other versions than users get")
	}
}
