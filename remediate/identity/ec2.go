package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/oakum-sec/oakum/remediate/act"
)

// instance is an EC2 instance, which has a role by an instance profile.
type instance struct {
	*cloud
	p *Plan
}

// association is the instance's one that is, or will be; nil where there is none.
func (i *instance) association(ctx context.Context) (*types.IamInstanceProfileAssociation, error) {
	out, err := ask(ctx, i.Tools, func() (*ec2.DescribeIamInstanceProfileAssociationsOutput, error) {
		return i.ec2.DescribeIamInstanceProfileAssociations(ctx, &ec2.DescribeIamInstanceProfileAssociationsInput{Filters: []types.Filter{
			{Name: aws.String("instance-id"), Values: []string{i.p.Workload.EC2.Instance}}, {Name: aws.String("state"), Values: []string{"associating", "associated"}},
		}})
	})
	if err != nil {
		return nil, fmt.Errorf("look at the instance's profile (ec2:DescribeIamInstanceProfileAssociations): %w", err)
	}
	for _, a := range out.IamInstanceProfileAssociations {
		if a.IamInstanceProfile != nil {
			return &a, nil
		}
	}
	return nil, nil
}

func (i *instance) look(ctx context.Context) error {
	out, err := ask(ctx, i.Tools, func() (*ec2.DescribeInstancesOutput, error) {
		return i.ec2.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{i.p.Workload.EC2.Instance}})
	})
	if err != nil {
		return fmt.Errorf("describe the instance (ec2:DescribeInstances): %w", err)
	}
	for _, r := range out.Reservations {
		for _, one := range r.Instances {
			if one.State != nil && (one.State.Name == types.InstanceStateNameTerminated || one.State.Name == types.InstanceStateNameShuttingDown) {
				return fmt.Errorf("it is %s", one.State.Name)
			}
		}
	}
	a, err := i.association(ctx)
	if err != nil || a == nil {
		return err
	}
	i.p.Before.Profile = aws.ToString(a.IamInstanceProfile.Arn)
	profile, err := i.profile(ctx, lastPart(i.p.Before.Profile))
	if err != nil {
		return err
	}
	if profile != nil && len(profile.Roles) > 0 {
		i.p.Before.Role = aws.ToString(profile.Roles[0].Arn)
	}
	return nil
}

// profile is nil where there is none.
func (c *cloud) profile(ctx context.Context, name string) (*iamtypes.InstanceProfile, error) {
	out, err := ask(ctx, c.Tools, func() (*iam.GetInstanceProfileOutput, error) {
		return c.iam.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: &name})
	})
	if is(err, "NoSuchEntity") {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for the instance profile %s (iam:GetInstanceProfile): %w", name, err)
	}
	return out.InstanceProfile, nil
}

// profileOp has an instance profile of the role's name hold the role.
type profileOp struct {
	*cloud
	p *Plan
}

// mine is the profile, nil where there is none; one that is not ours is an error.
func (o *profileOp) mine(ctx context.Context) (*iamtypes.InstanceProfile, error) {
	have, err := o.profile(ctx, o.p.Role)
	if err != nil || have == nil {
		return nil, err
	}
	if !taggedBy(have.Tags, o.p.op("profile")) {
		return nil, fmt.Errorf("the instance profile %s: %w: choose another name for the role", o.p.Role, ErrForeign)
	}
	for _, r := range have.Roles {
		if aws.ToString(r.RoleName) != o.p.Role {
			return nil, fmt.Errorf("the instance profile %s has the role %s: %w", o.p.Role, aws.ToString(r.RoleName), ErrStale)
		}
	}
	return have, nil
}

func (o *profileOp) Done(ctx context.Context) (bool, error) {
	have, err := o.mine(ctx)
	return have != nil && len(have.Roles) == 1, err
}

func (o *profileOp) Do(ctx context.Context) error {
	have, err := o.mine(ctx)
	if err != nil {
		return err
	}
	if have == nil {
		_, err = ask(ctx, o.Tools, func() (*iam.CreateInstanceProfileOutput, error) {
			return o.iam.CreateInstanceProfile(ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: &o.p.Role, Tags: iamTags(o.p.op("profile"), o.p.Run)})
		})
		if err != nil && !is(err, "EntityAlreadyExists") {
			return err
		}
		if have, err = o.mine(ctx); err != nil {
			return err
		}
	}
	if have != nil && len(have.Roles) == 1 {
		return nil
	}
	_, err = ask(ctx, o.Tools, func() (*iam.AddRoleToInstanceProfileOutput, error) {
		return o.iam.AddRoleToInstanceProfile(ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: &o.p.Role, RoleName: &o.p.Role})
	})
	if is(err, "LimitExceeded") { // one role a profile: by an earlier try whose reply was lost; the next look tells
		return nil
	}
	return err
}

func (o *profileOp) Undo(ctx context.Context) error {
	have, err := o.mine(ctx)
	if errors.Is(err, ErrForeign) {
		return nil
	}
	if err != nil || have == nil {
		return err
	}
	if len(have.Roles) > 0 {
		_, err = ask(ctx, o.Tools, func() (*iam.RemoveRoleFromInstanceProfileOutput, error) {
			return o.iam.RemoveRoleFromInstanceProfile(ctx, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: &o.p.Role, RoleName: &o.p.Role})
		})
		if err != nil && !is(err, "NoSuchEntity") {
			return err
		}
	}
	_, err = ask(ctx, o.Tools, func() (*iam.DeleteInstanceProfileOutput, error) {
		return o.iam.DeleteInstanceProfile(ctx, &iam.DeleteInstanceProfileInput{InstanceProfileName: &o.p.Role})
	})
	if is(err, "NoSuchEntity") {
		return nil
	}
	return err
}

