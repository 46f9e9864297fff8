package policy

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
)

// finding is one of a rule, as tests want it.
func finding(rule string, change ...func(*leak.Finding)) *leak.Finding {
	f := &leak.Finding{ID: "v1." + rule, Rule: rule, Proof: leak.Pattern, Severity: leak.High, Seen: 1,
		Sighting: leak.Sighting{Place: leak.File{Name: "a/b.env"}, Line: 3}}
	for _, c := range change {
		c(f)
	}
	return f
}

func module(src string) Options {
	return Options{Name: "team", Files: map[string][]byte{"own.rego": []byte("package oakum\n\n" + src)}}
}

func decided(t *testing.T, opt Options, c Context, f ...*leak.Finding) Result {
	t.Helper()
	p, err := Load(opt)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Decide(t.Context(), c, f, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Of several verdicts the strictest counts, with all its reasons, in their order;
// what the policy leaves open the built-in one decides.
func TestStrictestCounts(t *testing.T) {
	opt := module(`
deny contains "second" if input.finding.rule in {"a", "b"}
deny contains "first" if input.finding.rule == "a"
warn contains "warned of" if input.finding.rule in {"a", "c"}
allow contains "let through" if input.finding.rule in {"c", "d"}
`)
	r := decided(t, opt, Context{}, finding("a"), finding("b"), finding("c"), finding("d"), finding("e"))
	want := []leak.Decision{
		{Verdict: leak.Deny, Reason: "first; second"},
		{Verdict: leak.Deny, Reason: "second"},
		{Verdict: leak.Warn, Reason: "warned of"},
		{Verdict: leak.Allow, Reason: "let through"},
		{Verdict: leak.Deny, Reason: "has its issuer's documented form, in the working tree"},
	}
	if !reflect.DeepEqual(r.Findings, want) || r.Verdict != leak.Deny || r.Broken != nil {
		t.Errorf("%+v", r)
	}
}

// Settings without any rule change what the built-in policy does.
func TestSettingsAlone(t *testing.T) {
	opt := Options{Files: map[string][]byte{"data.yaml": []byte("oakum:\n  settings:\n    admission:\n      aws: warn\n")}}
	key := finding("aws-secret-access-key", func(f *leak.Finding) { f.Place = leak.ObjectField{Object: "v1/Pod", Name: "p"} })
	r := decided(t, opt, Context{Event: Admission}, key)
	if r.Findings[0].Verdict != leak.Warn {
		t.Errorf("%+v", r)
	}
	opt.Files["data.yaml"] = []byte("oakum: {settings: {admission: {aws: perhaps}}}")
	r = decided(t, opt, Context{Event: Admission}, key)
	if r.Findings[0].Verdict != leak.Deny || r.Broken == nil {
		t.Errorf("a setting that is no verdict: %+v", r)
	}
}

// A policy that can't be used denies, and says where it is wrong; so does one that
// is none.
func TestBrokenDenies(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		says  string
	}{
		"does not parse":      {map[string]string{"x/own.rego": "package oakum\n\ndeny contains \"x\" if {\n"}, "team/x/own.rego:4: "},
		"unknown field":       {map[string]string{"own.rego": "package oakum\n\ndeny contains \"x\" if input.findng.rule == \"a\"\n"}, "team/own.rego:3: undefined ref: input.findng.rule"},
		"unknown below":       {map[string]string{"own.rego": "package oakum\n\ndeny contains \"x\" if input.finding.place.pth == \"a\"\n"}, "team/own.rego:3: undefined ref"},
		"wrong type":          {map[string]string{"own.rego": "package oakum\n\ndeny contains \"x\" if input.finding.line == \"three\"\n"}, "team/own.rego:3: match error"},
		"no set":              {map[string]string{"own.rego": "package oakum\n\ndeny if input.finding.rule == \"a\"\n"}, "team/own.rego:3: rule deny is asked for reasons"},
		"reaches the network": {map[string]string{"own.rego": "package oakum\n\ndeny contains \"x\" if http.send({\"method\": \"get\", \"url\": input.finding.id}).status_code == 200\n"}, "team/own.rego:3: undefined function http.send"},
		"reads the process":   {map[string]string{"own.rego": "package oakum\n\ndeny contains opa.runtime().env.HOME if true\n"}, "team/own.rego:3: undefined function opa.runtime"},
		"asks a name server":  {map[string]string{"own.rego": "package oakum\n\ndeny contains \"x\" if count(net.lookup_ip_addr(input.finding.id)) > 0\n"}, "undefined function net.lookup_ip_addr"},
		"oakum's package":     {map[string]string{"own.rego": "package oakum.builtin\n\ntext_decision := {\"verdict\": \"allow\", \"reason\": \"x\"}\n"}, "team/own.rego:1: package oakum.builtin is oakum's own"},
		"decides nothing":     {map[string]string{"own.rego": "package main\n\ndeny contains \"x\" if true\n"}, "decides nothing"},
		"recursion":           {map[string]string{"own.rego": "package oakum\n\ndeny contains x if { x := \"x\"; a }\na if b\nb if a\n"}, "recursive"},
		"data is no JSON":     {map[string]string{"data.json": "{"}, "data.json"},
		"nothing":             {map[string]string{"README.md": "# A policy"}, "neither a .rego file nor a data document"},
		"old Rego":            {map[string]string{"own.rego": "package oakum\n\ndeny[\"x\"] { input.finding.rule == \"a\" }\n"}, "team/own.rego:3: "},
	} {
		t.Run(name, func(t *testing.T) {
			opt := Options{Name: "team", Files: map[string][]byte{}}
			for file, src := range c.files {
				opt.Files[file] = []byte(src)
			}
			p, err := Load(opt)
			broken, ok := errors.AsType[*BrokenError](err)
			if !ok || !strings.Contains(broken.Error(), c.says) {
				t.Fatalf("%v, want %q in it", err, c.says)
			}
			r, err := p.Decide(t.Context(), Context{}, []*leak.Finding{finding("a")}, []*leak.Gap{gap("limit")})
			if err != nil || r.Verdict != leak.Deny || r.Findings[0].Verdict != leak.Deny || r.Gaps[0].Verdict != leak.Deny || r.Broken != broken {
				t.Errorf("%+v, %v", r, err)
			}
			if r, err := p.Decide(t.Context(), Context{}, nil, nil); err != nil || r.Verdict != leak.Deny {
				t.Errorf("with nothing to decide: %+v, %v", r, err)
			}
		})
	}
}

func gap(code string) *leak.Gap {
	return &leak.Gap{Place: leak.File{Name: "a"}, Class: leak.Failure, Code: code, Why: errors.New("why")}
}

// A policy that takes too long is stopped and denies, in whatever it is busy; after
// some such decisions it is asked no more.
func TestSlowDenies(t *testing.T) {
	opt := module(`allow contains "x" if {
	some i in numbers.range(1, 100000)
	some j in numbers.range(1, 100000)
	i * j == 0 - count(input.finding.rule)
}`)
	opt.Timeout = 20 * time.Millisecond
	var all []*leak.Finding
	for i := range 50 {
		all = append(all, finding(fmt.Sprint("rule-", i)))
	}
	began := time.Now()
	r := decided(t, opt, Context{}, all...)
	if r.Broken == nil || r.Verdict != leak.Deny || r.Asked > maxLate {
		t.Errorf("%v, asked %d times", r.Broken, r.Asked)
	}
	for i, d := range r.Findings {
		if d.Verdict != leak.Deny || !strings.Contains(d.Reason, "20ms") {
			t.Errorf("%d: %+v", i, d)
		}
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it was stopped after %v", took)
	}
}

// What a policy fails at denies that finding alone, and says where.
func TestFailureDenies(t *testing.T) {
	opt := module(`allow contains "a number" if to_number(input.finding.rule) > 0`)
	r := decided(t, opt, Context{}, finding("12"), finding("twelve"), finding("13"))
	if r.Findings[0].Verdict != leak.Allow || r.Findings[2].Verdict != leak.Allow {
		t.Errorf("%+v", r.Findings)
	}
	if d := r.Findings[1]; d.Verdict != leak.Deny || !strings.Contains(d.Reason, "team/own.rego:3: to_number") || r.Broken == nil {
		t.Errorf("%+v, %v", d, r.Broken)
	}
	r = decided(t, module(`deny contains 3 if true`), Context{}, finding("a"))
	if r.Findings[0].Verdict != leak.Deny || !strings.Contains(r.Findings[0].Reason, "no text") {
		t.Errorf("%+v", r)
	}
}

// The end of the caller's context is an error, and no decision of the policy's.
func TestContextEnds(t *testing.T) {
	p, err := Load(module(`deny contains "x" if true`))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := p.Decide(ctx, Context{}, []*leak.Finding{finding("a")}, nil)
	if !errors.Is(err, context.Canceled) || r.Verdict != leak.Deny || r.Broken != nil {
		t.Errorf("%+v, %v", r, err)
	}
}

// Gaps have rules of their own: a rule about findings says nothing of them.
func TestGaps(t *testing.T) {
	p, err := Load(module(`
deny contains "all findings" if true
deny_gap contains "too large" if input.gap.code == "limit"
allow_gap contains "known" if input.gap.place.path == "a"
`))
	if err != nil {
		t.Fatal(err)
	}
	other := gap("corrupt")
	other.Place = nil
	r, err := p.Decide(t.Context(), Context{}, nil, []*leak.Gap{gap("limit"), gap("special"), other})
	want := []leak.Decision{{Verdict: leak.Deny, Reason: "too large"}, {Verdict: leak.Allow, Reason: "known"}, {Verdict: leak.Warn, Reason: "not looked at"}}
	if err != nil || !reflect.DeepEqual(r.Gaps, want) || r.Verdict != leak.Deny {
		t.Errorf("%+v, %v", r, err)
	}
}

// Time is the caller's: the same input gives the same decision.
func TestTimeIsGiven(t *testing.T) {
	opt := module(`allow contains sprintf("%d", [time.now_ns()]) if true`)
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	if r := decided(t, opt, Context{Now: now}, finding("a")); r.Findings[0].Reason != fmt.Sprint(now.UnixNano()) {
		t.Errorf("%+v", r)
	}
}

// Explain tells the lines that led to a decision.
func TestExplain(t *testing.T) {
	opt := module("deny contains \"x\" if input.finding.rule == \"a\"\n\nother := 3\n")
	opt.Explain = true
	r := decided(t, opt, Context{}, finding("a"), finding("b"))
	if want := []Rule{{"team/own.rego", 3, "deny"}}; len(r.Held) != 2 || !reflect.DeepEqual(r.Held[0], want) {
		t.Errorf("%+v", r.Held)
	}
	if len(r.Held[1]) == 0 || r.Held[1][len(r.Held[1])-1].File != "oakum/default.rego" {
		t.Errorf("%+v", r.Held[1])
	}
}

// One Policy decides for many at once.
func TestConcurrent(t *testing.T) {
	p, err := Load(module(`warn contains sprintf("%s of %s", [input.finding.rule, input.context.branch]) if input.finding.line > 2`))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 20 {
				c := Context{Branch: fmt.Sprint("branch-", i)}
				r, err := p.Decide(t.Context(), c, []*leak.Finding{finding(fmt.Sprint("rule-", j)), finding("x", func(f *leak.Finding) { f.Line = 1 })}, nil)
				if want := fmt.Sprintf("rule-%d of branch-%d", j, i); err != nil || r.Findings[0].Reason != want || r.Findings[1].Verdict != leak.Deny {
					t.Errorf("%+v, %v, want %s", r, err, want)
				}
			}
		})
	}
	wg.Wait()
}
