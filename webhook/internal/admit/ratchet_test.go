package admit_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

// object is a Pod of one container for each list of variables, with annotations.
func object(annotations string, env ...string) string {
	var containers []string
	for i, e := range env {
		containers = append(containers, fmt.Sprintf(`{"name":"c%d","image":"app:1","env":[%s]}`, i, e))
	}
	return `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"app","namespace":"shop","resourceVersion":"1","annotations":{` + annotations + `}},"spec":{"containers":[` + strings.Join(containers, ",") + `]}}`
}

func variable(name, value string) string { return `{"name":"` + name + `","value":"` + value + `"}` }

// Only what is new denies: by value, wherever it stands.
func TestRatchet(t *testing.T) {
	key, other := awsEnv(1), awsEnv(2)
	id, secret := leaktest.Must(1, `{{awsID "AKIA"}}`), leaktest.Must(9, `{{awsSecret}}`)
	kept := func(o string) string {
		return `"kubectl.kubernetes.io/last-applied-configuration":"` + strings.ReplaceAll(o, `"`, `\"`) + `"`
	}
	pass := variable("DB_PASSWORD", leaktest.Must(5, `{{alnum 24}}`))
	for _, c := range []struct {
		name     string
		old, new string
		denied   bool
	}{
		{"a key comes", object("", pass), object("", key), true},
		{"it stays while something else changes", object("", key), object(`"a":"b"`, key), false},
		{"it moves to another container", object("", key, pass), object("", pass, key), false},
		{"it is in two containers now", object("", key), object("", key, key), false},
		{"it moves to an annotation", object("", key), object(`"note":"`+strings.ReplaceAll(key, `"`, "")+`"`, pass), false},
		{"a second key comes", object("", key), object("", key, other), true},
		{"it is another key", object("", key), object("", other), true},
		{"it goes", object("", key), object("", pass), false},
		{"a secret comes to an id that was there", object("", variable("AWS_ACCESS_KEY_ID", id)), object("", variable("AWS_ACCESS_KEY_ID", id)+","+variable("AWS_SECRET_ACCESS_KEY", secret)), true},
		{"the id comes to a secret that was there", object("", variable("AWS_SECRET_ACCESS_KEY", secret)), object("", variable("AWS_ACCESS_KEY_ID", id)+","+variable("AWS_SECRET_ACCESS_KEY", secret)), true},
		{"the id goes, the secret stays", object("", variable("AWS_ACCESS_KEY_ID", id)+","+variable("AWS_SECRET_ACCESS_KEY", secret)), object("", variable("AWS_SECRET_ACCESS_KEY", secret)), false},
		{"the variable has another name", object("", variable("TOKEN", leaktest.Must(6, `{{github "ghp_"}}`))), object("", variable("GH", leaktest.Must(6, `{{github "ghp_"}}`))), false},
		{"the key is gone from its field, kubectl's annotation keeps it", object(kept(object("", key)), key), object(kept(object("", key)), pass), false},
		{"an annotation changes while last-applied keeps the key", object(kept(object("", key)), pass), object(`"a":"b",`+kept(object("", key)), pass), false},
		{"the key comes back out of last-applied", object(kept(object("", key)), pass), object(kept(object("", key)), key), true},
	} {
		r, answer := ask(t, admitter(t), review("UPDATE", c.new, c.old))
		if r.Allowed == c.denied {
			t.Errorf("%s: %s %+v", c.name, answer.Decision, r)
		}
	}
}

// What was there is told, so that it is not forgotten.
func TestExistingIsWarnedOf(t *testing.T) {
	r, answer := ask(t, admitter(t), review("UPDATE", object(`"a":"b"`, awsEnv(1)), object("", awsEnv(1))))
	if !r.Allowed || answer.Decision != admit.DecisionWarn || len(r.Warnings) == 0 || !strings.Contains(r.Warnings[0], "it was there before") || r.AuditAnnotations[admit.AuditExisting] != "1" {
		t.Errorf("%+v", r)
	}
}

// What brings nothing passes, whatever is in it, and is not looked at.
func TestPassesUntouched(t *testing.T) {
	bad, good := object("", awsEnv(1)), object("", variable("A", "b"))
	deleting := strings.Replace(bad, `"name":"app"`, `"name":"app","deletionTimestamp":"2026-11-24T00:00:00Z","deletionGracePeriodSeconds":0`, 1)
	mirror := object(`"kubernetes.io/config.mirror":"abc"`, awsEnv(1))
	node := func(body []byte) []byte {
		return []byte(strings.Replace(string(body), `{"username":"jane","groups":["dev"]}`, `{"username":"system:node:n1","groups":["system:nodes","system:authenticated"]}`, 1))
	}
	sub := func(name string, body []byte) []byte {
		return []byte(strings.Replace(string(body), `"operation"`, `"subResource":"`+name+`","operation"`, 1))
	}
	kind := func(group, kind string, body []byte) []byte {
		return []byte(strings.Replace(string(body), `"kind":{"group":"","version":"v1","kind":"Pod"}`, `"kind":{"group":"`+group+`","version":"v1","kind":"`+kind+`"}`, 1))
	}
	for name, body := range map[string][]byte{
		"a deletion":        review("DELETE", "null", bad),
		"a connection":      review("CONNECT", `{"kind":"PodExecOptions","apiVersion":"v1","command":["sh"]}`, ""),
		"being deleted":     review("UPDATE", deleting, good),
		"status":            sub("status", review("UPDATE", bad, good)),
		"scale":             sub("scale", review("UPDATE", bad, good)),
		"a mirror pod":      node(review("CREATE", mirror, "")),
		"nothing changed":   review("UPDATE", bad, bad),
		"bookkeeping":       review("UPDATE", strings.Replace(bad, `"resourceVersion":"1"`, `"resourceVersion":"2","finalizers":["x.example.com/y"],"managedFields":[{"manager":"kubectl"}]`, 1), bad),
		"its status":        review("UPDATE", strings.TrimSuffix(bad, "}")+`,"status":{"phase":"Running"}}`, bad),
		"a lease":           kind("coordination.k8s.io", "Lease", review("CREATE", bad, "")),
		"an event":          kind("events.k8s.io", "Event", review("CREATE", bad, "")),
		"an event, of core": kind("", "Event", review("CREATE", bad, "")),
	} {
		if r, answer := ask(t, admitter(t), body); !r.Allowed || answer.Decision != admit.DecisionSkip || len(r.Warnings)+len(r.AuditAnnotations) > 0 {
			t.Errorf("%s: %s %+v", name, answer.Decision, r)
		}
	}
	for name, body := range map[string][]byte{
		"a mirror pod that no kubelet made":   review("CREATE", mirror, ""),
		"created as if it were being deleted": review("CREATE", deleting, ""),
		"a subresource that nobody knows":     sub("novel", review("UPDATE", bad, good)),
		"an ephemeral container":              sub("ephemeralcontainers", review("UPDATE", strings.Replace(bad, `"containers"`, `"ephemeralContainers"`, 1), good)),
		"an Event of somebody else's":         kind("x.example.com", "Event", review("CREATE", bad, "")),
		"a label changes with the key coming": review("UPDATE", strings.Replace(bad, `"annotations"`, `"labels":{"a":"b"},"annotations"`, 1), good),
	} {
		if r, answer := ask(t, admitter(t), body); r.Allowed {
			t.Errorf("%s: %s", name, answer.Decision)
		}
	}
}
