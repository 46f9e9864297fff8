package identity

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/journal"
)

// told is what the journal of a run has of its proof.
func (w *world) told(p *Plan) string {
	w.t.Helper()
	root, err := os.OpenRoot(act.Home{Dir: w.state}.Of(p.Run))
	w.must(err)
	defer root.Close()
	records, err := journal.Read(root, w.key)
	w.must(err)
	for _, r := range records {
		if r.Step == "proof" && r.Phase == journal.Verified {
			return r.Text
		}
	}
	return ""
}

// TestProofByTheAccount: the account's simulator and analyzer are asked where they
// answer; a permission that lacks is told, and is no failure.
func TestProofByTheAccount(t *testing.T) {
	w := newWorld(t)
	s := w.settings("ecs")
	words := w.told(w.done(s))
	for _, part := range []string{"sufficient and least", "IAM's simulator was not asked: a policy has to allow iam:SimulateCustomPolicy", "IAM Access Analyzer was not asked: a policy has to allow access-analyzer:CheckNoNewAccess"} {
		if !strings.Contains(words, part) {
			t.Errorf("%q is not told: %s", part, words)
		}
	}
	decision, asked, compared := "allowed", 0, ""
	w.gate.answers["SimulateCustomPolicy"] = func(body []byte) (int, string) {
		form, err := url.ParseQuery(string(body))
		if err == nil && form.Get("PolicyInputList.member.1") != "" && form.Get("ResourceArns.member.1") != "" {
			asked++
		}
		return 200, `<SimulateCustomPolicyResponse><SimulateCustomPolicyResult><EvaluationResults><member><EvalActionName>` + form.Get("ActionNames.member.1") + `</EvalActionName><EvalDecision>` + decision + `</EvalDecision></member></EvaluationResults></SimulateCustomPolicyResult></SimulateCustomPolicyResponse>`
	}
	result := "PASS"
	w.gate.answers["CheckNoNewAccess"] = func(body []byte) (int, string) {
		compared = string(body)
		return 200, `{"result": "` + result + `", "message": "new access in statement 1", "reasons": []}`
	}
	words = w.told(w.done(w.settings("ecs")))
	if !strings.Contains(words, "IAM's simulator allows all 3 needs") || !strings.Contains(words, "nothing that the key's user could not do") || asked < 3 {
		t.Errorf("asked %d times: %s", asked, words)
	}
	if !strings.Contains(compared, `orders/*`) || !strings.Contains(compared, "IDENTITY_POLICY") {
		t.Errorf("the user's policy was not compared: %s", compared)
	}
	result = "FAIL"
	if words = w.told(w.done(w.settings("ecs"))); !strings.Contains(words, "the role may do what the key's user may not: new access") {
		t.Errorf("a role that may do more: %s", words)
	}
	decision = "implicitDeny"
	w.refused(w.settings("ecs"), nil, "IAM's simulator answers implicitDeny to dynamodb:Query")
}

// TestProofReadsBack: what stands in IAM is proven, not what was sent.
func TestProofReadsBack(t *testing.T) {
	w := newWorld(t)
	s := w.settings("ecs")
	p := w.until(s, "RegisterTaskDefinition")
	_, err := iam.NewFromConfig(w.config(w.operator)).PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: &s.Role, PolicyName: aws.String(policyName), PolicyDocument: aws.String(everything)})
	w.must(err)
	op := &proofOp{cloud: w.tools(s).cloud(""), p: p}
	if _, err := op.Done(t.Context()); err == nil || !strings.Contains(err.Error(), "not least") {
		t.Errorf("a policy for everything: %v", err)
	}
}

