package policy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/oakum-sec/oakum/leak"
)

// Rule is a rule of a policy that held.
type Rule struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Name string `json:"name"`
}

func (r Rule) String() string { return fmt.Sprintf("%s:%d %s", r.File, r.Line, r.Name) }

// rulesOf are the rules that held in a run, each once, in the order in which they
// were found to.
func rulesOf(events []*topdown.Event) []Rule {
	var all []Rule
	seen := map[Rule]bool{}
	for _, e := range events {
		r, ok := e.Node.(*ast.Rule)
		if !ok || e.Op != topdown.ExitOp || r.Location == nil {
			continue
		}
		one := Rule{r.Location.File, r.Location.Row, string(r.Head.Name)}
		if !seen[one] {
			seen[one] = true
			all = append(all, one)
		}
	}
	return all
}

// Document is an input document, as somebody wrote it down: see Schema.
type Document struct {
	Version int            `json:"version"`
	Context map[string]any `json:"context"`
	Finding map[string]any `json:"finding,omitempty"`
	Gap     map[string]any `json:"gap,omitempty"`
}

// DecideDocument decides about a document, which is not completed: what it does not
// say is not known. Its error is about the document; what is wrong with the policy
// denies.
func (p *Policy) DecideDocument(ctx context.Context, doc Document) (Result, error) {
	if err := doc.check(); err != nil {
		return Result{}, err
	}
	r := Result{Findings: make([]leak.Decision, 1), Broken: p.broken}
	if r.Broken != nil {
		return r.denied(), nil
	}
	var input any
	b, err := json.Marshal(doc)
	if err == nil {
		err = json.Unmarshal(b, &input)
	}
	if err != nil {
		return r, err
	}
	value, err := ast.InterfaceToValue(input)
	if err != nil {
		return r, err
	}
	about := p.text
	switch event, _ := doc.Context["event"].(string); {
	case doc.Gap != nil:
		about = p.gap
	case Event(event) == Admission || Event(event) == Audit:
		about = p.object
	}
	a, err := about()
	if err != nil {
		return p.without(r, broken(builtinName, err))
	}
	c := Context{Now: doc.now()}.filled()
	d := &deciding{options: p.options, context: &c}
	if r.Findings[0], err = d.ask(ctx, a, value); err != nil {
		r.Findings[0] = d.failed(err)
	}
	r.Verdict, r.Broken, r.Held, r.Asked = r.Findings[0].Verdict, d.broken, d.held, d.asked
	return r, ctx.Err()
}

func (d Document) check() error {
	switch {
	case d.Version != Version:
		return fmt.Errorf("an input document of version %d: this oakum knows version %d (oakum policy show input)", d.Version, Version)
	case (d.Finding == nil) == (d.Gap == nil):
		return errors.New("an input document has a finding or a gap: see oakum policy show input")
	}
	return nil
}

// now is the time that the document gives, or else the clock's.
func (d Document) now() time.Time {
	text, _ := d.Context["now"].(string)
	now, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return now
}
