package policy

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
)

// TestResult is what became of one test of a bundle: a rule whose name begins with
// test_, which must hold. OPA leaves out those that begin with todo_test_.
type TestResult struct {
	Package  string // "oakum_test"
	Name     string
	File     string
	Line     int
	Skipped  bool
	Failed   bool   // the rule does not hold
	At       int    // line of the expression that did not hold; 0: not known
	Expr     string // that expression
	Err      error  // it could not be run to its end
	Output   string // what print wrote
	Duration time.Duration
}

// Passed tells whether the test held.
func (r TestResult) Passed() bool { return !r.Failed && !r.Skipped && r.Err == nil }

// Uncovered is a file with the lines that no test came by.
type Uncovered struct {
	File    string
	Lines   [][2]int // first and last line of what was not run
	Percent float64
}

// TestOptions are for Test.
type TestOptions struct {
	Run     string        // only tests whose name (package and rule) matches this regular expression
	Timeout time.Duration // of a single test; 0 is 5 s, as opa test has it
}

const testTimeout = 5 * time.Second

// Test runs the tests of a bundle, in the order of their files and lines, and
// tells of each of the bundle's files how much of it they came by. What can't be
// compiled is a *BrokenError. Tests may give a part of an input alone.
func Test(ctx context.Context, opt Options, how TestOptions) ([]TestResult, []Uncovered, error) {
	own, err := readBundle(opt.Name, opt.Files)
	if err != nil {
		return nil, nil, broken(opt.Name, err)
	}
	c, modules, err := newCompiler(own)
	if err != nil {
		return nil, nil, err
	}
	maps.Copy(modules, own.tests)
	store := inmem.NewFromObject(own.data)
	txn, err := store.NewTransaction(ctx, storage.TransactionParams{})
	if err != nil {
		return nil, nil, err
	}
	defer store.Abort(ctx, txn)
	seen := newWatcher()
	ran, err := tester.NewRunner().SetCompiler(c.WithEnablePrintStatements(true)).SetModules(modules).SetStore(store).CapturePrintOutput(true).RaiseBuiltinErrors(true).
		SetTimeout(cmp.Or(how.Timeout, testTimeout)).SetParallel(1).Filter(how.Run).SetCoverageQueryTracer(seen).RunTests(ctx, txn)
	if err != nil {
		return nil, nil, broken(opt.Name, err)
	}
	var all []TestResult
	for r := range ran {
		all = append(all, testResult(r, seen.stoppedAt(r.Location)))
	}
	slices.SortFunc(all, func(a, b TestResult) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Name, b.Name))
	})
	if err := ctx.Err(); err != nil {
		return all, nil, err
	}
	return all, uncovered(seen.Cover, own), nil
}

func testResult(r *tester.Result, stopped *ast.Expr) TestResult {
	t := TestResult{Package: strings.TrimPrefix(r.Package, "data."), Name: r.Name, Skipped: r.Skip, Failed: r.Fail && r.Error == nil,
		Err: r.Error, Output: string(bytes.TrimSpace(r.Output)), Duration: r.Duration}
	if r.Location != nil {
		t.File, t.Line = r.Location.File, r.Location.Row
	}
	if t.Failed && stopped != nil {
		t.At, t.Expr = stopped.Location.Row, strings.TrimSpace(string(stopped.Location.Text))
	}
	if late(t.Err) {
		t.Err = errors.New("took too long and was stopped")
	}
	return t
}

// uncovered is what the tests did not come by, of the files that are no tests.
func uncovered(seen *cover.Cover, own *bundled) []Uncovered {
	report := seen.Report(own.modules)
	var all []Uncovered
	for file, r := range report.Files {
		if strings.HasPrefix(file, "oakum/") || strings.HasSuffix(file, "_test.rego") {
			continue
		}
		u := Uncovered{File: file, Percent: r.Coverage}
		for _, lines := range r.NotCovered {
			u.Lines = append(u.Lines, [2]int{lines.Start.Row, lines.End.Row})
		}
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b Uncovered) int { return cmp.Compare(a.File, b.File) })
	return all
}

// String is the lines as people write them: "3, 7-9".
func (u Uncovered) String() string {
	var words []string
	for _, l := range u.Lines {
		if l[0] == l[1] {
			words = append(words, fmt.Sprint(l[0]))
		} else {
			words = append(words, fmt.Sprintf("%d-%d", l[0], l[1]))
		}
	}
	return strings.Join(words, ", ")
}
