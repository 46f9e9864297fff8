package admit_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/policy"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// admitter has the built-in rules and policy, and what change says.
func admitter(t testing.TB, change ...func(*admit.Options)) *admit.Admitter {
	t.Helper()
	p, err := policy.Load(policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	opt := admit.Options{Rules: builtin.Set(), Policy: p, Now: func() time.Time { return now }}
	for _, c := range change {
		c(&opt)
	}
	a, err := admit.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func response(t testing.TB, a admit.Answer) *admissionv1.AdmissionResponse {
	t.Helper()
	if a.Err != nil {
		t.Fatal(a.Err)
	}
	var r admissionv1.AdmissionReview
	if err := json.Unmarshal(a.Body, &r); err != nil || r.Response == nil {
		t.Fatalf("%v in %s", err, a.Body)
	}
	return r.Response
}

// ask answers the review that change makes of a pod's creation.
func ask(t testing.TB, a *admit.Admitter, body []byte) (*admissionv1.AdmissionResponse, admit.Answer) {
	t.Helper()
	answer := a.Review(t.Context(), body)
	return response(t, answer), answer
}

func TestRefusal(t *testing.T) {
	a := admitter(t)
	object := pod(1000, awsEnv(1))
	r, answer := ask(t, a, review("CREATE", object, ""))
	if r.Allowed || r.Result.Code != 403 || r.Result.Reason != "Forbidden" || answer.Decision != admit.DecisionDeny {
		t.Fatalf("%+v", r)
	}
	for _, want := range []string{
		"oakum found 1 credential:\n- spec.containers[0].env[0].value (container c0, AWS_ACCESS_KEY_ID): aws-access-key-id v1.",
		"with aws-secret-access-key at spec.containers[0].env[1].value", "IAM roles for service accounts", "exempt its fingerprint",
	} {
		if !strings.Contains(r.Result.Message, want) {
			t.Errorf("no %q in\n%s", want, r.Result.Message)
		}
	}
	if c := r.Result.Details.Causes; len(c) != 1 || c[0].Field != "spec.containers[0].env[0].value" {
		t.Errorf("causes %+v", c)
	}
	if r.AuditAnnotations[admit.AuditDecision] != "deny" || r.AuditAnnotations[admit.AuditEnforce] != "high:latest" {
		t.Errorf("annotations %v", r.AuditAnnotations)
	}
	onEKS, _ := ask(t, admitter(t, func(o *admit.Options) { o.EKS = true }), review("CREATE", object, ""))
	if want := `annotate ServiceAccount "shop" with eks.amazonaws.com/role-arn (IRSA), or associate it with a role (EKS Pod Identity)`; !strings.Contains(onEKS.Result.Message, want) {
		t.Errorf("on EKS:\n%s", onEKS.Result.Message)
	}
	hinted, _ := ask(t, a, review("CREATE", strings.ReplaceAll(object, "registry.example.com", "123456789012.dkr.ecr.eu-west-1.amazonaws.com"), ""))
	if !strings.Contains(hinted.Result.Message, "EKS Pod Identity") {
		t.Errorf("an image of ECR is no hint:\n%s", hinted.Result.Message)
	}
}

// Annotations' keys become qualified names behind the webhook's name and a '/'.
func TestAuditKeys(t *testing.T) {
	for _, key := range []string{admit.AuditDecision, admit.AuditFindings, admit.AuditExisting, admit.AuditEnforce, admit.AuditExempt, admit.AuditControlled, admit.AuditIncomplete, admit.AuditError} {
		if wrong := validation.IsQualifiedName("pods." + admit.Domain + "/" + key); len(wrong) > 0 {
			t.Errorf("%s: %v", key, wrong)
		}
	}
	for _, key := range []string{admit.LabelEnforce, admit.LabelWarn, admit.LabelAudit} {
		if wrong := validation.IsQualifiedName(key + admit.VersionSuffix); len(wrong) > 0 {
			t.Errorf("%s: %v", key, wrong)
		}
	}
	for _, v := range admit.Pins() {
		if wrong := validation.IsValidLabelValue(v); len(wrong) > 0 {
			t.Errorf("%s: %v", v, wrong)
		}
	}
}

// No value is in an answer, wherever its author has put it besides.
func TestNoValueIsTold(t *testing.T) {
	token := leaktest.Must(3, `{{github "ghp_"}}`)
	id, secret := leaktest.Must(3, `{{awsID "AKIA"}}`), leaktest.Must(4, `{{awsSecret}}`)
	object := `{"apiVersion":"x.example.com/v1","kind":"X","metadata":{"name":"` + token + `","namespace":"shop"},"spec":{"` + token + `":"` + token + `",` +
		`"containers":[{"name":"` + secret + `","env":[{"name":"AWS_ACCESS_KEY_ID","value":"` + id + `"},{"name":"AWS_SECRET_ACCESS_KEY","value":"` + secret + `"}]}]}}`
	r, _ := ask(t, admitter(t), review("CREATE", object, ""))
	if r.Allowed {
		t.Fatal("admitted")
	}
	whole, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{token, id, secret} {
		if bytes.Contains(whole, []byte(value)) {
			t.Errorf("the answer tells a value: %s", strings.ReplaceAll(string(whole), value, "<HERE>"))
		}
	}
	if !strings.Contains(r.Result.Message, "[redacted]") {
		t.Errorf("nothing was taken out of\n%s", r.Result.Message)
	}
}

// Twelve findings are told as ten and two more, in warnings of at most 256 bytes.
func TestManyFindings(t *testing.T) {
	var denied, warned strings.Builder
	for i := range 12 {
		if i > 0 {
			denied.WriteByte(',')
			warned.WriteByte(',')
		}
		denied.WriteString(leaktest.Must(uint64(100+i), `{"name":"TOKEN_`+strconv.Itoa(i)+`","value":"{{github "ghp_"}}"}`))
		warned.WriteString(leaktest.Must(uint64(200+i), `{"name":"DB_`+strconv.Itoa(i)+`_PASSWORD","value":"{{alnum 24}}"}`))
	}
	r, answer := ask(t, admitter(t), review("CREATE", pod(100, denied.String()), ""))
	if r.Allowed || len(answer.Findings) != 12 || !strings.Contains(r.Result.Message, "oakum found 12 credentials:") ||
		strings.Count(r.Result.Message, "github-pat") != 10 || !strings.Contains(r.Result.Message, "- and 2 more") {
		t.Errorf("%d findings:\n%s", len(answer.Findings), r.Result.Message)
	}
	r, answer = ask(t, admitter(t), review("CREATE", pod(100, warned.String()), ""))
	if !r.Allowed || len(answer.Findings) != 12 || len(r.Warnings) != 12 || r.Warnings[10] != "oakum: and 2 more" {
		t.Errorf("%q", r.Warnings)
	}
	for _, w := range r.Warnings {
		if len(w) > 256 {
			t.Errorf("a warning of %d bytes: %s", len(w), w)
		}
	}
}

// A dry run gets the answer that the request itself would get.
func TestDryRun(t *testing.T) {
	a := admitter(t)
	body := review("CREATE", pod(100, awsEnv(1)), "")
	wet, _ := ask(t, a, body)
	dry, answer := ask(t, a, bytes.Replace(body, []byte(`"dryRun":false`), []byte(`"dryRun":true`), 1))
	if !answer.DryRun || !reflect.DeepEqual(wet, dry) {
		t.Errorf("%+v\n%+v", wet, dry)
	}
}

// A server reads the next review into the last one's memory.
func TestAnswerHoldsNothingOfTheBody(t *testing.T) {
	a := admitter(t)
	for _, c := range fixtures(t) {
		body, err := c.Review("uid-" + c.Name)
		if err != nil {
			t.Fatal(err)
		}
		answer := a.Review(t.Context(), body)
		before := fmt.Sprintf("%q %+v", answer.Body, answer)
		for i := range body {
			body[i] = '#'
		}
		if after := fmt.Sprintf("%q %+v", answer.Body, answer); after != before {
			t.Errorf("%s: the answer was\n%s\nand is\n%s", c.Name, before, after)
		}
	}
}
