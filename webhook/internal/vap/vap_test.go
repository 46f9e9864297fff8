package vap_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/webhook/internal/vap"
)

const (
	domain      = ".oakum-sec.github.io"
	awsPolicy   = "aws-keys" + domain
	guardPolicy = "guard" + domain
)

var write = flag.Bool("write", false, "write testdata/vap.yaml anew")

// What the API server is given changes only with the rules or this package, and is seen
// in review.
func TestWritten(t *testing.T) {
	for name, o := range map[string]vap.Options{"testdata/vap.yaml": {}, "testdata/vap.static.yaml": {Static: true}} {
		got, err := vap.YAML(o)
		if err != nil {
			t.Fatal(err)
		}
		if *write {
			if err := os.WriteFile(name, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the rules make now; look at it and run go test ./internal/vap -write (%v)", name, err)
		}
	}
}

var ruleName = regexp.MustCompile(`\(([a-z0-9-]+)\)`)

// heldOtherwise are rules whose examples the tier sees otherwise, with the reason.
var heldOtherwise = map[string]string{
	"aws-access-key-id":     "an id of temporary credentials, or alone, is an identifier that the webhook only warns of",
	"aws-secret-access-key": "names that are not among those of the environment or of a credentials file are the webhook's",
}

// Each example of a rule is found as the rule finds it, or is one that the tier leaves to
// the webhook; what a rule does not want is not found, but for made-up tokens whose
// checksum does not hold: CEL computes none.
func TestExamples(t *testing.T) {
	all, err := builtin.Rules()
	if err != nil {
		t.Fatal(err)
	}
	asked, of := policies(t, vap.Options{}), map[string]string{}
	for name, ids := range vap.Held() {
		for _, id := range ids {
			of[id] = name + domain
		}
	}
	rulesSeen, found, clean := 0, 0, 0
	for i := range all {
		r := &all[i]
		policy := asked[of[r.ID]]
		if policy == nil {
			continue
		}
		rulesSeen++
		for _, tmpl := range r.Want {
			if tells(t, policy, r, tmpl) {
				found++
			} else if heldOtherwise[r.ID] == "" && !strings.Contains(tmpl, "ENCRYPTED") {
				t.Errorf("%s: not found: %s", r.ID, tmpl)
			}
		}
		for _, tmpl := range r.NotWant {
			if !tells(t, policy, r, tmpl) {
				clean++
			} else if r.Checksum == nil && r.Parse == "" {
				t.Errorf("%s: found: %s", r.ID, tmpl)
			}
		}
	}
	if rulesSeen != len(of) || found < 70 || clean < 90 {
		t.Errorf("%d of %d rules, %d examples found, %d clean: some are missing", rulesSeen, len(of), found, clean)
	}
}

// tells asks the policy about an example of the rule, in an environment variable and in
// a ConfigMap, with several seeds; it must say the same each time.
func tells(t *testing.T, policy *evaluator, r *rules.Rule, tmpl string) (found bool) {
	t.Helper()
	for seed := range uint64(3) {
		text := leaktest.Must(seed, tmpl)
		for i, object := range []map[string]any{pod(env("SETTING", "\n"+text)), configMap(map[string]any{"settings": "# mine\n" + text})} {
			v := policy.ask(t, request{object: object})
			if v.err != nil {
				t.Fatalf("%s: %v", r.ID, v.err)
			}
			names := ruleName.FindAllStringSubmatch(v.message, -1)
			told := slices.ContainsFunc(names, func(m []string) bool { return m[1] == r.ID })
			if seed+uint64(i) == 0 {
				found = told
			} else if found != told {
				t.Errorf("%s: found in one place and not in another: %s", r.ID, tmpl)
			}
			if v.denied != (v.message != "") {
				t.Errorf("%s: denied %v with the message %q", r.ID, v.denied, v.message)
			}
		}
	}
	return found
}

func env(name, value string) map[string]any { return map[string]any{"name": name, "value": value} }

func pod(vars ...any) map[string]any {
	return map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "it"},
		"spec": map[string]any{"containers": []any{map[string]any{"name": "app", "image": "app", "env": vars}}}}
}

func configMap(data map[string]any) map[string]any {
	return map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "it"}, "data": data}
}

