package vap_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/webhook/internal/vap"
)

// An update is judged by what is new in it.
func TestOnlyWhatIsNewDenies(t *testing.T) {
	asked := policies(t, vap.Options{})[awsPolicy]
	id, secret := keys(1)
	other, _ := keys(2)
	old := pod(env("AWS_ACCESS_KEY_ID", id), env("AWS_SECRET_ACCESS_KEY", secret))
	annotated := pod(env("AWS_ACCESS_KEY_ID", id), env("AWS_SECRET_ACCESS_KEY", secret))
	annotated["metadata"].(map[string]any)["annotations"] = map[string]any{"a": "b"}
	moved := pod(env("KEY", "AWS_ACCESS_KEY_ID="+id+" AWS_SECRET_ACCESS_KEY="+secret))
	second := pod(env("AWS_ACCESS_KEY_ID", id), env("AWS_SECRET_ACCESS_KEY", secret), env("SECOND", other))
	for name, c := range map[string]struct {
		object map[string]any
		asked  bool
		denied string
	}{
		"the same object":          {old, false, ""},
		"another annotation":       {annotated, true, ""},
		"the key stands elsewhere": {moved, true, ""},
		"a second key":             {second, true, "env SECOND"},
		"one key less":             {pod(env("AWS_ACCESS_KEY_ID", id)), true, ""},
		"another key":              {pod(env("AWS_ACCESS_KEY_ID", other)), true, "env AWS_ACCESS_KEY_ID"},
	} {
		v := asked.ask(t, request{object: c.object, old: old})
		if v.err != nil || v.asked != c.asked || v.denied != (c.denied != "") || !strings.Contains(v.message, c.denied) {
			t.Errorf("%s: %v %+v", name, v.err, v)
		}
		if strings.Contains(v.message, "env AWS_SECRET") {
			t.Errorf("%s: what was there is denied: %s", name, v.message)
		}
	}
}

// What must go on in a cluster that was not clean before goes on.
func TestPassing(t *testing.T) {
	asked := policies(t, vap.Options{Controllers: []string{"system:serviceaccount:argo:controller"}})[awsPolicy]
	id, _ := keys(1)
	with := func(key string, value any) map[string]any {
		p := pod(env("AWS_ACCESS_KEY_ID", id))
		p["metadata"].(map[string]any)[key] = value
		return p
	}
	mirror := with("annotations", map[string]any{"kubernetes.io/config.mirror": "x"})
	owned := with("ownerReferences", []any{map[string]any{"kind": "ReplicaSet", "name": "app", "controller": true}})
	for name, c := range map[string]struct {
		request
		asked bool
	}{
		"a pod":                             {request{object: with("labels", nil)}, true},
		"one that is being deleted":         {request{object: with("deletionTimestamp", "2026-11-24T05:00:00Z"), old: pod()}, false},
		"a mirror pod":                      {request{object: mirror, user: "system:node:n1"}, false},
		"a user's mirror pod":               {request{object: mirror, user: "ann"}, true},
		"a ReplicaSet's pod":                {request{object: owned, user: "system:serviceaccount:kube-system:replicaset-controller"}, false},
		"a pod of a controller of ours":     {request{object: owned, user: "system:serviceaccount:argo:controller"}, false},
		"a user's that names an owner":      {request{object: owned, user: "ann"}, true},
		"a controller's that copies nobody": {request{object: with("labels", nil), user: "system:serviceaccount:kube-system:x"}, true},
	} {
		v := asked.ask(t, c.request)
		if v.err != nil || v.asked != c.asked || v.denied != c.asked {
			t.Errorf("%s: %v %+v", name, v.err, v)
		}
	}
}

// largest is how much text an object can hold: etcd takes requests of 1.5 MiB by default
// (--max-request-bytes), a ConfigMap 1 MiB of data.
const largest = 1500 << 10

