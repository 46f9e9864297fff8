// Package awssecrets keeps secrets in AWS Secrets Manager
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/).
//
// What makes it safe is Secrets Manager's own: a name is created once, with its tags in
// the same call; an operation's id is the ClientRequestToken, which is the version's id
// and makes a second try of it the first; and AWSCURRENT moves from the version that
// must hold it to the new one in a single call that fails where another one holds it. A
// version that is written waits as AWSPENDING until then.
//
// Its limits: a removed secret can be restored for seven days, and its name is taken as
// long. A secret that AWS rotates, or that another service owns, is not replaced.
package awssecrets

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/internal/awscall"
	"github.com/oakum-sec/oakum/remediate/store"
)

// Secrets Manager's bounds (https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html),
// and the days for which a removed secret can be restored, the fewest it takes.
const (
	maxValue     = 65536
	maxName      = 512
	recoveryDays = 7
)

// The stages that AWS gives a meaning to.
const (
	current = "AWSCURRENT"
	pending = "AWSPENDING"
)

// Driver reaches one account in one region.
type Driver struct {
	api     *sm.Client
	opt     Options
	account *awscall.Account
}

// Options are a Driver's settings.
type Options struct {
	// KMSKey encrypts what is created: an id, ARN or alias. "" is the account's
	// aws/secretsmanager, which other accounts cannot use.
	KMSKey string
	// Replicas are regions that what is created is copied to.
	Replicas []string
}

// Open opens awssecrets://?region=…&profile=…&role=ARN&kms-key=ALIAS&replicas=a,b.
func Open(ctx context.Context, target *url.URL, _ func(string) string) (store.Driver, error) {
	query := target.Query()
	cfg, err := awscall.Load(ctx, query)
	if err != nil {
		return nil, err
	}
	opt := Options{KMSKey: query.Get("kms-key")}
	if r := query.Get("replicas"); r != "" {
		opt.Replicas = strings.Split(r, ",")
	}
	return New(cfg, opt), nil
}

// New is the driver of what cfg reaches.
func New(cfg aws.Config, opt Options) *Driver {
	return &Driver{api: sm.NewFromConfig(cfg), opt: opt, account: awscall.In(cfg)}
}

func (d *Driver) Describe(ctx context.Context) (store.Description, error) {
	identity, err := d.account.Identity(ctx)
	if err != nil {
		return store.Description{}, err
	}
	return store.Description{
		Kind: "awssecrets", Identity: identity,
		Ref:   store.Ref{Prefix: "ref+awssecrets://", Query: "?region=" + url.QueryEscape(d.account.Region)},
		Names: store.Names{Pattern: `[A-Za-z0-9_+=.@-][A-Za-z0-9/_+=.@-]*`, Max: maxName, Join: "/"}, MaxValue: maxValue, Atomic: true, Lingers: true,
	}, nil
}

func (d *Driver) Stat(ctx context.Context, name string) (store.Entry, error) {
	e, _, err := d.look(ctx, name)
	return e, err
}

