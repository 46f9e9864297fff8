// Package policy decides about findings and gaps: allow, warn or deny, each with
// a sentence for whom it stops. One policy serves every occasion: a scan, a hook,
// a gate, a cluster's admission.
//
// Policies are written in Rego (v1) and run by OPA inside the process. The
// built-in one (rego/default.rego) decides what nobody else decides; a bundle of
// one's own is asked first. In package oakum it has rules deny, warn and allow,
// which contain reasons, and for what was not looked at deny_gap, warn_gap and
// allow_gap; of several that hold the strictest counts.
//
// Its promises: a decision is always made, and never a laxer one for a fault in
// the policy (what doesn't compile, fails, or takes more than a tenth of a second
// denies, and says where); a policy reads no value that was found, no network, no
// file and no environment; the same input gives the same decision; and what a
// decision does not read is not paid for: findings that a policy can't tell apart
// are decided once.
//
// Its limits: policies see one finding at a time, so "at most three" can't be
// said; and a bundle's signature is not checked.
package policy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/oakum-sec/oakum/leak"
)

// Options say which policy. The zero value is the built-in one.
type Options struct {
	// Name begins places in messages: the folder or file as the user named it.
	Name string
	// Files are a bundle's files by their path in it, with '/': Rego modules, and
	// data documents (data.json, data.yaml) that stand in data at their folder.
	Files map[string][]byte
	// Timeout is what one decision may take; 0 is 100 ms.
	Timeout time.Duration

	// Explain has Result.Held say which rules led to each decision. It costs: each
	// finding is decided anew.
	Explain bool
	// Print is where the policy's print statements write; nil: nowhere.
	Print io.Writer

	noMemo bool // decide for each subject anew; for tests
}

// timeout is what one decision may take. The built-in policy needs some 20 µs.
const timeout = 100 * time.Millisecond

// Policy decides. It is safe for concurrent use.
type Policy struct {
	options Options
	broken  *BrokenError
	own     *bundled // nil: there is none

	text, object, gap func() (*asked, error) // prepared when they are first asked
}

// Load reads and compiles the policy. The built-in one alone is compiled when it
// is first asked; one of the user's own at once, so that what is wrong with it is
// told even where there is nothing to decide.
//
// Where the user's own can't be used the error is a *BrokenError, and the Policy
// denies everything with that as its reason: a caller that has no failure mode of
// its own goes on with it.
func Load(opt Options) (*Policy, error) {
	if opt.Timeout <= 0 {
		opt.Timeout = timeout
	}
	p := &Policy{options: opt}
	if opt.Files != nil {
		var err error
		if p.own, err = readBundle(opt.Name, opt.Files); err != nil {
			return p.breaks(err)
		}
	}
	compile := sync.OnceValues(func() (*compiled, error) { return compile(p.own, opt.Print != nil) })
	lazy := func(q question) func() (*asked, error) {
		return sync.OnceValues(func() (*asked, error) {
			c, err := compile()
			if err != nil {
				return nil, err
			}
			return c.prepare(q)
		})
	}
	p.text, p.object, p.gap = lazy(aboutText), lazy(aboutObject), lazy(aboutGap)
	if p.own != nil {
		if _, err := compile(); err != nil {
			return p.breaks(err)
		}
	}
	return p, nil
}

// breaks makes p a policy that denies everything because of err.
func (p *Policy) breaks(err error) (*Policy, error) {
	p.broken = broken(p.options.Name, err)
	return p, p.broken
}

// Sum tells this policy from others: a hash of its files, "" for the built-in one.
func (p *Policy) Sum() string {
	if p == nil || p.options.Files == nil {
		return ""
	}
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(p.options.Files)) {
		fmt.Fprintf(h, "%q %d\n%s\n", name, len(p.options.Files[name]), p.options.Files[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Result is what was decided.
type Result struct {
	Verdict  leak.Verdict    // the worst of the findings', Deny where a gap is denied or the policy is broken
	Findings []leak.Decision // one a finding, in their order
	Gaps     []leak.Decision // one a gap: Deny stops, Warn makes the scan incomplete, Allow is told and counted
	Broken   *BrokenError    // what is wrong with the policy: it denies all, or what it failed at; nil: it works
	Held     [][]Rule        // with Options.Explain: the rules that held, for each finding, then each gap
	Asked    int             // how often the policy was evaluated; the others could not be told from those
}

// Decide decides about every finding and gap. An error is ctx's end; what is
// wrong with the policy denies, and is a decision's reason.
func (p *Policy) Decide(ctx context.Context, c Context, findings []*leak.Finding, gaps []*leak.Gap) (Result, error) {
	r := Result{Findings: make([]leak.Decision, len(findings)), Gaps: make([]leak.Decision, len(gaps)), Broken: p.broken}
	if r.Broken != nil {
		return r.denied(), nil
	}
	if len(findings)+len(gaps) == 0 {
		return r, nil
	}
	c = c.filled()
	d := &deciding{options: p.options, context: &c, document: c.document(), memo: map[string]leak.Decision{}}
	about := p.text
	if c.Event == Admission || c.Event == Audit {
		about = p.object
	}
	for i, f := range findings {
		if err := d.decide(ctx, about, subject{context: &c, finding: f}, &r.Findings[i]); err != nil {
			return p.without(r, err)
		}
		r.Verdict = max(r.Verdict, r.Findings[i].Verdict)
	}
	for i, g := range gaps {
		if err := d.decide(ctx, p.gap, subject{context: &c, gap: g}, &r.Gaps[i]); err != nil {
			return p.without(r, err)
		}
		if r.Gaps[i].Verdict == leak.Deny {
			r.Verdict = leak.Deny
		}
	}
	r.Asked, r.Broken, r.Held = d.asked, d.broken, d.held
	return r, nil
}

// without is the result where a question could not be asked: an error where ctx
// ended, else everything is denied. A test holds that the built-in policy compiles.
func (p *Policy) without(r Result, err error) (Result, error) {
	if b, ok := errors.AsType[*BrokenError](err); ok {
		r.Broken = b
		return r.denied(), nil
	}
	return r.denied(), err
}

// denied denies everything because the policy is broken.
func (r Result) denied() Result {
	d := leak.Decision{Verdict: leak.Deny, Reason: "not decided"}
	if r.Broken != nil {
		d.Reason = r.Broken.Error()
	}
	for i := range r.Findings {
		r.Findings[i] = d
	}
	for i := range r.Gaps {
		r.Gaps[i] = d
	}
	r.Verdict = leak.Deny
	return r
}
