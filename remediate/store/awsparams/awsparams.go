// Package awsparams keeps secrets in AWS Systems Manager Parameter Store, as parameters
// of the type SecureString
// (https://docs.aws.amazon.com/systems-manager/latest/APIReference/).
//
// A name is created once (Overwrite=false), with its tags in the same call.
//
// Its limits: a value that stands there can be overwritten, but not compared in the same
// call, so two writers that replace one parameter at the same instant can pass each
// other. A parameter's name is free again 30 seconds after its deletion.
package awsparams

import (
	"context"
	"net/url"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/internal/awscall"
	"github.com/oakum-sec/oakum/remediate/store"
)

// Parameter Store's bounds in bytes
// (https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html).
// Advanced parameters cost money, and cannot become standard ones again.
const (
	maxStandard = 4096
	maxAdvanced = 8192
	maxName     = 900 // of 1011 for the whole ARN
)

// Options are a Driver's settings.
type Options struct {
	KMSKey   string // "" is the account's aws/ssm
	Advanced bool   // takes the tier of 8 KB
}

// Driver reaches one account in one region.
type Driver struct {
	api     *ssm.Client
	opt     Options
	account *awscall.Account
}

// Open opens awsparams://?region=…&profile=…&role=ARN&kms-key=ALIAS&tier=advanced.
func Open(ctx context.Context, target *url.URL, _ func(string) string) (store.Driver, error) {
	query := target.Query()
	cfg, err := awscall.Load(ctx, query)
	if err != nil {
		return nil, err
	}
	return New(cfg, Options{KMSKey: query.Get("kms-key"), Advanced: query.Get("tier") == "advanced"}), nil
}

// New is the driver of what cfg reaches.
func New(cfg aws.Config, opt Options) *Driver {
	return &Driver{api: ssm.NewFromConfig(cfg), opt: opt, account: awscall.In(cfg)}
}

func (d *Driver) Describe(ctx context.Context) (store.Description, error) {
	identity, err := d.account.Identity(ctx)
	if err != nil {
		return store.Description{}, err
	}
	most := maxStandard
	if d.opt.Advanced {
		most = maxAdvanced
	}
	return store.Description{
		Kind: "awsparams", Identity: identity,
		Ref: store.Ref{Prefix: "ref+awsssm://", Query: "?region=" + url.QueryEscape(d.account.Region)},
		// At most 15 levels; "aws" and "ssm" begin Amazon's own.
		Names:    store.Names{Pattern: `(/[A-Za-z0-9_.-]+){1,15}`, Max: maxName, Join: "/", Lead: "/"},
		MaxValue: most, Text: true,
	}, nil
}

// Stat reads the parameter without decrypting it: an identity that may not use its key
// can look.
func (d *Driver) Stat(ctx context.Context, name string) (store.Entry, error) {
	e, _, err := d.get(ctx, name, false)
	return e, err
}

func (d *Driver) Read(ctx context.Context, name, version string) (store.Entry, leak.Secret, error) {
	at := name
	if version != "" {
		at += ":" + version
	}
	e, text, err := d.get(ctx, at, true)
	if err != nil {
		return store.Entry{}, leak.Secret{}, err
	}
	e.Name = name
	return e, leak.NewSecret([]byte(text)), nil
}

func (d *Driver) get(ctx context.Context, name string, decrypt bool) (store.Entry, string, error) {
	out, err := d.api.GetParameter(ctx, &ssm.GetParameterInput{Name: &name, WithDecryption: &decrypt})
	if err != nil {
		return store.Entry{}, "", awscall.Failed(err)
	}
	p := out.Parameter
	list, err := d.api.ListTagsForResource(ctx, &ssm.ListTagsForResourceInput{ResourceType: types.ResourceTypeForTaggingParameter, ResourceId: p.Name})
	if err != nil {
		return store.Entry{}, "", awscall.Failed(err)
	}
	e := store.Entry{Name: aws.ToString(p.Name), Version: strconv.FormatInt(p.Version, 10), Tags: map[string]string{}}
	for _, t := range list.TagList {
		e.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return e, aws.ToString(p.Value), nil
}

func (d *Driver) Write(ctx context.Context, w store.Write) (string, error) {
	if w.Pending {
		return "", store.Failf(store.Unsupported, "a version cannot wait in this store")
	}
	text := store.Plain(w.Value)
	in := &ssm.PutParameterInput{Name: &w.Name, Value: &text, Type: types.ParameterTypeSecureString, Tier: types.ParameterTierStandard}
	if d.opt.KMSKey != "" {
		in.KeyId = &d.opt.KMSKey
	}
	if d.opt.Advanced {
		in.Tier = types.ParameterTierAdvanced
	}
	if w.From == "" {
		in.Overwrite, in.Tags = aws.Bool(false), tags(w.Tags)
		in.Description = aws.String("Moved here by oakum from where it was hardcoded")
	} else if err := d.replaces(ctx, w, in); err != nil {
		return "", err
	}
	out, err := d.api.PutParameter(ctx, in)
	if err != nil {
		return "", awscall.Failed(err)
	}
	return strconv.FormatInt(out.Version, 10), nil
}

// replaces looks whether From is current, and puts the tags on, which AWS does not take
// together with another value.
func (d *Driver) replaces(ctx context.Context, w store.Write, in *ssm.PutParameterInput) error {
	e, err := d.Stat(ctx, w.Name)
	if err != nil {
		return err
	}
	if e.Version != w.From {
		return store.Failf(store.Conflict, "version %s is current", e.Version)
	}
	in.Overwrite = aws.Bool(true)
	_, err = d.api.AddTagsToResource(ctx, &ssm.AddTagsToResourceInput{ResourceType: types.ResourceTypeForTaggingParameter, ResourceId: &w.Name, Tags: tags(w.Tags)})
	return awscall.Failed(err)
}

func (d *Driver) Delete(ctx context.Context, name, version string) error {
	e, err := d.Stat(ctx, name)
	if err != nil {
		return err
	}
	if e.Version != version {
		return store.Failf(store.Conflict, "version %s is current", e.Version)
	}
	_, err = d.api.DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: &name})
	return awscall.Failed(err)
}

func tags(all map[string]string) []types.Tag {
	var out []types.Tag
	for k, v := range all {
		out = append(out, types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	return out
}
