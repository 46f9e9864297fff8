package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// leastCases is how many cases of rego there were; there may be more.
const leastCases = 48

// The built-in policy and its library of words, case by case in Rego.
func TestDefaultPolicy(t *testing.T) {
	files := map[string][]byte{}
	names, err := filepath.Glob("testdata/rego/*_test.rego")
	if err != nil || len(names) < 2 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		if files[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	results, _, err := Test(t.Context(), Options{Name: "testdata/rego", Files: files}, TestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	report(t, results)
	if len(results) < leastCases {
		t.Errorf("%d cases, there were %d", len(results), leastCases)
	}
}

func report(t *testing.T, results []TestResult) {
	t.Helper()
	for _, r := range results {
		if !r.Passed() {
			t.Errorf("%s:%d: %s.%s: line %d: %s %v %s", r.File, r.Line, r.Package, r.Name, r.At, r.Expr, r.Err, r.Output)
		}
	}
}

// A policy of the library holds its own tests, which come by every line of it, is
// one that can be used, and says what it is for.
func TestLibrary(t *testing.T) {
	samples, err := Library()
	if err != nil || len(samples) < 10 {
		t.Fatal(len(samples), err)
	}
	cases := 0
	for _, s := range samples {
		t.Run(s.Name, func(t *testing.T) {
			opt := Options{Name: s.Name, Files: s.Files}
			results, uncovered, err := Test(t.Context(), opt, TestOptions{})
			if err != nil {
				t.Fatal(err)
			}
			report(t, results)
			if len(results) < 2 {
				t.Errorf("%d tests", len(results))
			}
			cases += len(results)
			for _, u := range uncovered {
				if len(u.Lines) > 0 {
					t.Errorf("%s: no test comes by lines %s", u.File, u)
				}
			}
			if _, err := Load(opt); err != nil {
				t.Error(err)
			}
			if len(s.Doc) < 40 || !strings.HasSuffix(s.Doc, ".") {
				t.Errorf("says of itself %q", s.Doc)
			}
		})
	}
	if cases < 30 {
		t.Errorf("%d cases in all", cases)
	}
}

// All policies of the library can be copied into one folder.
func TestLibraryTogether(t *testing.T) {
	samples, err := Library()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, s := range samples {
		for name, content := range s.Files {
			files[name] = content
		}
	}
	if _, err := Load(Options{Name: "all", Files: files}); err != nil {
		t.Fatal(err)
	}
}

// What a policy must not have is what leads out, or answers differently each time.
func TestWithout(t *testing.T) {
	there := map[string]bool{}
	for _, b := range ast.CapabilitiesForThisVersion().Builtins {
		there[b.Name] = true
		if b.Nondeterministic && b.Name != "time.now_ns" && contains(capabilities(), b.Name) {
			t.Errorf("a policy has %s, which answers differently each time", b.Name)
		}
	}
	for _, name := range without {
		if !there[name] {
			t.Errorf("OPA has no %s any more: mend the list", name)
		}
		if contains(capabilities(), name) {
			t.Errorf("a policy has %s", name)
		}
	}
}

func contains(c *ast.Capabilities, name string) bool { return c.ContainsBuiltin(name) }
