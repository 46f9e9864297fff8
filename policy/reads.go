package policy

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// read finds which leaves of the input the rules can read that the entries lead
// to. A reference counts up to where it stops being constant, and with all that
// is below it and above it; so too much may be found, never too little.
//
// Decisions that agree in these leaves agree: nothing else goes into one. The
// functions that would answer differently by themselves are not there (see
// without), and the time is that of the Context.
func read(c *ast.Compiler, leaves []field, entries []ast.Ref) []field {
	w := &walk{compiler: c, seen: map[*ast.Rule]bool{}, reads: map[string]bool{}}
	for _, ref := range entries {
		w.follow(ref)
	}
	var all []field
	for _, leaf := range leaves {
		if w.readsLeaf(leaf.path) {
			all = append(all, leaf)
		}
	}
	return all
}

// walk goes from rule to rule.
type walk struct {
	compiler *ast.Compiler
	seen     map[*ast.Rule]bool
	reads    map[string]bool // paths below input, as "finding.place"; "" is all
}

// follow looks at every rule that ref may mean.
func (w *walk) follow(ref ast.Ref) {
	for _, r := range w.compiler.GetRulesDynamicWithOpts(ref, ast.RulesOptions{IncludeHiddenModules: true}) {
		w.rule(r)
	}
}

func (w *walk) rule(r *ast.Rule) {
	if w.seen[r] {
		return
	}
	w.seen[r] = true
	ast.WalkTerms(r, func(t *ast.Term) bool {
		switch v := t.Value.(type) {
		case ast.Var:
			if v.Equal(ast.InputRootDocument.Value) {
				w.reads[""] = true
			}
		case ast.Ref:
			w.ref(v)
			for _, part := range v[1:] { // its head is not a term of its own
				w.term(part)
			}
			return true
		}
		return false
	})
	// A default's rule, and the ones that an else leads to, are of the same document.
	for other := r.Else; other != nil; other = other.Else {
		w.rule(other)
	}
}

// term looks into a part of a reference, which can hold references itself.
func (w *walk) term(t *ast.Term) {
	ast.WalkRefs(t, func(r ast.Ref) bool {
		w.ref(r)
		return false
	})
}

func (w *walk) ref(ref ast.Ref) {
	switch {
	case ref.HasPrefix(ast.InputRootRef):
		w.reads[pathOf(ref.ConstantPrefix())] = true
	case ref.HasPrefix(ast.DefaultRootRef):
		w.follow(ref)
	}
}

// pathOf is a reference below input as a leaf's path; up to the first part that
// is no word.
func pathOf(ref ast.Ref) string {
	var path []string
	for _, t := range ref[1:] {
		s, ok := t.Value.(ast.String)
		if !ok || strings.Contains(string(s), ".") {
			break
		}
		path = append(path, string(s))
	}
	return strings.Join(path, ".")
}

// readsLeaf tells whether what is read is the leaf, above it or below it.
func (w *walk) readsLeaf(leaf string) bool {
	for path := range w.reads {
		if path == "" || path == leaf || strings.HasPrefix(leaf, path+".") || strings.HasPrefix(path, leaf+".") {
			return true
		}
	}
	return false
}
