package vap

import (
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

// rank orders the levels; a label that is not there, or says nothing we know, stands for
// the default. %[1]s are a namespace's labels, %[2]s a label, %[3]d the default's rank.
const rank = `{'off': 0, 'aws-static': 1, 'high': 2, 'all': 3}[?%[1]s[?%[2]s].orValue('')].orValue(%[3]d)`

// guard is the policy that lets only some users loosen our labels of a namespace: whoever
// may edit a namespace could else let himself out. Tightening is everybody's.
//
// Status and finalize are subresources whose updates may carry other labels, too.
func (o *Options) guard() []any {
	policy := o.policy(guardName)
	scope := admissionv1.ClusterScope
	policy.Spec.MatchConstraints = &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{
		RuleWithOperations: admissionv1.RuleWithOperations{
			Operations: []admissionv1.OperationType{admissionv1.Create, admissionv1.Update},
			Rule: admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"},
				Resources: []string{"namespaces", "namespaces/status", "namespaces/finalize"}, Scope: &scope},
		},
	}}}
	policy.Spec.MatchConditions = []admissionv1.MatchCondition{{Name: "not-an-allowed-user", Expression: fmt.Sprintf(
		"!(request.userInfo.username in %s || request.userInfo.?groups.orValue([]).exists(g, g in %s))", list(o.Users), list(o.Groups))}}
	policy.Spec.Variables = []admissionv1.Variable{
		{Name: "labels", Expression: "object.metadata.?labels.orValue({})"},
		{Name: "oldLabels", Expression: "oldObject == null ? dyn({}) : oldObject.metadata.?labels.orValue({})"},
		{Name: "loosened", Expression: o.loosened()},
	}
	policy.Spec.Validations = []admissionv1.Validation{{
		Expression:        "variables.loosened.size() == 0",
		Message:           "only some users may loosen oakum's labels of a namespace.",
		MessageExpression: "'oakum: ' + variables.loosened.join(', ') + ': only some users may loosen these labels of a namespace. Ask whoever runs oakum in this cluster, or leave the label as it is.'",
		Reason:            reason(metav1.StatusReasonForbidden),
	}}
	return []any{policy, o.binding(guardName, nil)}
}

// loosened are the labels that say less than before: a lower level, or rules that are
// pinned to another version. What is not labelled has the level of the defaults.
func (o *Options) loosened() string {
	var b string
	for i, l := range []struct {
		label string
		level admit.Level
	}{{admit.LabelEnforce, o.Defaults.Enforce.Level}, {admit.LabelWarn, o.Defaults.Warn.Level}, {admit.LabelAudit, o.Defaults.Audit.Level}} {
		label, pin := quote(l.label), quote(l.label+admit.VersionSuffix)
		if i > 0 {
			b += "\n+ "
		}
		now, old := fmt.Sprintf(rank, "variables.labels", label, l.level), fmt.Sprintf(rank, "variables.oldLabels", label, l.level)
		b += fmt.Sprintf("(%s < %s ? [%s] : [])", now, old, label)
		b += fmt.Sprintf("\n+ (variables.labels[?%[1]s].orValue('latest') in ['latest', variables.oldLabels[?%[1]s].orValue('latest')] ? [] : [%[1]s])", pin)
	}
	return b
}