// keys are an AWS key pair's two halves.
func keys(seed uint64) (id, secret string) {
	return leaktest.Must(seed, `{{awsID "AKIA"}}`), leaktest.Must(seed, `{{awsSecret}}`)
}

// Every place that the tier promises to look at, in each kind of object, is named.
func TestPlaces(t *testing.T) {
	id, secret := keys(1)
	asked := policies(t, vap.Options{})[awsPolicy]
	container := func(name string, more map[string]any) map[string]any {
		c := map[string]any{"name": name, "image": "app"}
		for k, v := range more {
			c[k] = v
		}
		return c
	}
	leaky := map[string]any{
		"metadata": map[string]any{"annotations": map[string]any{"note": "aws_access_key_id=" + id}},
		"spec": map[string]any{
			"containers":     []any{container("app", map[string]any{"env": []any{env("AWS_ACCESS_KEY_ID", id), env("AWS_SECRET_ACCESS_KEY", secret), map[string]any{"name": "FROM", "valueFrom": map[string]any{}}}})},
			"initContainers": []any{container("init", map[string]any{"args": []any{"--access-key=" + id}, "command": []any{"sh", "-c", "AWS_SECRET_ACCESS_KEY=" + secret + " run"}})},
		},
	}
	want := []string{"annotation note", "container app, env AWS_ACCESS_KEY_ID", "container app, env AWS_SECRET_ACCESS_KEY", "container init, args", "container init, command"}
	shapes := map[string]map[string]any{
		"v1/Pod":                   {"metadata": leaky["metadata"], "spec": leaky["spec"]},
		"v1/PodTemplate":           {"template": leaky},
		"v1/ReplicationController": {"spec": map[string]any{"template": leaky}},
		"apps/v1/Deployment":       {"spec": map[string]any{"template": leaky}},
		"apps/v1/StatefulSet":      {"spec": map[string]any{"template": leaky}},
		"apps/v1/DaemonSet":        {"spec": map[string]any{"template": leaky}},
		"apps/v1/ReplicaSet":       {"spec": map[string]any{"template": leaky}},
		"batch/v1/Job":             {"spec": map[string]any{"template": leaky}},
		"batch/v1/CronJob":         {"spec": map[string]any{"jobTemplate": map[string]any{"spec": map[string]any{"template": leaky}}}},
	}
	for kind, object := range shapes {
		at := strings.LastIndex(kind, "/")
		object["apiVersion"], object["kind"] = kind[:at], kind[at+1:]
		if object["metadata"] == nil {
			object["metadata"] = map[string]any{"name": "it"}
		}
		v := asked.ask(t, request{object: object})
		if v.err != nil || !v.denied {
			t.Errorf("%s: %+v", kind, v)
			continue
		}
		for _, place := range want {
			if !strings.Contains(v.message, place) {
				t.Errorf("%s: %q is not named: %s", kind, place, v.message)
			}
		}
		if strings.Contains(v.message, id) || strings.Contains(v.message, secret) {
			t.Errorf("%s: the message holds a value", kind)
		}
		if !strings.Contains(v.message, "eks.amazonaws.com/role-arn") {
			t.Errorf("%s: no advice: %s", kind, v.message)
		}
	}
	empty := map[string]any{"apiVersion": "v1", "kind": "ReplicationController", "metadata": map[string]any{"name": "it"}, "spec": map[string]any{}}
	for _, clean := range []map[string]any{empty, pod(), configMap(nil), pod(env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/app"))} {
		if v := asked.ask(t, request{object: clean}); v.err != nil || v.denied {
			t.Errorf("%v: %+v", clean["kind"], v)
		}
	}
}

// A message names some of many places, and counts the others.
func TestManyPlaces(t *testing.T) {
	var vars []any
	for i := range uint64(20) {
		id, _ := keys(i)
		vars = append(vars, env(fmt.Sprintf("KEY_%02d", i), id))
	}
	v := policies(t, vap.Options{})[awsPolicy].ask(t, request{object: pod(vars...)})
	if v.err != nil || !strings.Contains(v.message, "KEY_04") || strings.Contains(v.message, "KEY_05") || !strings.Contains(v.message, "and 15 more") {
		t.Errorf("%+v", v)
	}
}
