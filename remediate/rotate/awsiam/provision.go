package awsiam

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate"
)

// opTag is the user's tag that names the rotation under way. Access keys have no tags.
const opTag = "oakum-rotation"

// Provision has AWS make a key. A key of an earlier try, whose answer was lost with its
// secret, is removed first: nobody can ever use it.
func (r *Rotator) Provision(ctx context.Context, p rotate.Provision) (rotate.Credential, error) {
	if err := r.sweep(ctx, p); err != nil {
		return nil, err
	}
	if err := r.room(ctx, p); err != nil {
		return nil, err
	}
	if err := r.mark(ctx, p.Op); err != nil {
		return nil, err
	}
	out, err := r.iam.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &r.set.User})
	if err != nil {
		return nil, told("make a key for user "+r.set.User, err)
	}
	k := out.AccessKey
	return rotate.Credential{
		rotate.AccessKeyID:     leak.NewSecret([]byte(aws.ToString(k.AccessKeyId))),
		rotate.SecretAccessKey: leak.NewSecret([]byte(aws.ToString(k.SecretAccessKey))),
	}, nil
}

// sweep removes the keys that earlier tries of this rotation made. It takes a key for
// one only if it was not there when the order was made, the user has this rotation's
// tag, and the key was never used; another one is somebody's, and stays.
func (r *Rotator) sweep(ctx context.Context, p rotate.Provision) error {
	all, err := r.keys(ctx)
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if slices.Contains(p.Subject.Before, key) {
			continue
		}
		ours, err := r.ours(ctx, p.Op, key)
		if err != nil {
			return err
		}
		if !ours {
			return rotate.Refuse("find out whose it is, then roll back and order again", "user %s has a key, %s, that was not there when the order was made, and that this rotation did not make", r.set.User, key)
		}
		if err := r.discard(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rotator) ours(ctx context.Context, op, key string) (bool, error) {
	marked, err := r.marked(ctx)
	if err != nil || marked != op {
		return false, err
	}
	out, err := r.iam.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: &key})
	if err != nil {
		return false, told("ask when key "+key+" was used", err)
	}
	return out.AccessKeyLastUsed == nil || out.AccessKeyLastUsed.LastUsedDate == nil, nil
}

// room deletes the inactive key that the settings allow to be deleted.
func (r *Rotator) room(ctx context.Context, p rotate.Provision) error {
	spare := r.set.DeleteInactive
	if spare == "" || spare == id(p.Old) {
		return nil
	}
	all, err := r.keys(ctx)
	if err != nil {
		return err
	}
	switch status, there := all[spare]; {
	case !there:
		return nil
	case status == types.StatusTypeActive:
		return rotate.Refuse("deactivate it, and see that nothing misses it", "the settings say that %s may be deleted, and it is active", spare)
	}
	return r.remove(ctx, spare)
}

func (r *Rotator) mark(ctx context.Context, op string) error {
	marked, err := r.marked(ctx)
	switch {
	case err != nil || marked == op:
		return err
	case marked != "":
		return rotate.Refuse("end that one first, or remove the tag if it is long over", "the user %s is tagged as being rotated by %s", r.set.User, marked)
	}
	_, err = r.iam.TagUser(ctx, &iam.TagUserInput{UserName: &r.set.User, Tags: []types.Tag{{Key: aws.String(opTag), Value: &op}}})
	return told("tag user "+r.set.User, err)
}

func (r *Rotator) marked(ctx context.Context) (string, error) {
	out, err := r.iam.ListUserTags(ctx, &iam.ListUserTagsInput{UserName: &r.set.User})
	if err != nil {
		return "", told("read the tags of user "+r.set.User, err)
	}
	for _, t := range out.Tags {
		if aws.ToString(t.Key) == opTag {
			return aws.ToString(t.Value), nil
		}
	}
	return "", nil
}

func (r *Rotator) unmark(ctx context.Context) error {
	marked, err := r.marked(ctx)
	if err != nil || marked == "" {
		return err
	}
	_, err = r.iam.UntagUser(ctx, &iam.UntagUserInput{UserName: &r.set.User, TagKeys: []string{opTag}})
	return told(fmt.Sprintf("take the tag %s off user %s", opTag, r.set.User), err)
}
