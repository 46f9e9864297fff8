package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/oakum-sec/oakum/remediate/access"
)

// tagOp names what made a thing: how a later try knows its own. tagRun names the run.
const (
	tagOp  = "oakum-op"
	tagRun = "oakum-run"
)

// policyName is our inline policy's in the role.
const policyName = "oakum-needs"

// ErrStale is in the error about a world that moved; the error names what.
var ErrStale = errors.New("somebody changed it meanwhile")

// ErrForeign is in the error about what is there under our name, and not ours.
var ErrForeign = errors.New("it is there already, and this run did not make it")

func iamTags(op, run string) []types.Tag {
	return []types.Tag{{Key: aws.String(tagOp), Value: &op}, {Key: aws.String(tagRun), Value: &run}}
}

func taggedBy(tags []types.Tag, op string) bool {
	for _, t := range tags {
		if aws.ToString(t.Key) == tagOp {
			return aws.ToString(t.Value) == op
		}
	}
	return false
}

// roleOp has the role be there, with its trust policy.
type roleOp struct {
	*cloud
	p *Plan
}

func (o *roleOp) op() string { return o.p.op("role") }

// role is nil where there is none.
func (c *cloud) role(ctx context.Context, name string) (*types.Role, error) {
	out, err := ask(ctx, c.Tools, func() (*iam.GetRoleOutput, error) {
		return c.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	})
	switch {
	case is(err, "NoSuchEntity"):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("look for the role %s (iam:GetRole): %w", name, err)
	}
	return out.Role, nil
}

func (o *roleOp) Done(ctx context.Context) (bool, error) {
	r, err := o.role(ctx, o.p.Role)
	if r == nil || err != nil {
		return false, err
	}
	if !taggedBy(r.Tags, o.op()) {
		return false, fmt.Errorf("the role %s: %w: choose another name for the role, or take that role away", o.p.Role, ErrForeign)
	}
	trust, err := o.trust()
	if err != nil {
		return false, err
	}
	if !sameDocument(aws.ToString(r.AssumeRolePolicyDocument), trust) {
		return false, fmt.Errorf("the trust policy of the role %s: %w", o.p.Role, ErrStale)
	}
	if boundary(r) != o.p.Before.Boundary {
		return false, fmt.Errorf("the permissions boundary of the role %s: %w", o.p.Role, ErrStale)
	}
	return true, nil
}

// boundary is what bounds a role, "" where nothing does.
func boundary(r *types.Role) string {
	if r.PermissionsBoundary == nil {
		return ""
	}
	return aws.ToString(r.PermissionsBoundary.PermissionsBoundaryArn)
}

func (o *roleOp) trust() (string, error) {
	p, err := o.p.Account.Trust(o.p.identity())
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(p)
	return string(text), err
}

func (o *roleOp) Do(ctx context.Context) error {
	trust, err := o.trust()
	if err != nil {
		return err
	}
	in := &iam.CreateRoleInput{
		RoleName: &o.p.Role, AssumeRolePolicyDocument: &trust, Tags: iamTags(o.op(), o.p.Run),
		Description: aws.String("in the place of an access key of " + o.p.User + ", for the " + o.p.Workload.String()),
	}
	if o.p.Before.Boundary != "" {
		in.PermissionsBoundary = &o.p.Before.Boundary
	}
	_, err = ask(ctx, o.Tools, func() (*iam.CreateRoleOutput, error) { return o.iam.CreateRole(ctx, in) })
	if is(err, "EntityAlreadyExists") { // by an earlier try whose reply was lost, or by others: the next look tells
		return nil
	}
	return err
}

