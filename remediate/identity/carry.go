package identity

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// carried finds what the workload's role of before may do: the new one takes it over,
// so that nothing but the key goes.
func (c *cloud) carried(ctx context.Context, p *Plan) error {
	if p.Before.Role == "" {
		return nil
	}
	name := p.Before.Role[strings.LastIndexByte(p.Before.Role, '/')+1:]
	if name == p.Role {
		return fmt.Errorf("the %s has the role %s already: choose another name for the role", p.Workload, name)
	}
	r, err := c.role(ctx, name)
	if err != nil {
		return err
	}
	if r == nil {
		return fmt.Errorf("the %s has the role %s, which is not there", p.Workload, name)
	}
	p.Before.Boundary = boundary(r)
	if p.Before.Managed, err = c.managed(ctx, name); err != nil {
		return err
	}
	pages := iam.NewListRolePoliciesPaginator(c.iam, &iam.ListRolePoliciesInput{RoleName: &name})
	for pages.HasMorePages() {
		page, err := ask(ctx, c.Tools, func() (*iam.ListRolePoliciesOutput, error) { return pages.NextPage(ctx) })
		if err != nil {
			return fmt.Errorf("list the policies of the role %s (iam:ListRolePolicies): %w", name, err)
		}
		for _, policy := range page.PolicyNames {
			text, err := c.inline(ctx, name, policy)
			if err != nil {
				return err
			}
			if policy == policyName {
				return fmt.Errorf("the role %s was made by an earlier run of oakum, and has a policy %s: change that run's needs", name, policyName)
			}
			if p.Before.Inline == nil {
				p.Before.Inline = map[string]string{}
			}
			p.Before.Inline[policy] = text
		}
	}
	return nil
}

// managed lists the ARNs of the policies that are attached to a role, sorted.
func (c *cloud) managed(ctx context.Context, role string) (arns []string, err error) {
	pages := iam.NewListAttachedRolePoliciesPaginator(c.iam, &iam.ListAttachedRolePoliciesInput{RoleName: &role})
	for pages.HasMorePages() {
		page, err := ask(ctx, c.Tools, func() (*iam.ListAttachedRolePoliciesOutput, error) { return pages.NextPage(ctx) })
		if is(err, "NoSuchEntity") {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list the policies of the role %s (iam:ListAttachedRolePolicies): %w", role, err)
		}
		for _, policy := range page.AttachedPolicies {
			arns = append(arns, aws.ToString(policy.PolicyArn))
		}
	}
	slices.Sort(arns)
	return arns, nil
}

// carryOp gives the new role what the one of before has.
type carryOp struct {
	*cloud
	p *Plan
}

func (o *carryOp) Done(ctx context.Context) (bool, error) {
	have, err := o.managed(ctx, o.p.Role)
	if err != nil {
		return false, err
	}
	all := true
	for _, arn := range o.p.Before.Managed {
		all = all && slices.Contains(have, arn)
	}
	for _, name := range slices.Sorted(maps.Keys(o.p.Before.Inline)) {
		there, err := o.inlineIs(ctx, o.p.Role, name, o.p.Before.Inline[name])
		if err != nil {
			return false, err
		}
		all = all && there
	}
	return all, nil
}

// Do attaches, which twice is once.
func (o *carryOp) Do(ctx context.Context) error {
	for _, arn := range o.p.Before.Managed {
		_, err := ask(ctx, o.Tools, func() (*iam.AttachRolePolicyOutput, error) {
			return o.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &o.p.Role, PolicyArn: &arn})
		})
		if err != nil {
			return fmt.Errorf("attach %s: %w", arn, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.p.Before.Inline)) {
		if err := o.putInline(ctx, o.p.Role, name, o.p.Before.Inline[name]); err != nil {
			return fmt.Errorf("write the policy %s: %w", name, err)
		}
	}
	return nil
}

func (o *carryOp) Undo(ctx context.Context) error {
	r, err := o.role(ctx, o.p.Role)
	if r == nil || err != nil || !taggedBy(r.Tags, o.p.op("role")) {
		return err
	}
	for _, arn := range o.p.Before.Managed {
		_, err := ask(ctx, o.Tools, func() (*iam.DetachRolePolicyOutput, error) {
			return o.iam.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &o.p.Role, PolicyArn: &arn})
		})
		if err != nil && !is(err, "NoSuchEntity") {
			return fmt.Errorf("detach %s: %w", arn, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.p.Before.Inline)) {
		if err := o.dropInline(ctx, o.p, name, o.p.Before.Inline[name]); err != nil {
			return err
		}
	}
	return nil
}
