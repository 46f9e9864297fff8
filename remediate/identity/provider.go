package identity

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// providerOp has IAM know who issues the tokens, and for whom they are.
type providerOp struct {
	*cloud
	p *Plan
}

// issuer is the address of who issues the identity's tokens, without https://, and
// their audience; "" where no tokens come in.
func (p *Plan) issuer() (provider, audience string) {
	i := p.identity()
	provider, audience, _ = i.Web()
	return provider, audience
}

func (o *providerOp) arn() string {
	provider, _ := o.p.issuer()
	return "arn:" + o.p.Account.Partition + ":iam::" + o.p.Account.Account + ":oidc-provider/" + provider
}

func (o *providerOp) get(ctx context.Context) (*iam.GetOpenIDConnectProviderOutput, error) {
	out, err := ask(ctx, o.Tools, func() (*iam.GetOpenIDConnectProviderOutput, error) {
		return o.iam.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(o.arn())})
	})
	if is(err, "NoSuchEntity") {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for the identity provider %s (iam:GetOpenIDConnectProvider): %w", o.arn(), err)
	}
	return out, nil
}

// Done takes a provider that others made, as long as our tokens are for it.
func (o *providerOp) Done(ctx context.Context) (bool, error) {
	have, err := o.get(ctx)
	if have == nil || err != nil {
		return false, err
	}
	if _, audience := o.p.issuer(); !slices.Contains(have.ClientIDList, audience) {
		return false, fmt.Errorf("the identity provider %s is there and does not take tokens for %s: `aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn %[1]s --client-id %[2]s`, if its owner agrees", o.arn(), audience)
	}
	return true, nil
}

// Do leaves the thumbprint to IAM, which fetches it (IAM API Reference,
// "CreateOpenIDConnectProvider").
func (o *providerOp) Do(ctx context.Context) error {
	provider, audience := o.p.issuer()
	_, err := ask(ctx, o.Tools, func() (*iam.CreateOpenIDConnectProviderOutput, error) {
		return o.iam.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{
			Url: aws.String("https://" + provider), ClientIDList: []string{audience}, Tags: iamTags(o.p.op("provider"), o.p.Run),
		})
	})
	if is(err, "EntityAlreadyExists") {
		return nil
	}
	return err
}

// Undo keeps a provider that another role's trust policy names by now.
func (o *providerOp) Undo(ctx context.Context) error {
	have, err := o.get(ctx)
	if have == nil || err != nil || !taggedBy(have.Tags, o.p.op("provider")) {
		return err
	}
	pages := iam.NewListRolesPaginator(o.iam, &iam.ListRolesInput{})
	for pages.HasMorePages() {
		page, err := ask(ctx, o.Tools, func() (*iam.ListRolesOutput, error) { return pages.NextPage(ctx) })
		if err != nil {
			return fmt.Errorf("look whether other roles need the identity provider (iam:ListRoles): %w", err)
		}
		for _, r := range page.Roles {
			if strings.Contains(plain(aws.ToString(r.AssumeRolePolicyDocument)), `"`+o.arn()+`"`) {
				o.say("the identity provider %s stays: the role %s needs it", o.arn(), aws.ToString(r.RoleName))
				return nil
			}
		}
	}
	_, err = ask(ctx, o.Tools, func() (*iam.DeleteOpenIDConnectProviderOutput, error) {
		return o.iam.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(o.arn())})
	})
	if is(err, "NoSuchEntity") {
		return nil
	}
	return err
}
