package vap_test

import (
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/cel/environment"

	"github.com/oakum-sec/oakum/webhook/internal/vap"
)

// evaluator is a policy compiled by the API server's own code, with its limits of cost,
// as plugin/policy/validating does it.
type evaluator struct {
	match, validate, message cel.ConditionEvaluator
	conditions               int
}

// policies are those that the options make, compiled, by name.
func policies(t testing.TB, o vap.Options) map[string]*evaluator {
	t.Helper()
	objects, err := vap.Objects(o)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*evaluator{}
	for _, object := range objects {
		if p, ok := object.(*admissionv1.ValidatingAdmissionPolicy); ok {
			all[p.Name] = compile(t, p)
		}
	}
	return all
}

func compile(t testing.TB, p *admissionv1.ValidatingAdmissionPolicy) *evaluator {
	t.Helper()
	compiler, err := cel.NewCompositedCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	if err != nil {
		t.Fatal(err)
	}
	options := cel.OptionalVariableDeclarations{HasAuthorizer: true}
	for _, v := range p.Spec.Variables {
		r := compiler.CompileAndStoreVariable(&validating.Variable{Name: v.Name, Expression: v.Expression}, options, environment.NewExpressions)
		if r.Error != nil {
			t.Fatalf("%s: variable %s: %v", p.Name, v.Name, r.Error)
		}
	}
	var conditions, validations, messages []cel.ExpressionAccessor
	for i := range p.Spec.MatchConditions {
		conditions = append(conditions, (*matchconditions.MatchCondition)(&p.Spec.MatchConditions[i]))
	}
	for _, v := range p.Spec.Validations {
		validations = append(validations, &validating.ValidationCondition{Expression: v.Expression})
		messages = append(messages, &validating.MessageExpressionCondition{MessageExpression: v.MessageExpression})
	}
	e := &evaluator{conditions: len(conditions)}
	for _, c := range []struct {
		into        *cel.ConditionEvaluator
		expressions []cel.ExpressionAccessor
	}{{&e.match, conditions}, {&e.validate, validations}, {&e.message, messages}} {
		*c.into = compiler.CompileCondition(c.expressions, options, environment.NewExpressions)
		if errs := (*c.into).CompilationErrors(); len(errs) > 0 {
			t.Fatalf("%s: %v", p.Name, errs)
		}
	}
	return e
}

// request is what a policy is asked about.
type request struct {
	object, old  map[string]any
	subresource  string
	user         string
	groups       []string
	withoutMatch bool // the match conditions are not asked
}

// verdict is what a policy says, and what that cost.
type verdict struct {
	asked, denied bool
	message       string
	cost          int64
	err           error // the policy could not be evaluated; it then fails closed
}

func (e *evaluator) ask(t testing.TB, r request) verdict {
	t.Helper()
	attr := r.attributes()
	review := cel.CreateAdmissionRequest(attr, metav1.GroupVersionResource(attr.GetResource()), metav1.GroupVersionKind(attr.VersionedKind))
	namespace := cel.CreateNamespaceObject(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}})
	run := func(c cel.ConditionEvaluator, budget int64) ([]cel.EvaluationResult, int64, error) {
		return c.ForInput(t.Context(), attr, review, cel.OptionalVariableBindings{}, namespace, budget)
	}
	if e.conditions > 0 && !r.withoutMatch {
		results, _, err := run(e.match, celconfig.RuntimeCELCostBudgetMatchConditions)
		if err != nil {
			return verdict{asked: true, err: err}
		}
		for _, one := range results {
			if one.Error != nil {
				return verdict{asked: true, err: one.Error}
			}
			if one.EvalResult.Value() == false {
				return verdict{}
			}
		}
	}
	results, left, err := run(e.validate, celconfig.RuntimeCELCostBudget)
	if err == nil {
		err = results[0].Error
	}
	if err != nil {
		return verdict{asked: true, err: err}
	}
	words, left, err := run(e.message, left)
	if err == nil {
		err = words[0].Error
	}
	v := verdict{asked: true, denied: results[0].EvalResult.Value() == false, cost: celconfig.RuntimeCELCostBudget - left, err: err}
	if err == nil {
		v.message, _ = words[0].EvalResult.Value().(string)
	}
	return v
}

func (r request) attributes() *admission.VersionedAttributes {
	var object, old runtime.Object
	object = &unstructured.Unstructured{Object: r.object}
	operation := admission.Create
	if r.old != nil {
		old, operation = &unstructured.Unstructured{Object: r.old}, admission.Update
	}
	kind := object.GetObjectKind().GroupVersionKind()
	who := r.user
	if who == "" {
		who = "ann"
	}
	record := admission.NewAttributesRecord(object, old, kind, "shop", "it", schema.GroupVersionResource{Group: kind.Group, Version: kind.Version, Resource: "it"},
		r.subresource, operation, nil, false, &user.DefaultInfo{Name: who, Groups: r.groups})
	attr := &admission.VersionedAttributes{Attributes: record, VersionedKind: kind}
	attr.VersionedObject.Set(object)
	if old != nil {
		attr.VersionedOldObject.Set(old)
	}
	return attr
}