// The largest objects are within the API server's budget, as a new one and as an update,
// in one text and in thousands; and a key at their end is found. Four thousand variables
// are ten containers of four hundred; fifteen thousand are beyond the budget.
func TestLargestObject(t *testing.T) {
	id, _ := keys(1)
	token := leaktest.Must(1, `{{github "ghp_"}}`) + " " + leaktest.Must(1, `{{slackBot}}`)
	line := leaktest.Must(3, "{{words 8}} = {{base64 40}} {{hex 16}}\n")
	text := strings.Repeat(line, largest/len(line))
	var many []any
	for i := range 4000 {
		many = append(many, env(fmt.Sprintf("SETTING_%05d", i), text[i*350:(i+1)*350]))
	}
	all := policies(t, vap.Options{})
	for name, c := range map[string]struct{ clean, leaky map[string]any }{
		"one text":        {pod(env("A", text)), pod(env("A", text+" key="+id+"\ntoken="+token))},
		"thousands":       {pod(many...), pod(append(many[:len(many):len(many)], env("KEY", id), env("TOKEN", token))...)},
		"a ConfigMap":     {configMap(map[string]any{"a": text[:1<<20]}), configMap(map[string]any{"a": text[:1<<20] + " key=" + id + "\ntoken=" + token})},
		"references only": {pod(references(2000)...), pod(append(references(2000), env("KEY", id), env("TOKEN", token))...)},
	} {
		for policy, asked := range all {
			if policy == guardPolicy {
				continue
			}
			for kind, r := range map[string]request{"new": {object: c.clean}, "update": {object: c.clean, old: c.leaky}} {
				v := asked.ask(t, r)
				if v.err != nil || v.denied {
					t.Errorf("%s, %s, %s: %v, %+v", name, policy, kind, v.err, v.denied)
				}
			}
			for kind, r := range map[string]request{"new": {object: c.leaky}, "update": {object: c.leaky, old: c.clean}} {
				v := asked.ask(t, r)
				if v.err != nil || !v.denied {
					t.Errorf("%s with a key, %s, %s: %v, %+v", name, policy, kind, v.err, v.denied)
				}
			}
			if v := asked.ask(t, request{object: c.leaky, old: c.leaky, withoutMatch: true}); v.err != nil || v.denied {
				t.Errorf("%s as it was, %s: %v", name, policy, v.err)
			}
		}
	}
}

// references are variables whose names speak of secrets and whose values say where one is.
func references(n int) (vars []any) {
	for i := range n {
		vars = append(vars, env(fmt.Sprintf("AWS_SECRET_ACCESS_KEY_%05d", i), fmt.Sprintf("vault:secret/data/team-%05d/aws#secret_access_key", i)))
	}
	return vars
}

// Our labels are loosened by the allowed alone.
func TestGuard(t *testing.T) {
	asked := policies(t, vap.Options{Users: []string{"root"}, Groups: []string{"platform"}})[guardPolicy]
	namespace := func(labels map[string]any) map[string]any {
		for key := range labels {
			if !strings.Contains(key, "/") {
				labels["oakum-sec.github.io/"+key] = labels[key]
				delete(labels, key)
			}
		}
		return map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "shop", "labels": labels}}
	}
	type labels = map[string]any
	for name, c := range map[string]struct {
		old, now labels // old nil: the namespace is new
		denied   string
	}{
		"new, without labels":       {nil, labels{}, ""},
		"new, stricter":             {nil, labels{"enforce": "all"}, ""},
		"new, the default":          {nil, labels{"enforce": "high"}, ""},
		"new and off":               {nil, labels{"enforce": "off"}, "enforce"},
		"new, with another version": {nil, labels{"enforce-version": "rules-2026.11"}, "enforce-version"},
		"another label":             {labels{"enforce": "off"}, labels{"enforce": "off", "app/x": "y"}, ""},
		"tightened":                 {labels{"enforce": "off"}, labels{"enforce": "aws-static"}, ""},
		"loosened":                  {labels{"enforce": "all"}, labels{"enforce": "high"}, "enforce"},
		"taken away: the default":   {labels{"enforce": "off"}, labels{}, ""},
		"taken away: looser":        {labels{"enforce": "all"}, labels{}, "enforce"},
		"no level":                  {labels{"enforce": "all"}, labels{"enforce": "none"}, "enforce"},
		"warn and audit":            {labels{}, labels{"warn": "off", "audit": "high"}, "warn, oakum-sec.github.io/audit"},
		"pinned":                    {labels{}, labels{"warn-version": "rules-2026.11"}, "warn-version"},
		"pin kept":                  {labels{"warn-version": "rules-2026.11"}, labels{"warn-version": "rules-2026.11", "enforce": "all"}, ""},
		"pin let go":                {labels{"warn-version": "rules-2026.11"}, labels{"warn-version": "latest"}, ""},
	} {
		r := request{object: namespace(c.now)}
		if c.old != nil {
			r.old = namespace(c.old)
		}
		v := asked.ask(t, r)
		if v.err != nil || v.denied != (c.denied != "") || !strings.Contains(v.message, c.denied) {
			t.Errorf("%s: %v %+v", name, v.err, v)
		}
		for _, allowed := range []request{{user: "root"}, {groups: []string{"staff", "platform"}}} {
			allowed.object, allowed.old = r.object, r.old
			if v := asked.ask(t, allowed); v.err != nil || v.denied {
				t.Errorf("%s, by one who may: %+v", name, v)
			}
		}
	}
}
