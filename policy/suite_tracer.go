package policy

import (
	"fmt"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// watcher looks on while tests run: which lines they come by, and in which
// expression of its own each stopped last.
type watcher struct {
	*cover.Cover
	mu      sync.Mutex
	test    *ast.Rule // that runs
	stopped map[string]*ast.Expr
}

func newWatcher() *watcher { return &watcher{Cover: cover.New(), stopped: map[string]*ast.Expr{}} }

func (w *watcher) TraceEvent(e topdown.Event) {
	w.Cover.TraceEvent(e)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch node := e.Node.(type) {
	case *ast.Rule:
		if e.Op == topdown.EnterOp && strings.HasPrefix(string(node.Head.Name), tester.TestPrefix) {
			w.test = node
		}
	case *ast.Expr:
		if e.Op == topdown.FailOp && w.test != nil && within(node.Location, w.test) {
			w.stopped[placeOf(w.test.Location)] = node
		}
	}
}

// within tells whether a place is in the rule: in its file, from its line on.
// While a test runs no other rule of its file's later lines fails but a function
// that it calls, and then the call fails after it.
func within(at *ast.Location, rule *ast.Rule) bool {
	return at != nil && rule.Location != nil && at.File == rule.Location.File && at.Row >= rule.Location.Row
}

func placeOf(l *ast.Location) string { return fmt.Sprintf("%s:%d", l.File, l.Row) }

// stoppedAt is where the test at a place did not hold; nil: not known.
func (w *watcher) stoppedAt(test *ast.Location) *ast.Expr {
	w.mu.Lock()
	defer w.mu.Unlock()
	if test == nil {
		return nil
	}
	return w.stopped[placeOf(test)]
}
