package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/oakum-sec/oakum/leak"
)

// Version is the version of the input document, as input.version. Fields may be
// added under the same number; a change of meaning takes the next.
const Version = 1

// subject is what one decision is about: a finding or a gap, in a context.
type subject struct {
	context *Context
	finding *leak.Finding
	gap     *leak.Gap
}

// field is one leaf of the input document: a path such as "finding.place.kind",
// and how it is read. nil is absent. A field is a string, a bool, an int, a
// float64, a list of strings or a map of them.
type field struct {
	path string
	get  func(subject) any
}

// fields are the leaves that differ from subject to subject, by their paths. One
// table makes the document and the memo's key, so that neither can hold what the
// other has not. No field reads a Secret.
var findingFields = []field{
	{"finding.age_days", func(s subject) any { return ageDays(s) }},
	{"finding.confidence", func(s subject) any { return number(s.finding.Confidence) }},
	{"finding.decoded", func(s subject) any { return list(s.finding.Decoded) }},
	{"finding.hint", func(s subject) any { return word(s.finding.Hint) }},
	{"finding.id", func(s subject) any { return s.finding.ID }},
	{"finding.identity", func(s subject) any { return s.finding.Rule == identityRule }},
	{"finding.key", func(s subject) any { return word(s.finding.Key) }},
	{"finding.known", func(s subject) any { return isKnown(s.finding) }},
	{"finding.line", func(s subject) any { return s.finding.Line }},
	{"finding.live.host", func(s subject) any { return ofLive(s, func(v *leak.Verification) any { return word(v.Host) }) }},
	{"finding.live.reason", func(s subject) any { return ofLive(s, func(v *leak.Verification) any { return word(v.Reason) }) }},
	{"finding.live.state", func(s subject) any { return ofLive(s, func(v *leak.Verification) any { return v.State.String() }) }},
	{"finding.new", func(s subject) any { return isNew(s) }},
	{"finding.notes", func(s subject) any { return list(s.finding.Notes) }},
	{"finding.origin.at_head", func(s subject) any { return ofOrigin(s, func(o *leak.Origin) any { return o.AtHead }) }},
	{"finding.origin.author", func(s subject) any { return ofOrigin(s, func(o *leak.Origin) any { return word(o.Author) }) }},
	{"finding.origin.commit", func(s subject) any { return ofOrigin(s, func(o *leak.Origin) any { return word(o.Commit) }) }},
	{"finding.origin.date", func(s subject) any { return ofOrigin(s, func(o *leak.Origin) any { return day(o.Date) }) }},
	{"finding.origin.email", func(s subject) any { return ofOrigin(s, func(o *leak.Origin) any { return word(o.Email) }) }},
	{"finding.origin.ref", func(s subject) any { return ofOrigin(s, func(o *leak.Origin) any { return word(o.Ref) }) }},
	{"finding.parts", func(s subject) any { return parts(s.finding) }},
	{"finding.proof", func(s subject) any { return s.finding.Proof.String() }},
	{"finding.reach", func(s subject) any { return s.finding.Reach.String() }},
	{"finding.rule", func(s subject) any { return s.finding.Rule }},
	{"finding.seen", func(s subject) any { return s.finding.Seen }},
	{"finding.severity", func(s subject) any { return s.finding.Severity.String() }},
	{"finding.step.job", func(s subject) any { return ofStep(s, func(p *leak.Step) string { return p.Job }) }},
	{"finding.step.step", func(s subject) any { return ofStep(s, func(p *leak.Step) string { return p.Step }) }},
	{"finding.step.system", func(s subject) any { return ofStep(s, func(p *leak.Step) string { return p.System }) }},
	{"finding.step.variable", func(s subject) any { return ofStep(s, func(p *leak.Step) string { return p.Variable }) }},
	{"finding.suppressed.kind", func(s subject) any { return ofSuppression(s, func(p *leak.Suppression) any { return p.Kind }) }},
	{"finding.suppressed.reason", func(s subject) any { return ofSuppression(s, func(p *leak.Suppression) any { return word(p.Reason) }) }},
	{"finding.suppressed.where", func(s subject) any { return ofSuppression(s, func(p *leak.Suppression) any { return word(p.Where) }) }},
}

var gapFields = []field{
	{"gap.class", func(s subject) any { return s.gap.Class.String() }},
	{"gap.code", func(s subject) any { return s.gap.Code }},
	{"gap.why", func(s subject) any { return s.gap.Why.Error() }},
}

// placeFields are the leaves of a place, below "finding" or "gap".
func placeFields(below string, of func(subject) leak.Place) []field {
	all := make([]field, 0, len(placeLeaves))
	for _, leaf := range placeLeaves {
		all = append(all, field{below + ".place." + leaf.name, func(s subject) any {
			p := of(s)
			if p == nil {
				return nil
			}
			return leaf.get(p)
		}})
	}
	return all
}

