// Package awsiam rotates the access keys of IAM users.
//
// Its promises: never a third key is asked for, and none of two live ones is deleted;
// the key that oakum itself works with, root's, and those of other accounts are
// refused; a key that AWS made and nobody got hold of is found and removed; the old key
// is never used, so that AWS's last-used date is that of others.
//
// Its limits: AWS tells uses some hours late
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html),
// which is what the dwell is for. A role is better than a new key: package identity.
package awsiam

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/oakum-sec/oakum/remediate/internal/awscall"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/store"
)

// Kind is the rotator's in settings.
const Kind = "aws-iam-key"

// Settings are the rotator's own.
type Settings struct {
	User    string   `yaml:"user"`    // the IAM user whose key it is
	Regions []string `yaml:"regions"` // in which the new key is tried; by default the region that oakum works in
	Region  string   `yaml:"region"`
	Profile string   `yaml:"profile"` // of the administrator, in AWS's shared configuration
	Role    string   `yaml:"role"`    // for oakum to assume
	// DeleteInactive is a second key of the user's, inactive, that may be deleted to
	// make room: AWS allows two.
	DeleteInactive string `yaml:"delete_inactive"`

	retire bool // nothing is made, so no room is needed
}

// Rotator rotates the keys of one user.
type Rotator struct {
	set Settings
	cfg aws.Config
	iam *iam.Client
	sts *sts.Client
}

// New is the rotator that an entry of the settings asks for. It works as whoever AWS's
// standard chain says, or as the role.
func New(ctx context.Context, s rotate.Settings) (*Rotator, error) {
	var own Settings
	if err := s.Own(&own); err != nil {
		return nil, err
	}
	cfg, err := awscall.Load(ctx, url.Values{"region": {own.Region}, "profile": {own.Profile}, "role": {own.Role}})
	if err != nil {
		return nil, err
	}
	own.retire = s.Retire
	return With(cfg, own), nil
}

// With is the rotator that works through cfg.
func With(cfg aws.Config, own Settings) *Rotator {
	if len(own.Regions) == 0 {
		own.Regions = []string{cfg.Region}
	}
	return &Rotator{own, cfg, iam.NewFromConfig(cfg), sts.NewFromConfig(cfg)}
}

// Traits are the kind's.
func (r *Rotator) Traits() rotate.Traits {
	return rotate.Traits{
		Kind: Kind, Chooser: rotate.Provider, Parts: []string{rotate.AccessKeyID, rotate.SecretAccessKey}, Overlap: true, Reversible: true, SeesNew: true,
		Risk: "AWS allows a user two keys: nobody else can make one meanwhile. A new key needs some seconds until all regions know it",
	}
}

func (r *Rotator) Next(context.Context, rotate.Credential, string) (rotate.Credential, error) {
	return nil, fmt.Errorf("AWS makes access keys")
}

// id is a credential's access key id, which is no secret.
func id(c rotate.Credential) string { return store.Plain(c[rotate.AccessKeyID]) }

// keys are the user's, by id.
func (r *Rotator) keys(ctx context.Context) (map[string]types.StatusType, error) {
	out, err := r.iam.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: &r.set.User})
	if err != nil {
		return nil, told("list the keys of user "+r.set.User, err)
	}
	all := map[string]types.StatusType{}
	for _, k := range out.AccessKeyMetadata {
		all[aws.ToString(k.AccessKeyId)] = k.Status
	}
	return all, nil
}

// Status asks for the user's keys: using the old one would count as use.
func (r *Rotator) Status(ctx context.Context, old rotate.Credential) (rotate.Status, error) {
	all, err := r.keys(ctx)
	if err != nil {
		return rotate.Unknown, err
	}
	switch status, there := all[id(old)]; {
	case !there:
		return rotate.Gone, nil
	case status == types.StatusTypeActive:
		return rotate.Live, nil
	}
	return rotate.Inactive, nil
}

// Deactivate can be taken back.
func (r *Rotator) Deactivate(ctx context.Context, old, now rotate.Credential) error {
	if id(old) == id(now) {
		return fmt.Errorf("the old key %s is the new one: nothing is deactivated", id(old))
	}
	return r.activate(ctx, id(old), types.StatusTypeInactive)
}

// Reactivate takes Deactivate back.
func (r *Rotator) Reactivate(ctx context.Context, old rotate.Credential) error {
	return r.activate(ctx, id(old), types.StatusTypeActive)
}

func (r *Rotator) activate(ctx context.Context, key string, status types.StatusType) error {
	_, err := r.iam.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: &r.set.User, AccessKeyId: &key, Status: status})
	return told("make key "+key+" "+strings.ToLower(string(status)), err)
}

// Delete removes the old key, which must be inactive by then.
func (r *Rotator) Delete(ctx context.Context, old, now rotate.Credential) error {
	all, err := r.keys(ctx)
	if err != nil {
		return err
	}
	if id(old) == id(now) {
		return fmt.Errorf("the old key %s is the new one: nothing is deleted", id(old))
	}
	if all[id(old)] == types.StatusTypeActive {
		return fmt.Errorf("key %s is active: a live key is never deleted", id(old))
	}
	if err := r.remove(ctx, id(old)); err != nil {
		return err
	}
	return r.unmark(ctx)
}

// remove deletes a key; one that is gone is removed.
func (r *Rotator) remove(ctx context.Context, key string) error {
	_, err := r.iam.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: &r.set.User, AccessKeyId: &key})
	if isGone(err) {
		return nil
	}
	return told("delete key "+key, err)
}

// Withdraw removes the new key, or what an unanswered call made.
func (r *Rotator) Withdraw(ctx context.Context, p rotate.Provision) error {
	if len(p.New) == 0 {
		if err := r.sweep(ctx, p); err != nil {
			return err
		}
		return r.unmark(ctx)
	}
	all, err := r.keys(ctx)
	if err != nil {
		return err
	}
	if _, there := all[id(p.New)]; there && !slices.Contains(p.Subject.Before, id(p.New)) {
		if err := r.discard(ctx, id(p.New)); err != nil {
			return err
		}
	}
	return r.unmark(ctx)
}

// discard removes a key that nothing uses.
func (r *Rotator) discard(ctx context.Context, key string) error {
	if err := r.activate(ctx, key, types.StatusTypeInactive); err != nil {
		return err
	}
	return r.remove(ctx, key)
}
