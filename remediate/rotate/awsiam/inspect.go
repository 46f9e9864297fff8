package awsiam

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/oakum-sec/oakum/remediate/internal/awscall"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/store"
)

// quarantine begins the names of the policies that AWS attaches to a user whose key it
// found in public
// (https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCompromisedKeyQuarantineV3.html).
const quarantine = "AWSCompromisedKeyQuarantine"

// Inspect refuses what must not be rotated: oakum's own key, another account's, root's,
// one that is gone, and a user who has two keys.
func (r *Rotator) Inspect(ctx context.Context, old rotate.Credential) (rotate.Subject, error) {
	none := rotate.Subject{}
	account, err := r.account(ctx, id(old))
	if err != nil {
		return none, err
	}
	s := rotate.Subject{ID: id(old), Owner: fmt.Sprintf("user %s of account %s", r.set.User, account)}
	used, err := r.owner(ctx, id(old))
	if err != nil {
		return none, err
	}
	all, err := r.keys(ctx)
	if err != nil {
		return none, err
	}
	status, there := all[id(old)]
	if !there {
		return none, rotate.Refuse("there is nothing to rotate; store another key, and take this one out", "key %s is no key of user %s: it was deleted", id(old), r.set.User)
	}
	if err := r.roomFor(all, id(old)); err != nil {
		return none, err
	}
	s.Before, s.Status = slices.Sorted(maps.Keys(all)), rotate.Live
	if status == types.StatusTypeInactive {
		s.Status = rotate.Inactive
		s.Notes = append(s.Notes, "the key is inactive already")
	}
	s.Notes = append(s.Notes, used, "a role needs no key at all: `oakum remediate identity`")
	notes, err := r.quarantined(ctx)
	s.Notes = append(s.Notes, notes...)
	return s, err
}

// account is the account that a key belongs to, which must be the one that oakum works
// in, with another key.
func (r *Rotator) account(ctx context.Context, key string) (string, error) {
	own, err := r.cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return "", told("find oakum's own credentials", err)
	}
	if own.AccessKeyID == key {
		return "", rotate.Refuse("sign in as an administrator, with a role", "oakum works with the very key that is to go: it would cut itself off in the middle")
	}
	who, err := r.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", told("ask who oakum is", err)
	}
	whose, err := r.sts.GetAccessKeyInfo(ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: &key})
	if err != nil {
		return "", told("ask whose key "+key+" is", err)
	}
	if aws.ToString(whose.Account) != aws.ToString(who.Account) {
		return "", rotate.Refuse("sign in there (profile or role in the settings)", "key %s belongs to account %s, and oakum works in %s", key, aws.ToString(whose.Account), aws.ToString(who.Account))
	}
	return aws.ToString(who.Account), nil
}

// owner makes sure that the settings name the user of the key, and tells when it was
// used.
func (r *Rotator) owner(ctx context.Context, key string) (string, error) {
	out, err := r.iam.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: &key})
	if isGone(err) {
		return "", rotate.Refuse("there is nothing to rotate; store another key, and take this one out", "key %s is deleted", key)
	}
	if err != nil {
		return "", told("ask when key "+key+" was used", err)
	}
	switch user := aws.ToString(out.UserName); {
	case user == "" || user == "root" || strings.HasPrefix(user, "<root"):
		return "", rotate.Refuse("root has no user name, and nothing may replace it by itself: make a role, then delete the key in the console (My security credentials)", "key %s is the account's root key", key)
	case r.set.User == "":
		return "", fmt.Errorf("say whose key it is: `with: {user: %s}`", user)
	case user != r.set.User:
		return "", rotate.Refuse("name that user", "key %s is a key of user %s, and the settings say %s", key, user, r.set.User)
	}
	u := out.AccessKeyLastUsed
	if u == nil || u.LastUsedDate == nil {
		return "AWS has never seen the key used", nil
	}
	return fmt.Sprintf("last used %s: %s", u.LastUsedDate.UTC().Format(time.RFC3339), usage(u)), nil
}

func usage(u *types.AccessKeyLastUsed) string {
	return fmt.Sprintf("%s in %s", aws.ToString(u.ServiceName), aws.ToString(u.Region))
}

// roomFor refuses where the user has two keys: which of them goes is nothing that a
// program decides.
func (r *Rotator) roomFor(all map[string]types.StatusType, old string) error {
	if r.set.retire {
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		switch {
		case key == old || key == r.set.DeleteInactive && all[key] == types.StatusTypeInactive:
		case all[key] == types.StatusTypeInactive:
			return rotate.Refuse("say `delete_inactive: "+key+"` if it may be deleted", "user %s has two keys, which is all that AWS allows; %s is inactive", r.set.User, key)
		default:
			return rotate.Refuse("give what uses one of them a role (`oakum remediate identity`), or deactivate "+key+" once nothing uses it", "user %s has two live keys, which is all that AWS allows; neither is deleted for the other", r.set.User)
		}
	}
	return nil
}

func (r *Rotator) quarantined(ctx context.Context) ([]string, error) {
	out, err := r.iam.ListAttachedUserPolicies(ctx, &iam.ListAttachedUserPoliciesInput{UserName: &r.set.User})
	if err != nil {
		return nil, told("list the policies of user "+r.set.User, err)
	}
	for _, p := range out.AttachedPolicies {
		if strings.HasPrefix(aws.ToString(p.PolicyName), quarantine) {
			return []string{"AWS found a key of this user in public and attached " + aws.ToString(p.PolicyName) + ": say `exposure: public`, look what was done with it (CloudTrail), and detach the policy when the key is gone"}, nil
		}
	}
	return nil, nil
}

// Verify asks AWS in each region who the key is.
func (r *Rotator) Verify(ctx context.Context, c rotate.Credential) error {
	for _, region := range r.set.Regions {
		cfg := r.cfg.Copy()
		cfg.Region = region
		cfg.Credentials = credentials.NewStaticCredentialsProvider(id(c), store.Plain(c[rotate.SecretAccessKey]), "")
		who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		switch code := store.CodeOf(awscall.Failed(err)); {
		case code == store.Unauthenticated || code == store.PermissionDenied:
			return fmt.Errorf("%s does not know key %s: %w", region, id(c), rotate.ErrNotYet)
		case err != nil:
			return told("try the new key in "+region, err)
		case !strings.HasSuffix(aws.ToString(who.Arn), "/"+r.set.User):
			return fmt.Errorf("key %s is %s in %s, not user %s", id(c), aws.ToString(who.Arn), region, r.set.User)
		}
	}
	return nil
}

// Uses is the last use that AWS tells of, if that was after since. oakum never uses the
// old key, so it is somebody else's.
func (r *Rotator) Uses(ctx context.Context, old rotate.Credential, since time.Time) ([]rotate.Use, error) {
	key := id(old)
	out, err := r.iam.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: &key})
	if isGone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, told("ask when key "+key+" was used", err)
	}
	u := out.AccessKeyLastUsed
	if u == nil || u.LastUsedDate == nil || !u.LastUsedDate.After(since) {
		return nil, nil
	}
	return []rotate.Use{{When: *u.LastUsedDate, What: usage(u)}}, nil
}

// told is an error with what was tried. AWS's errors about keys hold no secret.
func told(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

func isGone(err error) bool {
	e, ok := errors.AsType[smithy.APIError](err)
	return ok && e.ErrorCode() == "NoSuchEntity"
}
