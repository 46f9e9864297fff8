package vap_test

import (
	"encoding/json"
	"testing"

	"github.com/oakum-sec/oakum/webhook/internal/fixture"
	"github.com/oakum-sec/oakum/webhook/internal/vap"
)

// looked are the kinds that the policies are asked about.
var looked = map[string]bool{
	"Pod": true, "PodTemplate": true, "ReplicationController": true, "ConfigMap": true, "Deployment": true,
	"StatefulSet": true, "DaemonSet": true, "ReplicaSet": true, "Job": true, "CronJob": true,
}

// Of the objects by which admission is measured, the tier denies none that the webhook
// admits, and a good part of those that it denies.
func TestTree(t *testing.T) {
	cases, err := fixture.Load("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	all := policies(t, vap.Options{})
	seen, denied := 0, 0
	for _, c := range cases {
		var object, old map[string]any
		if err := json.Unmarshal(c.JSON, &object); err != nil {
			t.Fatal(err)
		}
		if c.Old != nil {
			if err := json.Unmarshal(c.Old, &old); err != nil {
				t.Fatal(err)
			}
		}
		if kind, _ := object["kind"].(string); !looked[kind] {
			continue
		}
		seen++
		refused := false
		for name, policy := range all {
			if name == guardPolicy {
				continue
			}
			v := policy.ask(t, request{object: object, old: old, subresource: c.Subresource})
			if v.err != nil {
				t.Errorf("%s: %s: %v", c.Name, name, v.err)
			}
			if v.denied && c.Verdict != fixture.Deny {
				t.Errorf("%s: denied by %s: %s", c.Name, name, v.message)
			}
			refused = refused || v.denied
		}
		if refused {
			denied++
		} else if c.Verdict == fixture.Deny {
			t.Logf("%s is the webhook's alone", c.Name)
		}
	}
	if seen < 100 || denied < 45 {
		t.Errorf("%d objects were seen, %d denied: cases are missing", seen, denied)
	}
	t.Logf("%d objects were seen, %d denied", seen, denied)
}
