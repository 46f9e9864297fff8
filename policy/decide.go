package policy

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/oakum-sec/oakum/leak"
)

// deciding is one call of Decide.
type deciding struct {
	options  Options
	context  *Context
	document *ast.Term // of the context

	memo  map[string]leak.Decision
	key   []byte
	asked int
	late  int // decisions that took too long

	broken *BrokenError // its failures; nil: none
	held   [][]Rule     // see Options.Explain
}

// maxLate is after how many decisions that took too long the policy is no more
// asked: each would take as long again.
const maxLate = 3

// decide decides about one subject, or knows it of one that the rules can't tell
// from it. Its error is ctx's end, or a *BrokenError.
func (d *deciding) decide(ctx context.Context, about func() (*asked, error), s subject, to *leak.Decision) error {
	a, err := about()
	if err != nil {
		return broken(builtinName, err)
	}
	d.key = appendKey(d.key[:0], a.memo, s)
	if known, ok := d.memo[string(d.key)]; ok && !d.options.noMemo && !d.options.Explain {
		*to = known
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if d.late >= maxLate {
		*to = d.fault(fmt.Sprintf("stopped: %d decisions took more than %v each", d.late, d.options.Timeout))
		return nil
	}
	leaves := a.memo // what no rule reads need not be written down
	if d.options.noMemo {
		leaves = subjectFields(s)
	}
	decision, err := d.ask(ctx, a, s.document(d.document, leaves))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		decision = d.failed(err)
	}
	d.memo[string(d.key)] = decision
	*to = decision
	return nil
}

// ask asks the user's policy, and where it leaves things open the built-in one. A
// decision that is over time is tried once more: a machine may have stood still.
func (d *deciding) ask(ctx context.Context, a *asked, input ast.Value) (decision leak.Decision, err error) {
	d.asked++
	for range 2 {
		if decision, err = d.askOnce(ctx, a, input); !late(err) {
			return decision, err
		}
	}
	return decision, err
}

func (d *deciding) askOnce(ctx context.Context, a *asked, input ast.Value) (leak.Decision, error) {
	e := evaluation{now: d.context.Now, input: input, print: d.options.Print}
	if d.options.Explain {
		e.tracer = topdown.NewBufferTracer()
		defer func() { d.held = append(d.held[:min(len(d.held), d.asked-1)], rulesOf(*e.tracer)) }()
	}
	ctx, cancel := context.WithTimeout(ctx, d.options.Timeout)
	defer cancel()
	if a.own != nil {
		answer, err := e.ask(ctx, *a.own)
		if err != nil {
			return leak.Decision{}, err
		}
		decision, ok, err := strictest(answer)
		if ok || err != nil {
			return decision, err
		}
	}
	answer, err := e.ask(ctx, a.builtin)
	if err != nil {
		return leak.Decision{}, err
	}
	return builtinDecision(answer)
}

// evaluation is one run of the policy.
type evaluation struct {
	now    time.Time
	input  ast.Value
	print  io.Writer
	tracer *topdown.BufferTracer // nil: nobody asks which rules held
}

func (e evaluation) ask(ctx context.Context, q rego.PreparedEvalQuery) (map[string]any, error) {
	options := []rego.EvalOption{rego.EvalParsedInput(e.input), rego.EvalTime(e.now)}
	if e.tracer != nil {
		options = append(options, rego.EvalQueryTracer(e.tracer))
	}
	if e.print != nil {
		options = append(options, rego.EvalPrintHook(topdown.NewPrintHook(e.print)))
	}
	set, err := q.Eval(ctx, options...)
	if err != nil {
		return nil, err
	}
	if len(set) != 1 {
		return nil, errors.New("no answer")
	}
	answer, ok := set[0].Bindings["x"].(map[string]any)
	if !ok {
		return nil, errors.New("an answer of another form")
	}
	return answer, nil
}

// strictest is the strictest verdict that has reasons; ok tells whether any has.
func strictest(answer map[string]any) (d leak.Decision, ok bool, err error) {
	for _, v := range []leak.Verdict{leak.Deny, leak.Warn, leak.Allow} {
		list, _ := answer[v.String()].([]any)
		if len(list) == 0 {
			continue
		}
		reasons := make([]string, len(list))
		for i, one := range list {
			text, isText := one.(string)
			if !isText {
				return d, false, fmt.Errorf("a reason of %s is no text but %T", v, one)
			}
			reasons[i] = text
		}
		slices.Sort(reasons)
		return leak.Decision{Verdict: v, Reason: strings.Join(reasons, "; ")}, true, nil
	}
	return d, false, nil
}

// builtinDecision reads {"verdict": …, "reason": …}.
func builtinDecision(answer map[string]any) (d leak.Decision, err error) {
	verdict, _ := answer["verdict"].(string)
	d.Reason, _ = answer["reason"].(string)
	if err := d.Verdict.UnmarshalText([]byte(verdict)); err != nil {
		return d, fmt.Errorf("the policy's settings: %w", err)
	}
	return d, nil
}

// failed is the decision where the policy gave none.
func (d *deciding) failed(err error) leak.Decision {
	if late(err) {
		d.late++
		return d.fault(fmt.Sprintf("stopped: a decision took more than %v", d.options.Timeout))
	}
	if e, ok := errors.AsType[*topdown.Error](err); ok && e.Location != nil && e.Location.File != "" {
		return d.fault(fmt.Sprintf("%s:%d: %s", e.Location.File, e.Location.Row, e.Message))
	}
	return d.fault(err.Error())
}

// fault denies because of what the policy failed at.
func (d *deciding) fault(problem string) leak.Decision {
	if d.broken == nil {
		d.broken = &BrokenError{Name: cmp.Or(d.options.Name, builtinName)}
	}
	if !slices.Contains(d.broken.Problems, problem) && len(d.broken.Problems) <= maxProblems {
		d.broken.Problems = append(d.broken.Problems, problem)
	}
	return leak.Decision{Verdict: leak.Deny, Reason: "the policy failed: " + problem}
}

// builtinName is what messages call the policy that nobody named.
const builtinName = "that is built in"

func late(err error) bool {
	return err != nil && (topdown.IsCancel(err) || errors.Is(err, context.DeadlineExceeded))
}

// appendKey writes what the rules read of s: for each leaf its kind, its length
// and itself, so that no two lists of leaves run together.
func appendKey(key []byte, leaves []field, s subject) []byte {
	if s.finding != nil {
		key = append(key, 'f')
	} else {
		key = append(key, 'g')
	}
	for _, leaf := range leaves {
		switch v := leaf.get(s).(type) {
		case nil:
			key = append(key, '-')
		case string:
			key = appendText(append(key, 's'), v)
		case bool:
			key = append(key, 'b', map[bool]byte{true: 1}[v])
		case int:
			key = binary.AppendVarint(append(key, 'i'), int64(v))
		case float64:
			key = binary.BigEndian.AppendUint64(append(key, 'n'), math.Float64bits(v))
		case []string:
			key = binary.AppendUvarint(append(key, 'l'), uint64(len(v)))
			for _, one := range v {
				key = appendText(key, one)
			}
		}
	}
	return key
}

func appendText(key []byte, s string) []byte {
	return append(binary.AppendUvarint(key, uint64(len(s))), s...)
}
