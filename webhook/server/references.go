package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

// references knows what pods would take from ConfigMaps and Secrets: verdicts, which name
// rules and keys. What is in the objects is looked at once when they come, and let go.
type references struct {
	configMaps, secrets *watched // nil: not followed
	judge               func() *judge
	log                 *slog.Logger
}

// verdict is what is kept of an object.
type verdict struct {
	metav1.ObjectMeta // name, namespace, uid and resource version alone
	what              admit.Verdict
}

// looking is how long an object may take that nobody waits for.
const looking = 10 * time.Second

func watchReferences(client kubernetes.Interface, c References, judge func() *judge, log *slog.Logger, m *metrics) *references {
	r := &references{judge: judge, log: log}
	if *c.ConfigMaps {
		r.configMaps = watch(client, "ConfigMaps", &corev1.ConfigMap{}, calls(client.CoreV1().ConfigMaps(""), ""), r.keep)
		m.follows("ConfigMap", r.configMaps)
	}
	if c.Secrets {
		r.secrets = watch(client, "Secrets", &corev1.Secret{}, calls(client.CoreV1().Secrets(""), ""), r.keep)
		m.follows("Secret", r.secrets)
	}
	return r
}

// all are those that are followed.
func (r *references) all() (list []*watched) {
	for _, w := range []*watched{r.configMaps, r.secrets} {
		if w != nil {
			list = append(list, w)
		}
	}
	return list
}

// keep looks at an object and keeps what was found.
func (r *references) keep(object any) (any, error) {
	o, ok := object.(metav1.Object)
	if _, done := object.(*verdict); !ok || done {
		return object, nil // a tombstone, or one that was here before
	}
	v := &verdict{ObjectMeta: metav1.ObjectMeta{
		Name: strings.Clone(o.GetName()), Namespace: strings.Clone(o.GetNamespace()), UID: o.GetUID(), ResourceVersion: o.GetResourceVersion(),
	}}
	if text := textOf(object); text != nil {
		ctx, cancel := context.WithTimeout(context.Background(), looking)
		defer cancel()
		var err error
		if v.what, err = r.judge().admitter.Verdict(ctx, text); err != nil {
			r.log.Warn("not all of an object was looked at that pods may refer to", "namespace", v.Namespace, "name", v.Name, "error", err.Error())
		}
	}
	return v, nil
}

// textOf is an object as JSON, with the kind that a list leaves out; nil where pods take
// nothing from it that anybody wrote.
func textOf(object any) []byte {
	switch o := object.(type) {
	case *corev1.ConfigMap:
		if o.Name == "kube-root-ca.crt" {
			return nil
		}
		o.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}
	case *corev1.Secret:
		switch o.Type {
		case corev1.SecretTypeServiceAccountToken, corev1.SecretTypeBootstrapToken, "helm.sh/release.v1":
			return nil
		}
		o.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}
	}
	text, err := json.Marshal(object)
	if err != nil {
		return nil
	}
	return text
}

// ConfigMap is what is known of one, from memory.
func (r *references) ConfigMap(namespace, name string) (admit.Verdict, bool) {
	return r.configMaps.verdict(namespace, name)
}

// Secret is what is known of one, from memory.
func (r *references) Secret(namespace, name string) (admit.Verdict, bool) {
	return r.secrets.verdict(namespace, name)
}

func (w *watched) verdict(namespace, name string) (admit.Verdict, bool) {
	if w == nil {
		return admit.Verdict{}, false
	}
	object, known, err := w.store.GetByKey(namespace + "/" + name)
	if err != nil || !known {
		return admit.Verdict{}, false
	}
	v, ok := object.(*verdict)
	if !ok {
		return admit.Verdict{}, false
	}
	return v.what, true
}
