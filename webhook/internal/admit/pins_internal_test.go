package admit

import (
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/policy"
	"github.com/oakum-sec/oakum/rules/builtin"
)

// What a rule newer than a namespace's pin finds is warned of; what older ones find is
// denied as ever.
func TestPinHoldsOffNewerRules(t *testing.T) {
	p, err := policy.Load(policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(Options{Rules: builtin.Set(), Policy: p, Defaults: Modes{Enforce: Mode{Level: High}, Warn: Mode{Level: All}, Audit: Mode{Level: All}}})
	if err != nil {
		t.Fatal(err)
	}
	a.pins = readPins("# words\nrules-2026.01 aws-access-key-id\nrules-2026.06 github-pat\n")
	aws := leaktest.Must(1, `{"name":"AWS_ACCESS_KEY_ID","value":"{{awsID "AKIA"}}"}`)
	github := leaktest.Must(1, `{"name":"GITHUB_TOKEN","value":"{{github "ghp_"}}"}`)
	gitlab := leaktest.Must(1, `{"name":"GITLAB_TOKEN","value":"{{gitlab "glpat-"}}"}`) // in no version: it came since
	for _, c := range []struct {
		env, pin string
		denied   bool
	}{
		{aws, "", true}, {aws, "rules-2026.06", true}, {aws, "rules-2026.01", true},
		{github, "", true}, {github, "rules-2026.06", true}, {github, "rules-2026.01", false},
		{gitlab, Latest, true}, {gitlab, "rules-2026.06", false}, {gitlab, "rules-2026.01", false},
	} {
		a.opt.Defaults.Enforce.Version = c.pin
		answer := a.Review(t.Context(), []byte(`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","kind":{"kind":"Pod"},"operation":"CREATE","object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{"name":"c","env":[`+c.env+`]}]}}}}`))
		if answer.Err != nil || (answer.Decision == DecisionDeny) != c.denied {
			t.Errorf("%.30s pinned to %q: %s %v", c.env, c.pin, answer.Decision, answer.Err)
		}
		if c.pin != "" && !c.denied && !strings.Contains(string(answer.Body), "by a rule newer than "+c.pin) {
			t.Errorf("it is not told why: %s", answer.Body)
		}
	}
}