// TestDeclared: needs that an access.yaml declares, for a workload that must be the
// same there.
func TestDeclared(t *testing.T) {
	w := newWorld(t)
	s := w.settings("ecs")
	s.Needs = Sources{Access: "access.yaml", Reader: "orders"}
	write := func(as string) {
		text := "version: 1\naws: {account: \"" + account + "\", region: eu-west-1}\nsecrets:\n  mysql: {store: awssecrets, name: prod/mysql, suffix: AbCdEf}\nreaders:\n  orders: {reads: [mysql], as: " + as + "}\n"
		w.must(os.WriteFile(filepath.Join(w.dir, "access.yaml"), []byte(text), 0o600))
	}
	write("{lambda: {}}")
	if _, err := w.tools(s).Plan(t.Context(), s); err == nil || !strings.Contains(err.Error(), "another identity") {
		t.Errorf("another workload: %v", err)
	}
	write("{ecs: {}}")
	p := w.done(s)
	w.holds(s, "declared")
	if len(p.Needs) != 1 || p.Needs[0].Action != "secretsmanager:GetSecretValue" {
		t.Errorf("the needs are %v", p.Needs)
	}
}

func TestAnnotate(t *testing.T) {
	const role = "arn:aws:iam::123456789012:role/orders"
	head := "kind: ServiceAccount\nmetadata:\n"
	for name, c := range map[string]struct{ before, after string }{
		"none yet":       {head + "  name: orders\n", head + "  annotations:\n    " + annotation + ": " + role + "\n  name: orders\n"},
		"others":         {head + "  name: orders\n  annotations:\n      a: b # c\n", head + "  name: orders\n  annotations:\n      " + annotation + ": " + role + "\n      a: b # c\n"},
		"lines of DOS":   {strings.ReplaceAll(head+"  name: orders\n", "\n", "\r\n"), strings.ReplaceAll(head+"  annotations:\n    "+annotation+": "+role+"\n  name: orders\n", "\n", "\r\n")},
		"second of two":  {"kind: ServiceAccount\nmetadata: {name: other}\n---\n" + head + "  name: orders\n", "kind: ServiceAccount\nmetadata: {name: other}\n---\n" + head + "  annotations:\n    " + annotation + ": " + role + "\n  name: orders\n"},
		"its namespace":  {head + "  name: orders\n  namespace: test\n---\n" + head + "  name: orders\n  namespace: shop\n", head + "  name: orders\n  namespace: test\n---\n" + head + "  annotations:\n    " + annotation + ": " + role + "\n  name: orders\n  namespace: shop\n"},
		"already":        {head + "  name: orders\n  annotations: {" + annotation + ": " + role + "}\n", head + "  name: orders\n  annotations: {" + annotation + ": " + role + "}\n"},
		"another role":   {head + "  name: orders\n  annotations:\n    " + annotation + ": " + role + "-2\n", "orders-2"},
		"flow":           {"kind: ServiceAccount\nmetadata: {name: orders}\n", "by hand"},
		"empty":          {head + "  name: orders\n  annotations: {}\n", "by hand"},
		"a template":     {head + "  name: orders\n  labels: {{ .Values.labels }}\n", "by hand"},
		"another one":    {head + "  name: bills\n", "no ServiceAccount orders"},
		"another kind":   {"kind: Role\nmetadata:\n  name: orders\n", "no ServiceAccount orders"},
		"of tabs":        {"kind: ServiceAccount\nmetadata:\n\tname: orders\n", "by hand"},
		"two with names": {head + "  name: orders\n  namespace: other\n", "no ServiceAccount orders"},
	} {
		got, _, err := annotateAccount([]byte(c.before), "shop", "orders", role)
		switch {
		case err != nil && !strings.Contains(err.Error(), c.after):
			t.Errorf("%s: %v", name, err)
		case err == nil && string(got) != c.after:
			t.Errorf("%s:\n%s", name, got)
		case err == nil && c.before != c.after:
			back := false
			for _, text := range withoutAnnotation(got) {
				back = back || string(text) == c.before
			}
			if !back {
				t.Errorf("%s: there is no way back", name)
			}
		}
	}
}

// TestNoTLS: what holds values is asked of nobody in clear.
func TestNoTLS(t *testing.T) {
	r, err := http.NewRequest(http.MethodGet, "http://192.0.2.1/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (watched{}).Do(r); !errors.Is(err, errOpen) {
		t.Errorf("asked in clear: %v", err)
	}
}
