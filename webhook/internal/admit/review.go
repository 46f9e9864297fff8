package admit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/webhook/internal/rawjson"
)

// Review answers one review. It returns when ctx ends, whatever it is at; the answer's
// Err then wraps ctx's.
//
// The answer holds no part of body, which its caller may write over, unless Err is set:
// a scanner may be looking at it still.
func (a *Admitter) Review(ctx context.Context, body []byte) (answer Answer) {
	defer func() {
		if broken := recover(); broken != nil {
			answer = answer.failed("panic", fmt.Errorf("oakum broke (a bug, please report it): %v", broken))
		}
	}()
	r, err := read(body)
	answer = Answer{UID: r.uid, Kind: r.kind, Namespace: r.namespace, Operation: r.operation, DryRun: r.dryRun}
	if err != nil {
		return answer.failed("corrupt", err)
	}
	if r.bringsNothing() {
		return answer.passed(DecisionSkip)
	}
	m, skip, err := a.open(&r)
	switch {
	case err != nil:
		return answer.failed("corrupt", err)
	case skip:
		return answer.passed(DecisionSkip)
	}
	if e := a.exemptWhole(&r); e != nil {
		answer.Exemption = e.Owner
		return answer.exempt(e)
	}
	err = a.inSlot(ctx, func(ctx context.Context, s *slot) error { return a.judge(ctx, s, m) })
	return a.answer(m, answer, err)
}

// open tells whether there is nothing to look for in the objects.
func (a *Admitter) open(r *request) (m *matter, skip bool, err error) {
	m = &matter{request: *r, via: map[*leak.Finding]string{}}
	if r.object.broken != nil {
		return nil, false, fmt.Errorf("the object is %w", r.object.broken)
	}
	m.new = &m.object
	if r.operation == update && !rawjson.Empty(r.oldObject.text) {
		if r.oldObject.broken != nil {
			return nil, false, fmt.Errorf("the old object is %w", r.oldObject.broken)
		}
		m.old = &m.oldObject
	}
	if r.passes(m.new, m.old) {
		return m, true, nil
	}
	m.modes = a.opt.Defaults
	if a.opt.Namespaces != nil && r.namespace != "" {
		m.labels, _ = a.opt.Namespaces.Labels(r.namespace)
		m.modes, m.wrong = a.opt.Defaults.labelled(m.labels, &a.pins)
	}
	m.controlled = a.controlled(r, m.new)
	return m, m.modes.off() && len(m.wrong) == 0, nil
}

// incompleteError is why not all of an object was looked at.
type incompleteError struct{ gap *leak.Gap }

func (e *incompleteError) Error() string { return "not all was looked at: " + e.gap.Why.Error() }
func (e *incompleteError) Unwrap() error { return e.gap }

// judge looks at the object, and at the old one only where there is something in the new
// one.
func (a *Admitter) judge(ctx context.Context, s *slot, m *matter) error {
	seen, err := a.look(ctx, s, m.new)
	if err != nil {
		return err
	}
	findings := append(seen.findings, a.follow(m.new, m.namespace, m.via)...)
	inImages, unscanned := a.imageFindings(m.new, m.via)
	findings = append(findings, inImages...)
	m.findings, m.unscanned = findings, unscanned
	if len(findings) > 0 {
		var b *before
		if m.old != nil {
			was, err := a.look(ctx, s, m.old)
			if err != nil {
				return err
			}
			aside := map[*leak.Finding]string{}
			images, _ := a.imageFindings(m.old, aside)
			b = a.remember(slices.Concat(was.findings, a.follow(m.old, m.namespace, aside), images))
		}
		if err := a.weigh(ctx, m, findings, b); err != nil {
			return err
		}
	}
	m.charges = a.gathered(m.charges)
	if seen.gap != nil {
		return &incompleteError{seen.gap}
	}
	return nil
}

// answer makes the answer of what was decided. What was found denies, even where not
// all was looked at.
func (a *Admitter) answer(m *matter, answer Answer, err error) Answer {
	if gap, ok := errors.AsType[*incompleteError](err); ok {
		answer.Incomplete = incomplete(gap.gap)
		if !m.denies() {
			return answer.failed(answer.Incomplete, err)
		}
		err = nil
	}
	if err != nil {
		return answer.failed(reason(err), err)
	}
	if len(m.unscanned) > 0 && a.waits(&m.request) && !m.denies() {
		return answer.waiting(m.unscanned)
	}
	return answer.judged(m, a.opt.EKS)
}

// reason is an error's word for metrics.
func reason(err error) string {
	if _, ok := errors.AsType[*brokenPolicy](err); ok {
		return "policy"
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "deadline"
	}
	return "panic"
}

// inSlot runs use in a goroutine of its own with one of the scanners, and waits for its
// end or ctx's. One that runs on keeps its scanner until it ends: so many are at work
// at once, and no more, whatever they are handed. A panic is an error.
func (a *Admitter) inSlot(ctx context.Context, use func(context.Context, *slot) error) error {
	var s *slot
	select {
	case s = <-a.slots:
	case <-ctx.Done():
		return fmt.Errorf("wait for a turn: %w", ctx.Err())
	}
	done := make(chan error, 1)
	go func() {
		defer func() { a.slots <- s }()
		defer func() {
			if broken := recover(); broken != nil {
				done <- fmt.Errorf("oakum broke (a bug, please report it): %v", broken)
			}
		}()
		done <- use(ctx, s)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("look at the object: %w", ctx.Err())
	}
}