func (o *roleOp) Undo(ctx context.Context) error {
	r, err := o.role(ctx, o.p.Role)
	if r == nil || err != nil || !taggedBy(r.Tags, o.op()) {
		return err
	}
	_, err = ask(ctx, o.Tools, func() (*iam.DeleteRoleOutput, error) {
		return o.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &o.p.Role})
	})
	switch {
	case is(err, "NoSuchEntity"):
		return nil
	case is(err, "DeleteConflict"):
		return fmt.Errorf("the role %s holds policies, or stands in instance profiles, that this run did not put there: %w; the role stays", o.p.Role, ErrStale)
	}
	return err
}

// policyOp has the role allow what is needed, by one inline policy.
type policyOp struct {
	*cloud
	p *Plan
}

func (o *policyOp) Done(ctx context.Context) (bool, error) {
	want, err := o.document()
	if err != nil {
		return false, err
	}
	return o.inlineIs(ctx, o.p.Role, policyName, want)
}

func (o *policyOp) document() (string, error) {
	text, err := json.Marshal(access.Allow(o.p.Needs))
	if n := countInk(string(text)); err == nil && n > maxInline {
		err = fmt.Errorf("the policy has %d characters, more than the %d that a role takes inline: split what the workload does", n, maxInline)
	}
	return string(text), err
}

func countInk(text string) (n int) {
	for _, r := range text {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}

func (o *policyOp) Do(ctx context.Context) error {
	want, err := o.document()
	if err != nil {
		return err
	}
	return o.putInline(ctx, o.p.Role, policyName, want)
}

func (o *policyOp) Undo(ctx context.Context) error {
	want, err := o.document()
	if err != nil {
		return err
	}
	return o.dropInline(ctx, o.p, policyName, want)
}

// inline is a role's policy of a name, "" where there is none.
func (c *cloud) inline(ctx context.Context, role, name string) (string, error) {
	out, err := ask(ctx, c.Tools, func() (*iam.GetRolePolicyOutput, error) {
		return c.iam.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &role, PolicyName: &name})
	})
	switch {
	case is(err, "NoSuchEntity"):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("read the policy %s of the role %s (iam:GetRolePolicy): %w", name, role, err)
	}
	return plain(aws.ToString(out.PolicyDocument)), nil
}

// inlineIs tells whether a policy is as wanted; another one under its name is an error.
func (c *cloud) inlineIs(ctx context.Context, role, name, want string) (bool, error) {
	have, err := c.inline(ctx, role, name)
	if err != nil || have == "" {
		return false, err
	}
	if !sameDocument(have, want) {
		return false, fmt.Errorf("the policy %s of the role %s: %w", name, role, ErrStale)
	}
	return true, nil
}

func (c *cloud) putInline(ctx context.Context, role, name, document string) error {
	_, err := ask(ctx, c.Tools, func() (*iam.PutRolePolicyOutput, error) {
		return c.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &role, PolicyName: &name, PolicyDocument: &document})
	})
	return err
}

// dropInline removes a policy of the plan's role, as long as it is ours.
func (c *cloud) dropInline(ctx context.Context, p *Plan, name, want string) error {
	r, err := c.role(ctx, p.Role)
	if r == nil || err != nil || !taggedBy(r.Tags, p.op("role")) {
		return err
	}
	if there, err := c.inlineIs(ctx, p.Role, name, want); !there || err != nil {
		return err
	}
	_, err = ask(ctx, c.Tools, func() (*iam.DeleteRolePolicyOutput, error) {
		return c.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &p.Role, PolicyName: &name})
	})
	if is(err, "NoSuchEntity") {
		return nil
	}
	return err
}

// plain takes off the URL's encoding in which IAM answers documents (RFC 3986).
func plain(document string) string {
	if strings.HasPrefix(document, "%") {
		if text, err := url.PathUnescape(document); err == nil {
			return text
		}
	}
	return document
}

// sameDocument compares what two policies say, however they are written.
func sameDocument(a, b string) bool {
	var x, y any
	if json.Unmarshal([]byte(plain(a)), &x) != nil || json.Unmarshal([]byte(plain(b)), &y) != nil {
		return false
	}
	return reflect.DeepEqual(x, y)
}
