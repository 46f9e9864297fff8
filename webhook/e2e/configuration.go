package e2e

import (
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Namespace is where oakum stands in a cluster.
const Namespace = "oakum-system"

// Asked says what an API server is to ask a webhook about.
type Asked struct {
	Port      int // of a webhook, or of a Balancer before some
	CA        []byte
	Policy    admissionv1.FailurePolicyType
	Namespace string // the only one; "": all but the system's and ours
	Pods      bool   // pods alone
	Service   string // in namespace oakum-system, behind which the port is; "": it is asked by URL
}

// Configuration has the three hooks of oakum. What the webhook itself needs, its Lease and
// its Secret, is not asked about: it could not start without itself.
func (a Asked) Configuration() *admissionv1.ValidatingWebhookConfiguration {
	names := metav1.LabelSelectorRequirement{Key: "kubernetes.io/metadata.name", Operator: metav1.LabelSelectorOpNotIn, Values: []string{"kube-system", "kube-node-lease", Namespace}}
	if a.Namespace != "" {
		names.Operator, names.Values = metav1.LabelSelectorOpIn, []string{a.Namespace}
	}
	hook := func(name string, groups []string, resources ...string) admissionv1.ValidatingWebhook {
		none, seconds := admissionv1.SideEffectClassNone, int32(3)
		url := fmt.Sprintf("https://localhost:%d/%s", a.Port, name)
		client := admissionv1.WebhookClientConfig{URL: &url, CABundle: a.CA}
		if a.Service != "" {
			path, port := "/"+name, int32(a.Port)
			client = admissionv1.WebhookClientConfig{CABundle: a.CA, Service: &admissionv1.ServiceReference{Namespace: Namespace, Name: a.Service, Path: &path, Port: &port}}
		}
		return admissionv1.ValidatingWebhook{
			Name: name + ".oakum-sec.github.io", FailurePolicy: &a.Policy, SideEffects: &none, TimeoutSeconds: &seconds, AdmissionReviewVersions: []string{"v1"},
			ClientConfig:      client,
			NamespaceSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{names}},
			Rules: []admissionv1.RuleWithOperations{{Operations: []admissionv1.OperationType{admissionv1.Create, admissionv1.Update},
				Rule: admissionv1.Rule{APIGroups: groups, APIVersions: []string{"*"}, Resources: resources}}},
		}
	}
	c := &admissionv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "oakum"}}
	c.Webhooks = append(c.Webhooks, hook("pods", []string{""}, "pods", "pods/ephemeralcontainers"))
	if a.Pods {
		return c
	}
	workloads := hook("workloads", []string{"*"}, "*")
	workloads.MatchConditions = []admissionv1.MatchCondition{{Name: "not-in-other-hooks",
		Expression: `!(request.resource.group == "" && request.resource.resource in ["pods", "configmaps", "secrets"])`}}
	c.Webhooks = append(c.Webhooks, workloads, hook("data", []string{""}, "configmaps", "secrets"))
	return c
}
