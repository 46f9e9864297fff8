package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	aatypes "github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/oakum-sec/oakum/remediate/access"
)

// proofOp reads back what stands in IAM and proves it, both ways, by package access;
// then it asks the account's own simulator and analyzer, where the caller may.
type proofOp struct {
	*cloud
	p    *Plan
	told string
}

// maxSimulated bounds how many needs the account's simulator is asked about.
const maxSimulated = 50

// maxProblems are told of a proof; more say nothing new.
const maxProblems = 5

func (o *proofOp) Evidence() string { return o.told }

func (o *proofOp) Done(ctx context.Context) (bool, error) {
	r, err := o.role(ctx, o.p.Role)
	if err != nil {
		return false, err
	}
	if r == nil {
		return false, fmt.Errorf("the role %s is gone: %w", o.p.Role, ErrStale)
	}
	document, err := o.inline(ctx, o.p.Role, policyName)
	if err != nil {
		return false, err
	}
	permissions, err := access.ReadPolicy([]byte(document))
	if err != nil {
		return false, err
	}
	trust, err := access.ReadPolicy([]byte(plain(aws.ToString(r.AssumeRolePolicyDocument))))
	if err != nil {
		return false, err
	}
	proof, err := o.p.Account.Prove(o.p.identity(), o.p.Needs, permissions, trust)
	if err != nil {
		return false, err
	}
	if n := len(proof.Problems); n > 0 {
		var list []string
		for _, p := range proof.Problems[:min(n, maxProblems)] {
			list = append(list, p.String())
		}
		return false, fmt.Errorf("%d problems, of which the first: %s", n, strings.Join(list, "; "))
	}
	simulated, err := o.simulate(ctx, document)
	if err != nil {
		return false, err
	}
	grown, err := o.grown(ctx, document)
	if err != nil {
		return false, err
	}
	o.told = fmt.Sprintf("sufficient and least: %d requests asked of %d policies, %d variants with one thing less; %s; %s", proof.Requests, proof.Policies, proof.Variants, simulated, grown)
	return true, nil
}

// Do is never called: Done tells what is, or fails.
func (o *proofOp) Do(context.Context) error   { return errors.New("the policies are not proven") }
func (o *proofOp) Undo(context.Context) error { return nil }

// simulate asks IAM's own simulator whether each need is allowed.
func (o *proofOp) simulate(ctx context.Context, document string) (words string, err error) {
	needs := o.p.Needs[:min(len(o.p.Needs), maxSimulated)]
	for _, n := range needs {
		in := &iam.SimulateCustomPolicyInput{PolicyInputList: []string{document}, ActionNames: []string{n.Action}, ResourceArns: []string{n.Resource}}
		for _, k := range slices.Sorted(maps.Keys(n.Context)) {
			in.ContextEntries = append(in.ContextEntries, types.ContextEntry{ContextKeyName: &k, ContextKeyType: types.ContextKeyTypeEnumString, ContextKeyValues: []string{n.Context[k]}})
		}
		out, err := ask(ctx, o.Tools, func() (*iam.SimulateCustomPolicyOutput, error) { return o.iam.SimulateCustomPolicy(ctx, in) })
		if words, err := absent(ctx, "IAM's simulator", "iam:SimulateCustomPolicy", err); err != nil || words != "" {
			return words, err
		}
		for _, r := range out.EvaluationResults {
			if r.EvalDecision != types.PolicyEvaluationDecisionTypeAllowed {
				return "", fmt.Errorf("IAM's simulator answers %s to %s on %s", r.EvalDecision, n.Action, n.Resource)
			}
		}
	}
	words = fmt.Sprintf("IAM's simulator allows all %d needs", len(needs))
	if more := len(o.p.Needs) - len(needs); more > 0 {
		words += fmt.Sprintf(" that it was asked for, and was not asked for %d more", more)
	}
	return words, nil
}

// absent turns what the account does not answer into words; the end of ctx stays an
// error.
func absent(ctx context.Context, who, action string, err error) (string, error) {
	switch {
	case err == nil:
		return "", nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case denied(err):
		return who + " was not asked: a policy has to allow " + action, nil
	}
	return who + " did not answer (" + codeOf(err) + ")", nil
}

// grown asks IAM Access Analyzer whether the role may do what the key's user may not.
// That is no mistake where the needs were declared: a program that reads a store now
// did not before. So it is told, and for people to judge.
func (o *proofOp) grown(ctx context.Context, document string) (string, error) {
	const action = "access-analyzer:CheckNoNewAccess"
	before, err := o.ofUser(ctx)
	if words, err := absent(ctx, "IAM Access Analyzer", "iam:ListUserPolicies and what reads policies", err); err != nil || words != "" {
		return words, err
	}
	if before == "" {
		return "the user has no policy to compare with", nil
	}
	out, err := ask(ctx, o.Tools, func() (*accessanalyzer.CheckNoNewAccessOutput, error) {
		return o.analyzer.CheckNoNewAccess(ctx, &accessanalyzer.CheckNoNewAccessInput{
			ExistingPolicyDocument: &before, NewPolicyDocument: &document, PolicyType: aatypes.AccessCheckPolicyTypeIdentityPolicy,
		})
	})
	if words, err := absent(ctx, "IAM Access Analyzer", action, err); err != nil || words != "" {
		return words, err
	}
	if out.Result == aatypes.CheckNoNewAccessResultPass {
		return "nothing that the key's user could not do (IAM Access Analyzer)", nil
	}
	words := "IAM Access Analyzer says that the role may do what the key's user may not: " + aws.ToString(out.Message)
	o.say("%s", words)
	return words, nil
}

