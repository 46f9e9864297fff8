package vap

import (
	"fmt"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

// The advice that ends a message: what to do instead, by what was found.
const (
	fixAWS = "Take the key out and give the pod a role: annotate its ServiceAccount with eks.amazonaws.com/role-arn (IRSA) or make an EKS Pod Identity association; outside of EKS, name a Secret with secretKeyRef. Then deactivate the key."
	fixAny = "Put it into a Secret and name that with secretKeyRef, or have it brought by External Secrets or the Secrets Store CSI driver. Then rotate it."
)

// shown is how many places a message names; the others are counted.
const shown = 5

// matched are the objects that are looked at: what carries a pod's template, and
// ConfigMaps. Status and scale are subresources of their own, and not among them.
var matched = []admissionv1.NamedRuleWithOperations{
	objects("", "pods", "pods/ephemeralcontainers", "podtemplates", "replicationcontrollers", "configmaps"),
	objects("apps", "deployments", "statefulsets", "daemonsets", "replicasets"),
	objects("batch", "jobs", "cronjobs"),
}

func objects(group string, resources ...string) admissionv1.NamedRuleWithOperations {
	scope := admissionv1.NamespacedScope
	return admissionv1.NamedRuleWithOperations{RuleWithOperations: admissionv1.RuleWithOperations{
		Operations: []admissionv1.OperationType{admissionv1.Create, admissionv1.Update},
		Rule:       admissionv1.Rule{APIGroups: []string{group}, APIVersions: []string{"v1"}, Resources: resources, Scope: &scope},
	}}
}

// passing are the conditions under which a policy is asked at all. What does not hold
// here passes, whatever is in it: else an object that is older than the policy could not
// lose its finalizers, and a node could not be drained.
func (o *Options) passing() []admissionv1.MatchCondition {
	return []admissionv1.MatchCondition{
		{Name: "not-on-its-way-out", Expression: "!has(object.metadata.deletionTimestamp)"},
		{Name: "not-a-mirror-pod", Expression: "!(request.kind.kind == 'Pod' && request.userInfo.username.startsWith('system:node:') && 'kubernetes.io/config.mirror' in dyn(object).metadata.?annotations.orValue({}))"},
		{Name: "not-a-controllers-copy", Expression: "!(" + o.controller() + "\n&& dyn(object).metadata.?ownerReferences.orValue([]).exists(r, r.?controller.orValue(false)))"},
		{Name: "changed", Expression: `request.operation == 'CREATE'
|| dyn(object).?spec != dyn(oldObject).?spec || dyn(object).?template != dyn(oldObject).?template || dyn(object).?data != dyn(oldObject).?data
|| dyn(object).metadata.?annotations != dyn(oldObject).metadata.?annotations`},
	}
}

// controller is whether the user is one of the cluster's controllers. Its templates were
// judged when they came, or are older than the policy.
func (o *Options) controller() string {
	return "request.userInfo.username in " + list(append(admit.BuiltInControllers(), o.Controllers...))
}

// credentials is the policy that denies what the patterns find, and its binding to the
// namespaces whose level is not among off.
func (o *Options) credentials(name string, patterns []pattern, fix string, off []string) []any {
	policy := o.policy(name)
	policy.Spec.Variables = search(patterns)
	policy.Spec.MatchConditions = o.passing()
	policy.Spec.MatchConstraints = &admissionv1.MatchResources{ResourceRules: matched}
	policy.Spec.Validations = []admissionv1.Validation{{
		Expression: "variables.leaks.size() == 0",
		Message:    "a literal credential. " + fix,
		MessageExpression: fmt.Sprintf("variables.leaks.size() == 0 ? '' : 'oakum: ' + variables.leaks.slice(0, variables.leaks.size() > %[1]d ? %[1]d : variables.leaks.size()).join('; ')\n+ (variables.leaks.size() > %[1]d ? ' and ' + string(variables.leaks.size() - %[1]d) + ' more' : '') + %[2]s",
			shown, quote(". "+fix)),
		Reason: reason(metav1.StatusReasonForbidden),
	}}
	return []any{policy, o.binding(name, &metav1.LabelSelector{MatchExpressions: o.namespaces(off)})}
}

// namespaces selects those that are not excluded and whose label does not say one of
// off; where the default is one of off, those whose label says another level.
func (o *Options) namespaces(off []string) []metav1.LabelSelectorRequirement {
	level := metav1.LabelSelectorRequirement{Key: admit.LabelEnforce, Operator: metav1.LabelSelectorOpNotIn, Values: off}
	if slices.Contains(off, o.Defaults.Enforce.Level.String()) {
		level.Operator, level.Values = metav1.LabelSelectorOpIn, nil
		for l := admit.Off; l <= admit.All; l++ {
			if !slices.Contains(off, l.String()) {
				level.Values = append(level.Values, l.String())
			}
		}
	}
	return []metav1.LabelSelectorRequirement{level,
		{Key: "kubernetes.io/metadata.name", Operator: metav1.LabelSelectorOpNotIn, Values: o.Exclude}}
}

// policy is an empty one that fails closed: nothing outside of the API server's process
// has a part in it, so only an object beyond the budget makes it fail.
func (o *Options) policy(name string) *admissionv1.ValidatingAdmissionPolicy {
	fail := admissionv1.Fail
	return &admissionv1.ValidatingAdmissionPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "ValidatingAdmissionPolicy"},
		ObjectMeta: metav1.ObjectMeta{Name: o.named(name)},
		Spec:       admissionv1.ValidatingAdmissionPolicySpec{FailurePolicy: &fail},
	}
}

func (o *Options) binding(name string, namespaces *metav1.LabelSelector) *admissionv1.ValidatingAdmissionPolicyBinding {
	b := &admissionv1.ValidatingAdmissionPolicyBinding{
		TypeMeta:   metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "ValidatingAdmissionPolicyBinding"},
		ObjectMeta: metav1.ObjectMeta{Name: o.named(name)},
		Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName:        o.named(name),
			ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny, admissionv1.Audit},
		},
	}
	if namespaces != nil {
		b.Spec.MatchResources = &admissionv1.MatchResources{NamespaceSelector: namespaces}
	}
	return b
}

// named is a policy's name. Those that the API server reads from files at its start have
// a suffix that no other may have (KEP-5793).
func (o *Options) named(name string) string {
	full := name + "." + admit.Domain
	if o.Static {
		full += ".static.k8s.io"
	}
	return full
}

func reason(r metav1.StatusReason) *metav1.StatusReason { return &r }

// list is a CEL list of strings.
func list(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = quote(w)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