// subjectFields are all leaves of a finding's or a gap's document, without the
// context's.
func subjectFields(s subject) []field {
	if s.finding != nil {
		return allFindingFields
	}
	return allGapFields
}

var (
	allFindingFields = slices.Concat(findingFields, placeFields("finding", func(s subject) leak.Place { return s.finding.Place }))
	allGapFields     = slices.Concat(gapFields, placeFields("gap", func(s subject) leak.Place { return s.gap.Place }))
)

// knownNote begins what the scanner notes of a value that the user named himself
// and another rule found; knownRule found it by that alone.
const (
	knownNote = "known secret: "
	knownRule = "known-secret"
)

// identityRule is the scanner's rule of keys that are in use where a role would do. Of
// such a key nothing is known but that.
const identityRule = "static-identity"

func isKnown(f *leak.Finding) bool {
	return f.Rule == knownRule || slices.ContainsFunc(f.Notes, func(n string) bool { return strings.HasPrefix(n, knownNote) })
}

// isNew tells whether the finding comes with what is judged; nil where nobody
// knows. Where the caller did not compare, what a baseline lists is old, and a
// change's is new.
func isNew(s subject) any {
	switch c := s.context; {
	case s.finding.Suppressed != nil && s.finding.Suppressed.Kind == leak.SuppressBaseline:
		return false
	case c.Old != nil:
		return !c.Old[s.finding.ID]
	case c.Event == Gate || c.Event == Hook:
		return true
	}
	return nil
}

// ageDays is how many whole days ago the text was committed; nil where that is
// not known.
func ageDays(s subject) any {
	o := s.finding.Origin
	if o == nil || o.Date.IsZero() {
		return nil
	}
	return int(s.context.Now.Sub(o.Date) / (24 * time.Hour))
}

func ofLive(s subject, get func(*leak.Verification) any) any {
	if s.finding.Live == nil {
		return nil
	}
	return get(s.finding.Live)
}

func ofOrigin(s subject, get func(*leak.Origin) any) any {
	if s.finding.Origin == nil {
		return nil
	}
	return get(s.finding.Origin)
}

func ofStep(s subject, get func(*leak.Step) string) any {
	if s.finding.Step == nil {
		return nil
	}
	return word(get(s.finding.Step))
}

func ofSuppression(s subject, get func(*leak.Suppression) any) any {
	if s.finding.Suppressed == nil {
		return nil
	}
	return get(s.finding.Suppressed)
}

// parts are the rules of the values that make the credential whole.
func parts(f *leak.Finding) any {
	rules := make([]string, len(f.Parts))
	for i, p := range f.Parts {
		rules[i] = p.Rule
	}
	return list(rules)
}

func word(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func list(l []string) any {
	if len(l) == 0 {
		return nil
	}
	return l
}

func number(f float64) any {
	if f == 0 {
		return nil
	}
	return f
}

func day(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// document is the input of one decision, as far as its leaves are asked for; context
// is the part that all share.
func (s subject) document(context *ast.Term, leaves []field) ast.Value {
	tree := map[string]any{}
	for _, f := range leaves {
		put(tree, f.path, f.get(s))
	}
	name := "finding"
	if s.gap != nil {
		name = "gap"
	}
	if tree[name] == nil {
		tree[name] = map[string]any{} // it is there, though nothing is read of it
	}
	pairs := [][2]*ast.Term{
		{ast.StringTerm("version"), ast.IntNumberTerm(Version)},
		{ast.StringTerm("context"), context},
	}
	for name, v := range tree {
		pairs = append(pairs, [2]*ast.Term{ast.StringTerm(name), term(v)})
	}
	return ast.NewObject(pairs...)
}

// put sets a leaf of a tree by its path, unless it is absent.
func put(tree map[string]any, path string, v any) {
	if v == nil {
		return
	}
	for {
		head, rest, below := strings.Cut(path, ".")
		if !below {
			tree[head] = v
			return
		}
		next, ok := tree[head].(map[string]any)
		if !ok {
			next = map[string]any{}
			tree[head] = next
		}
		tree, path = next, rest
	}
}

// term is a leaf or a tree in OPA's terms.
func term(v any) *ast.Term {
	switch v := v.(type) {
	case string:
		return ast.StringTerm(v)
	case bool:
		return ast.BooleanTerm(v)
	case int:
		return ast.IntNumberTerm(v)
	case float64:
		return ast.FloatNumberTerm(v)
	case []string:
		terms := make([]*ast.Term, len(v))
		for i, s := range v {
			terms[i] = ast.StringTerm(s)
		}
		return ast.ArrayTerm(terms...)
	case map[string]string:
		o := ast.NewObject()
		for k, s := range v {
			o.Insert(ast.StringTerm(k), ast.StringTerm(s))
		}
		return ast.NewTerm(o)
	case map[string]any:
		o := ast.NewObject()
		for k, s := range v {
			o.Insert(ast.StringTerm(k), term(s))
		}
		return ast.NewTerm(o)
	}
	return ast.NullTerm()
}