func (i *instance) attach() act.Op    { return &associationOp{i} }
func (i *instance) strip(*run) act.Op { return nil }

func (i *instance) words() words {
	w := words{
		attach: "associate the instance profile with the instance", attachUndo: "disassociate it",
		strip: "what the machine has in its files, its units and its user data is not reached from here: take " + list(i.p.Variables) + " and the profiles of ~/.aws/credentials out of it, and start the service again",
		probe: unset(i.p.Variables) + "AWS_SHARED_CREDENTIALS_FILE=/dev/null aws sts get-caller-identity    # on the machine, as the service's user",
		after: "aws sts get-caller-identity    # on the machine, as the service's user and in its environment",
		todo:  []string{"containers on the machine reach its role only with a hop limit of 2: `aws ec2 modify-instance-metadata-options --instance-id " + i.p.Workload.EC2.Instance + " --http-put-response-hop-limit 2 --http-tokens required`"},
	}
	if i.p.Before.Profile != "" {
		w.attach, w.attachUndo = "replace the instance profile "+lastPart(i.p.Before.Profile)+" of the instance", "replace it back"
	}
	return w
}

// associationOp has the instance have our profile.
type associationOp struct{ *instance }

// stands tells which profile the instance has: "" none, "before", or "ours".
func (o *associationOp) stands(ctx context.Context) (at string, a *types.IamInstanceProfileAssociation, err error) {
	if a, err = o.association(ctx); err != nil {
		return "", nil, err
	}
	if a == nil {
		return "", nil, nil
	}
	ours := "arn:" + o.p.Account.Partition + ":iam::" + o.p.Account.Account + ":instance-profile/" + o.p.Role
	switch arn := aws.ToString(a.IamInstanceProfile.Arn); arn {
	case ours:
		return "ours", a, nil
	case o.p.Before.Profile:
		return "before", a, nil
	default:
		return "", nil, fmt.Errorf("the instance has the profile %s: %w", lastPart(arn), ErrStale)
	}
}

func (o *associationOp) Done(ctx context.Context) (bool, error) {
	at, a, err := o.stands(ctx)
	return at == "ours" && a.State == types.IamInstanceProfileAssociationStateAssociated, err
}

func (o *associationOp) Do(ctx context.Context) error { return o.turn(ctx, o.p.Role) }

// turn has the instance have another profile, and waits until it has.
func (o *associationOp) turn(ctx context.Context, profile string) error {
	at, a, err := o.stands(ctx)
	switch spec := (&types.IamInstanceProfileSpecification{Name: &profile}); {
	case err != nil:
		return err
	case at == "" && o.p.Before.Profile != "":
		return fmt.Errorf("the instance has no profile any more: %w", ErrStale)
	case at == "":
		_, err = ask(ctx, o.Tools, func() (*ec2.AssociateIamInstanceProfileOutput, error) {
			return o.ec2.AssociateIamInstanceProfile(ctx, &ec2.AssociateIamInstanceProfileInput{IamInstanceProfile: spec, InstanceId: &o.p.Workload.EC2.Instance})
		})
		if is(err, "IncorrectState") { // it has one, by an earlier try whose reply was lost; the next look tells
			err = nil
		}
	case lastPart(aws.ToString(a.IamInstanceProfile.Arn)) != profile:
		_, err = ask(ctx, o.Tools, func() (*ec2.ReplaceIamInstanceProfileAssociationOutput, error) {
			now, a, err := o.stands(ctx) // a lost reply leaves an association of another id
			if err != nil || now != at {
				return nil, err
			}
			return o.ec2.ReplaceIamInstanceProfileAssociation(ctx, &ec2.ReplaceIamInstanceProfileAssociationInput{IamInstanceProfile: spec, AssociationId: a.AssociationId})
		})
	}
	if err != nil {
		return fmt.Errorf("give the instance the profile %s (ec2:AssociateIamInstanceProfile or ec2:ReplaceIamInstanceProfileAssociation, and iam:PassRole): %w", profile, err)
	}
	return o.await(ctx)
}

func (o *associationOp) await(ctx context.Context) error {
	for waited := time.Duration(0); waited < maxDeploy; waited += betweenLooks {
		a, err := o.association(ctx)
		if err != nil || a == nil || a.State == types.IamInstanceProfileAssociationStateAssociated {
			return err
		}
		if err := o.wait(ctx, betweenLooks, "EC2 is "+string(a.State)+" the profile"); err != nil {
			return err
		}
	}
	return errors.New("the profile is not associated yet: go on with apply later")
}

func (o *associationOp) Undo(ctx context.Context) error {
	if o.p.Before.Profile != "" {
		return o.turn(ctx, lastPart(o.p.Before.Profile))
	}
	at, a, err := o.stands(ctx)
	if err != nil || at != "ours" {
		return err
	}
	_, err = ask(ctx, o.Tools, func() (*ec2.DisassociateIamInstanceProfileOutput, error) {
		return o.ec2.DisassociateIamInstanceProfile(ctx, &ec2.DisassociateIamInstanceProfileInput{AssociationId: a.AssociationId})
	})
	if err != nil && strings.HasPrefix(codeOf(err), "InvalidAssociationID") {
		return nil
	}
	return err
}
