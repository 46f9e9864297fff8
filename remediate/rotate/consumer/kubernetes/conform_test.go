package kubernetes_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer/consumertest"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer/kubernetes"
	"github.com/oakum-sec/oakum/remediate/store"
)

func conformance(t *testing.T, w *world) {
	u := update(t, 50)
	t.Run("rollout", func(t *testing.T) { consumertest.Run(t, rollouts(w, u)) })
	t.Run("secret", func(t *testing.T) { consumertest.Run(t, secrets(w, u)) })
	t.Run("external secret", func(t *testing.T) {
		b, operator := externals(w, u)
		w.each = operator
		defer func() { w.each = nil }()
		consumertest.Run(t, b)
	})
}

// rollouts have no pods, so that each is over at once.
func rollouts(w *world, u consumer.Update) *consumertest.Bench {
	n, name := 0, ""
	return &consumertest.Bench{Update: u, Rereads: true, Cut: w.cutOff,
		Open: func() consumer.Consumer {
			return w.parse(kubernetes.ParseRollout, "kind: x\nworkload: deployment/"+name+"\nkubeconfig: "+w.gate)
		},
		Reset: func() error {
			n++
			name = fmt.Sprintf("conform-%d", n)
			w.workload("Deployment", name, `"replicas":0`, "")
			return nil
		},
		Holds: func() (string, error) {
			var o struct {
				Spec struct {
					Template struct {
						Metadata struct{ Annotations map[string]string }
					}
				}
			}
			w.get("apis/apps/v1/namespaces/shop/deployments/"+name, &o)
			return marked(o.Spec.Template.Metadata.Annotations, u), nil
		},
		Effects: func() int { return w.generation("deployment", name) - 1 },
	}
}

func marked(annotations map[string]string, u consumer.Update) string {
	list := strings.Split(annotations["oakum-sec.github.io/op"], ",")
	if list[0] == u.Op {
		return "new"
	}
	return "old"
}

func secrets(w *world, u consumer.Update) *consumertest.Bench {
	n, name := 0, ""
	return &consumertest.Bench{Update: u, Cut: w.cutOff,
		Open: func() consumer.Consumer {
			return w.parse(kubernetes.ParseSecret, "kind: x\nname: "+name+"\nkubeconfig: "+w.gate+"\ndata: {password: password, user: username}")
		},
		Reset: func() error {
			n++
			name = fmt.Sprintf("conform-%d", n)
			w.applied(name, "", map[string]string{"password": store.Plain(u.Old["password"]), "user": store.Plain(u.Old["username"])})
			return nil
		},
		Holds: func() (string, error) { return w.told(name, u), nil },
	}
}

// told is which of the update's values a Secret holds.
func (w *world) told(name string, u consumer.Update) string {
	has, _ := w.values(name)
	switch has["password"] {
	case store.Plain(u.New["password"]):
		return "new"
	case store.Plain(u.Old["password"]):
		return "old"
	}
	return "neither"
}

// externals are kept by an operator that is written as in external: it copies what the
// store holds, which is the new value but where the rotation is taken back.
func externals(w *world, u consumer.Update) (*consumertest.Bench, func(*http.Request)) {
	const path = "apis/external-secrets.io/v1/namespaces/shop/externalsecrets"
	n, name := 0, ""
	operator := func(*http.Request) {
		if name == "" {
			return
		}
		var o struct {
			Metadata struct{ Annotations map[string]string }
			Status   struct{ SyncedResourceVersion string }
		}
		w.get(path+"/"+name, &o)
		force := o.Metadata.Annotations["force-sync"]
		if "1-"+force == o.Status.SyncedResourceVersion {
			return
		}
		inStore := u.New
		if force == "" || strings.HasPrefix(force, "undo-") {
			inStore = u.Old
		}
		value, _ := json.Marshal(map[string]any{"data": map[string][]byte{"password": []byte(store.Plain(inStore["password"]))}})
		w.must("PATCH", "api/v1/namespaces/shop/secrets/"+name, string(value))
		w.must("PATCH", path+"/"+name+"/status", fmt.Sprintf(`{"status":{"syncedResourceVersion":"1-%s","conditions":[{"type":"Ready","status":"True"}]}}`, force))
	}
	return &consumertest.Bench{Update: u, Cut: w.cutOff,
		Open: func() consumer.Consumer {
			return w.parse(kubernetes.ParseExternalSecret, "kind: x\nname: "+name+"\nkubeconfig: "+w.gate+"\ndata: {password: password}")
		},
		Reset: func() error {
			w.defineExternals()
			n++
			name = fmt.Sprintf("conform-ext-%d", n)
			w.applied(name, "", map[string]string{"password": store.Plain(u.Old["password"])})
			w.must("POST", path, `{"apiVersion":"external-secrets.io/v1","kind":"ExternalSecret","metadata":{"name":"`+name+`"},"spec":{}}`)
			operator(nil)
			return nil
		},
		Holds: func() (string, error) { return w.told(name, u), nil },
	}, operator
}