// ofUser is all that the key's user may do, as one document; "" for nothing.
func (o *proofOp) ofUser(ctx context.Context) (string, error) {
	var documents []string
	add := func(text *string) { documents = append(documents, plain(aws.ToString(text))) }
	user := &o.p.User
	own, err := ask(ctx, o.Tools, func() (*iam.ListUserPoliciesOutput, error) {
		return o.iam.ListUserPolicies(ctx, &iam.ListUserPoliciesInput{UserName: user})
	})
	if err != nil {
		return "", err
	}
	for _, name := range own.PolicyNames {
		out, err := ask(ctx, o.Tools, func() (*iam.GetUserPolicyOutput, error) {
			return o.iam.GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: user, PolicyName: &name})
		})
		if err != nil {
			return "", err
		}
		add(out.PolicyDocument)
	}
	attached, err := ask(ctx, o.Tools, func() (*iam.ListAttachedUserPoliciesOutput, error) {
		return o.iam.ListAttachedUserPolicies(ctx, &iam.ListAttachedUserPoliciesInput{UserName: user})
	})
	if err != nil {
		return "", err
	}
	for _, a := range attached.AttachedPolicies {
		text, err := o.managedDocument(ctx, a.PolicyArn)
		if err != nil {
			return "", err
		}
		add(text)
	}
	groups, err := o.ofGroups(ctx)
	if err != nil {
		return "", err
	}
	return merged(append(documents, groups...))
}

func (o *proofOp) ofGroups(ctx context.Context) (documents []string, err error) {
	groups, err := ask(ctx, o.Tools, func() (*iam.ListGroupsForUserOutput, error) {
		return o.iam.ListGroupsForUser(ctx, &iam.ListGroupsForUserInput{UserName: &o.p.User})
	})
	if err != nil {
		return nil, err
	}
	for _, g := range groups.Groups {
		own, err := ask(ctx, o.Tools, func() (*iam.ListGroupPoliciesOutput, error) {
			return o.iam.ListGroupPolicies(ctx, &iam.ListGroupPoliciesInput{GroupName: g.GroupName})
		})
		if err != nil {
			return nil, err
		}
		for _, name := range own.PolicyNames {
			out, err := ask(ctx, o.Tools, func() (*iam.GetGroupPolicyOutput, error) {
				return o.iam.GetGroupPolicy(ctx, &iam.GetGroupPolicyInput{GroupName: g.GroupName, PolicyName: &name})
			})
			if err != nil {
				return nil, err
			}
			documents = append(documents, plain(aws.ToString(out.PolicyDocument)))
		}
		attached, err := ask(ctx, o.Tools, func() (*iam.ListAttachedGroupPoliciesOutput, error) {
			return o.iam.ListAttachedGroupPolicies(ctx, &iam.ListAttachedGroupPoliciesInput{GroupName: g.GroupName})
		})
		if err != nil {
			return nil, err
		}
		for _, a := range attached.AttachedPolicies {
			text, err := o.managedDocument(ctx, a.PolicyArn)
			if err != nil {
				return nil, err
			}
			documents = append(documents, plain(aws.ToString(text)))
		}
	}
	return documents, nil
}

// managedDocument is a managed policy's default version.
func (o *proofOp) managedDocument(ctx context.Context, arn *string) (*string, error) {
	p, err := ask(ctx, o.Tools, func() (*iam.GetPolicyOutput, error) {
		return o.iam.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: arn})
	})
	if err != nil {
		return nil, err
	}
	v, err := ask(ctx, o.Tools, func() (*iam.GetPolicyVersionOutput, error) {
		return o.iam.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: arn, VersionId: p.Policy.DefaultVersionId})
	})
	if err != nil {
		return nil, err
	}
	return v.PolicyVersion.Document, nil
}

// merged has the statements of several documents in one. Their Sids, which must differ
// within a document, go.
func merged(documents []string) (string, error) {
	var all []map[string]any
	for _, d := range documents {
		var one struct{ Statement json.RawMessage }
		if err := json.Unmarshal([]byte(d), &one); err != nil {
			return "", fmt.Errorf("read a policy of the user: %w", err)
		}
		var list []map[string]any
		if json.Unmarshal(one.Statement, &list) != nil {
			var single map[string]any
			if err := json.Unmarshal(one.Statement, &single); err != nil {
				return "", fmt.Errorf("read a policy of the user: %w", err)
			}
			list = append(list, single)
		}
		for _, s := range list {
			delete(s, "Sid")
			all = append(all, s)
		}
	}
	if len(all) == 0 {
		return "", nil
	}
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": all})
	return string(text), err
}
