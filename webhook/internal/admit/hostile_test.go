package admit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/policy"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

const uid = "705ab4f5-6393-11e8-b7cc-42010a800002"

// Whatever the body, there is an answer, with the UID where one can be read.
func TestHostileBodies(t *testing.T) {
	good := string(review("CREATE", object("", variable("A", "b")), ""))
	deep := func(n int) string {
		return string(review("CREATE", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":`+strings.Repeat(`{"a":[`, n)+strings.Repeat(`]}`, n)+`}`, ""))
	}
	a := admitter(t)
	for _, c := range []struct {
		name, body, uid string
		fails           bool
	}{
		{"nothing", "", "", true},
		{"null", "null", "", true},
		{"a list", "[]", "", true},
		{"no JSON", "hello", "", true},
		{"no request", `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}`, "", true},
		{"a null request", `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":null}`, "", true},
		{"no uid", `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"operation":"CREATE"}}`, "", true},
		{"another version", strings.Replace(good, "admission.k8s.io/v1", "admission.k8s.io/v1beta1", 1), uid, true},
		{"another kind", strings.Replace(good, `"kind":"AdmissionReview"`, `"kind":"Review"`, 1), uid, true},
		{"cut in the object", good[:len(good)-120], uid, true},
		{"cut behind the uid", good[:strings.Index(good, uid)+len(uid)+1], uid, true},
		{"something behind it", good + "}", uid, false},
		{"keys of other cases", strings.NewReplacer(`"request"`, `"Request"`, `"uid"`, `"UID"`).Replace(good), uid, true},
		{"a uid with escapes", strings.Replace(good, uid, `\u0037\n\"`, 1), "7\n\"", false},
		{"an object that is a list", string(review("CREATE", "[1,2]", "")), uid, true},
		{"an object that is a text", string(review("CREATE", `"x"`, "")), uid, true},
		{"no object", string(review("CREATE", "null", "")), uid, false},
		{"an empty object", string(review("CREATE", "{}", "")), uid, false},
		{"a broken object", string(review("CREATE", `{"a":tru}`, "")), uid, true},
		{"metadata that is none", string(review("CREATE", `{"metadata":7,"kind":[],"apiVersion":{}}`, "")), uid, false},
		{"an old object that is none", string(review("UPDATE", object("", ""), "7")), uid, true},
		{"invalid UTF-8", strings.Replace(good, `"value":"b"`, "\"value\":\"\xff\xfe\x00b\"", 1), uid, true},
		{"fields twice", strings.Replace(good, `"spec":{`, `"spec":{"a":"b"},"spec":{`, 1), uid, false},
		{"nested a hundred deep", deep(90), uid, false},
		{"nested a million deep", deep(1_000_000), uid, true},
		{"a million values", string(review("CREATE", `{"apiVersion":"v1","kind":"X","spec":[`+strings.Repeat("1,", 1_000_000)+`1]}`, "")), uid, true},
		{"a text of seven megabytes", string(review("CREATE", `{"apiVersion":"v1","kind":"X","spec":"`+strings.Repeat("a", 7<<20)+`"}`, "")), uid, false},
	} {
		answer := a.Review(t.Context(), []byte(c.body))
		if (answer.Err != nil) != c.fails || answer.UID != c.uid || (answer.Body == nil) != c.fails {
			t.Errorf("%s: uid %q, error %v, body %.80s", c.name, answer.UID, answer.Err, answer.Body)
		}
		if answer.Err != nil && answer.Incomplete == "" {
			t.Errorf("%s: the error has no word for metrics", c.name)
		}
		if answer.Err == nil && string(response(t, answer).UID) != c.uid {
			t.Errorf("%s: %s", c.name, answer.Body)
		}
		if got := admit.UIDOf([]byte(c.body)); got != c.uid {
			t.Errorf("%s: UIDOf is %q", c.name, got)
		}
	}
}

// A key does not hide behind depth or number: what cannot be parsed is searched as a text,
// and what is found there denies.
func TestNothingHidesInSize(t *testing.T) {
	a := admitter(t)
	for name, o := range map[string]string{
		"depth":      `{"apiVersion":"v1","kind":"X","metadata":{"name":"a"},"spec":` + strings.Repeat(`{"a":`, 1000) + `[` + awsEnv(1) + `]` + strings.Repeat("}", 1000) + `}`,
		"number":     `{"apiVersion":"v1","kind":"X","metadata":{"name":"a"},"spec":[` + strings.Repeat("1,", 300_000) + awsEnv(1) + `]}`,
		"duplicates": `{"apiVersion":"v1","kind":"X","metadata":{"name":"a"},"spec":[` + awsEnv(1) + `],"spec":[]}`,
		"length":     `{"apiVersion":"v1","kind":"X","metadata":{"name":"a"},"pad":"` + strings.Repeat("lorem ipsum ", 120_000) + `","spec":[` + awsEnv(1) + `]}`,
	} {
		if r, answer := ask(t, a, review("CREATE", o, "")); r.Allowed {
			t.Errorf("%s: %s", name, answer.Decision)
		}
	}
}

// breaks is a rule that panics.
type breaks struct{}

func (breaks) Find(text []byte, _, _ int, _ func(scanner.KnownHit)) {
	if len(text) > 0 { // a name may be empty
		panic("a rule broke")
	}
}

func TestRuleThatPanics(t *testing.T) {
	a := admitter(t, func(o *admit.Options) { o.Known = breaks{} })
	for range 3 { // it costs no worker
		answer := a.Review(t.Context(), review("CREATE", object("", variable("A", "b")), ""))
		if answer.Err == nil || answer.Incomplete != "panic" || answer.UID != uid {
			t.Errorf("%+v", answer)
		}
	}
	if r, _ := ask(t, a, review("CREATE", object("", awsEnv(1)), "")); r.Allowed {
		t.Error("what other rules found does not deny")
	}
}

// decides is a policy that is not as it should be.
type decides func(ctx context.Context, findings []*leak.Finding) (policy.Result, error)

func (d decides) Decide(ctx context.Context, _ policy.Context, findings []*leak.Finding, _ []*leak.Gap) (policy.Result, error) {
	return d(ctx, findings)
}

// A policy's fault is ours, and neither a denial nor an admission.
func TestBrokenPolicy(t *testing.T) {
	p, err := policy.Load(policy.Options{Name: "x", Files: map[string][]byte{"p.rego": []byte("package oakum\ndeny contains")}})
	if err == nil {
		t.Fatal("a broken policy loads")
	}
	body := review("CREATE", object("", awsEnv(1)), "")
	for why, with := range map[string]admit.Policy{
		"policy": p,
		"panic":  decides(func(context.Context, []*leak.Finding) (policy.Result, error) { panic("a policy broke") }),
		"deadline": decides(func(ctx context.Context, _ []*leak.Finding) (policy.Result, error) {
			<-ctx.Done()
			return policy.Result{}, ctx.Err()
		}),
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		answer := admitter(t, func(o *admit.Options) { o.Policy = with }).Review(ctx, body)
		cancel()
		if answer.Err == nil || answer.Incomplete != why || answer.Body != nil || answer.UID != uid {
			t.Errorf("%s: %+v", why, answer)
		}
	}
}

// Over its time a review has an error at once; the next one waits for a free place and no
// longer than its own time.
func TestDeadline(t *testing.T) {
	hold := make(chan struct{})
	defer close(hold)
	a := admitter(t, func(o *admit.Options) {
		o.Jobs = 1
		o.Policy = decides(func(context.Context, []*leak.Finding) (policy.Result, error) {
			<-hold
			return policy.Result{}, nil
		})
	})
	for i := range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		answer := a.Review(ctx, review("CREATE", object("", awsEnv(1)), ""))
		cancel()
		if !errors.Is(answer.Err, context.DeadlineExceeded) || answer.Incomplete != "deadline" {
			t.Errorf("%d: %+v", i, answer)
		}
	}
	if answer := a.Review(t.Context(), review("DELETE", "null", object("", awsEnv(1)))); answer.Err != nil {
		t.Errorf("what is not looked at waits: %v", answer.Err)
	}
}

// What failure mode ignore answers is an admission that is seen.
func TestFailed(t *testing.T) {
	r := response(t, admit.Answer{Body: admit.Failed(uid, fmt.Errorf("it was\nlate %s", strings.Repeat("x", 5000)))})
	if !r.Allowed || string(r.UID) != uid || len(r.Warnings) != 1 || len(r.Warnings[0]) > 256 || !strings.HasPrefix(r.AuditAnnotations[admit.AuditError], "it was late") {
		t.Errorf("%+v", r)
	}
}