// look is what Secrets Manager tells of a secret without its value.
func (d *Driver) look(ctx context.Context, name string) (store.Entry, *sm.DescribeSecretOutput, error) {
	out, err := d.api.DescribeSecret(ctx, &sm.DescribeSecretInput{SecretId: &name})
	if err != nil {
		return store.Entry{}, nil, awscall.Failed(err)
	}
	e := store.Entry{Name: name, Full: aws.ToString(out.ARN), Tags: map[string]string{}}
	for _, t := range out.Tags {
		e.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	for version, stages := range out.VersionIdsToStages {
		if slices.Contains(stages, current) {
			e.Version = version
		}
		if slices.Contains(stages, pending) && !slices.Contains(stages, current) {
			e.Pending = version
		}
	}
	if out.DeletedDate != nil {
		e.State = store.Deleted
	}
	return e, out, nil
}

func (d *Driver) Read(ctx context.Context, name, version string) (store.Entry, leak.Secret, error) {
	e, _, err := d.look(ctx, name)
	if err != nil {
		return store.Entry{}, leak.Secret{}, err
	}
	if e.State == store.Deleted {
		return store.Entry{}, leak.Secret{}, store.Failf(store.GoneName, "it is scheduled for deletion; aws secretsmanager restore-secret brings it back")
	}
	in := &sm.GetSecretValueInput{SecretId: &name, VersionStage: aws.String(current)}
	if version != "" {
		in = &sm.GetSecretValueInput{SecretId: &name, VersionId: &version}
	}
	out, err := d.api.GetSecretValue(ctx, in)
	if err != nil {
		return store.Entry{}, leak.Secret{}, awscall.Failed(err)
	}
	e.Version = aws.ToString(out.VersionId)
	if out.SecretString != nil {
		return e, leak.NewSecret([]byte(*out.SecretString)), nil
	}
	return e, leak.NewSecret(out.SecretBinary), nil
}

func (d *Driver) Write(ctx context.Context, w store.Write) (string, error) {
	if w.From == "" {
		return d.create(ctx, w)
	}
	if err := d.mayReplace(ctx, w); err != nil {
		return "", err
	}
	if _, err := d.api.TagResource(ctx, &sm.TagResourceInput{SecretId: &w.Name, Tags: tags(w.Tags)}); err != nil {
		return "", awscall.Failed(err)
	}
	in := &sm.PutSecretValueInput{SecretId: &w.Name, ClientRequestToken: &w.Token, VersionStages: []string{pending}}
	in.SecretString, in.SecretBinary = forms(w.Value)
	out, err := d.api.PutSecretValue(ctx, in)
	if err != nil {
		return "", awscall.Failed(err)
	}
	version := aws.ToString(out.VersionId)
	if w.Pending {
		return version, nil
	}
	return version, d.Promote(ctx, w.Name, version, w.From)
}

func (d *Driver) create(ctx context.Context, w store.Write) (string, error) {
	in := &sm.CreateSecretInput{Name: &w.Name, ClientRequestToken: &w.Token, Tags: tags(w.Tags), Description: aws.String("Moved here by oakum from where it was hardcoded")}
	in.SecretString, in.SecretBinary = forms(w.Value)
	if d.opt.KMSKey != "" {
		in.KmsKeyId = &d.opt.KMSKey
	}
	for _, region := range d.opt.Replicas {
		in.AddReplicaRegions = append(in.AddReplicaRegions, types.ReplicaRegionType{Region: aws.String(strings.TrimSpace(region))})
	}
	out, err := d.api.CreateSecret(ctx, in)
	if err != nil {
		if strings.Contains(err.Error(), "scheduled for deletion") { // an InvalidRequestException like others
			return "", store.Fail(store.GoneName, err)
		}
		return "", awscall.Failed(err)
	}
	return aws.ToString(out.VersionId), nil
}

// mayReplace looks whether From is current, and whether anybody else is about to
// change the secret.
func (d *Driver) mayReplace(ctx context.Context, w store.Write) error {
	e, out, err := d.look(ctx, w.Name)
	switch {
	case err != nil:
		return err
	case e.State == store.Deleted:
		return store.Failf(store.GoneName, "it is scheduled for deletion")
	case e.Version != w.From:
		return store.Failf(store.Conflict, "version %s is current", e.Version)
	case e.Pending != "" && e.Pending != w.Token:
		return store.Failf(store.Conflict, "version %s waits as AWSPENDING: a rotation is going on", e.Pending)
	case aws.ToString(out.OwningService) != "":
		return store.Failf(store.Conflict, "%s owns it and rotates it", *out.OwningService)
	}
	return nil
}

// Promote moves AWSCURRENT, by a call that fails where another version than from has
// it, and then takes AWSPENDING off, which would block AWS's own rotation.
func (d *Driver) Promote(ctx context.Context, name, version, from string) error {
	e, out, err := d.look(ctx, name)
	if err != nil {
		return err
	}
	if e.Version != version {
		if e.Version != from {
			return store.Failf(store.Conflict, "version %s is current", e.Version)
		}
		if _, err := d.api.UpdateSecretVersionStage(ctx, &sm.UpdateSecretVersionStageInput{SecretId: &name, VersionStage: aws.String(current),
			MoveToVersionId: &version, RemoveFromVersionId: &from}); err != nil {
			return moved(err)
		}
	}
	return d.unstage(ctx, out, version)
}

// Abandon takes AWSPENDING off a version. Secrets Manager drops versions without a
// stage by itself.
func (d *Driver) Abandon(ctx context.Context, name, version string) error {
	e, out, err := d.look(ctx, name)
	if err != nil || e.Pending != version {
		return err
	}
	return d.unstage(ctx, out, version)
}

// unstage takes AWSPENDING off a version, if it is there.
func (d *Driver) unstage(ctx context.Context, out *sm.DescribeSecretOutput, version string) error {
	if !slices.Contains(out.VersionIdsToStages[version], pending) {
		return nil
	}
	_, err := d.api.UpdateSecretVersionStage(ctx, &sm.UpdateSecretVersionStageInput{SecretId: out.ARN, VersionStage: aws.String(pending), RemoveFromVersionId: &version})
	return awscall.Failed(err)
}

// moved is the error of moving AWSCURRENT: where another version has it, AWS calls the
// parameter invalid.
func moved(err error) error {
	if failed := awscall.Failed(err); store.CodeOf(failed) != store.InvalidArgument {
		return failed
	}
	return store.Fail(store.Conflict, err)
}

func (d *Driver) Delete(ctx context.Context, name, version string) error {
	e, err := d.Stat(ctx, name)
	if err != nil {
		return err
	}
	if e.State == store.Deleted {
		return nil
	}
	if e.Version != version {
		return store.Failf(store.Conflict, "version %s is current", e.Version)
	}
	_, err = d.api.DeleteSecret(ctx, &sm.DeleteSecretInput{SecretId: &name, RecoveryWindowInDays: aws.Int64(recoveryDays)})
	return awscall.Failed(err)
}

func tags(all map[string]string) []types.Tag {
	var out []types.Tag
	for k, v := range all {
		out = append(out, types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	return out
}

// forms is a value as Secrets Manager takes it: text as text, which consoles and other
// services read, anything else as bytes.
func forms(value leak.Secret) (text *string, binary []byte) {
	plain := store.Plain(value)
	if store.IsText(value) {
		return &plain, nil
	}
	return nil, []byte(plain)
}
