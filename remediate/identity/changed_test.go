package identity

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// TestBoundary: what bounds the role of before bounds the new one, and is missed where
// somebody takes it off.
func TestBoundary(t *testing.T) {
	w := newWorld(t)
	roles := iam.NewFromConfig(w.config(w.operator))
	s := w.settings("lambda")
	policy, err := roles.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: aws.String("bounds"), PolicyDocument: aws.String(everything)})
	w.must(err)
	_, err = roles.PutRolePermissionsBoundary(t.Context(), &iam.PutRolePermissionsBoundaryInput{RoleName: aws.String("basic-" + s.Workload.Lambda.Function), PermissionsBoundary: policy.Policy.Arn})
	w.must(err)
	w.until(s, "UpdateFunctionConfiguration")
	made, err := roles.GetRole(t.Context(), &iam.GetRoleInput{RoleName: &s.Role})
	if err != nil || made.Role.PermissionsBoundary == nil || aws.ToString(made.Role.PermissionsBoundary.PermissionsBoundaryArn) != *policy.Policy.Arn {
		t.Fatalf("the new role is not bounded: %v", err)
	}
	_, err = roles.DeleteRolePermissionsBoundary(t.Context(), &iam.DeleteRolePermissionsBoundaryInput{RoleName: &s.Role})
	w.must(err)
	w.refused(s, ErrStale, "permissions boundary")
}

// TestBackAgain: a variable that somebody else wrote again is taken away again, and undo
// still has all of them.
func TestBackAgain(t *testing.T) {
	w := newWorld(t)
	s := w.settings("lambda")
	w.done(s)
	client, name := lambda.NewFromConfig(w.config(w.operator)), &s.Workload.Lambda.Function
	_, err := client.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: name, Environment: &types.Environment{Variables: map[string]string{"ORDERS_KEY_ID": w.leaked.AccessKeyID, "LEVEL": "info"}}})
	w.must(err)
	w.done(s)
	w.holds(s, "written again")
	_, err = w.tools(s).Undo(t.Context(), s)
	w.must(err)
	if _, env, err := w.has(s.Workload); err != nil || env["ORDERS_KEY_ID"] != w.leaked.AccessKeyID || env["ORDERS_KEY"] != w.leaked.SecretAccessKey {
		t.Errorf("undo gives back %d variables, %v", len(env), err)
	}
}

// TestProbeEnds: a probe that has ended leaves nobody waiting for what it started, and one
// that fails says why.
func TestProbeEnds(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if _, _, err := process(ctx, []string{"sh", "-c", "sleep 60; true"}); err == nil || time.Since(begun) > 20*time.Second {
		t.Errorf("after %s: %v", time.Since(begun), err)
	}
	if _, said, err := process(t.Context(), []string{"sh", "-c", "echo the pod is gone >&2; exit 1"}); err == nil || said != "the pod is gone" {
		t.Errorf("it says %q, %v", said, err)
	}
}
