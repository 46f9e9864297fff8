package awsiam

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/rotatetest"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/store/awsparams"
)

func credential(k aws.Credentials) rotate.Credential {
	return rotate.Credential{rotate.AccessKeyID: leak.NewSecret([]byte(k.AccessKeyID)), rotate.SecretAccessKey: leak.NewSecret([]byte(k.SecretAccessKey))}
}

// accepted asks as a key who it is.
func (g *gate) accepted(c rotate.Credential) (bool, error) {
	who := aws.Credentials{AccessKeyID: id(c), SecretAccessKey: store.Plain(c[rotate.SecretAccessKey])}
	_, err := sts.NewFromConfig(g.config(who, nil)).GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{})
	if err != nil && !strings.Contains(err.Error(), "InvalidClientTokenId") && !strings.Contains(err.Error(), "SignatureDoesNotMatch") {
		return false, err
	}
	return err == nil, nil
}

func TestRotator(t *testing.T) {
	g := startGate(t)
	var users atomic.Int64
	rotatetest.Run(t, rotatetest.Suite{Kills: 40, Modes: 25, Every: 53, Begin: g.begin(&users)})
}

// begin makes a user with a key.
func (g *gate) begin(users *atomic.Int64) func(testing.TB, func() error) *rotatetest.Scene {
	return func(t testing.TB, hook func() error) *rotatetest.Scene {
		user := fmt.Sprintf("deploy-%d", users.Add(1))
		old := credential(g.newUser(t, user))
		return &rotatetest.Scene{
			Rotator: With(g.config(g.admin, hook), Settings{User: user, Regions: []string{"eu-west-1", "us-east-1"}}),
			Old:     old, Works: g.accepted, Count: func() (int, error) { return g.live(user) },
			Use: func(c rotate.Credential) (func(), error) {
				g.lock.Lock()
				defer g.lock.Unlock()
				g.used[id(c)] = time.Now().Add(time.Hour) // of a test whose clock goes on by itself
				return func() {}, nil
			},
		}
	}
}

// TestApart rotates a key whose id and secret are two parameters of the same account.
func TestApart(t *testing.T) {
	g := startGate(t)
	var users atomic.Int64
	without := map[string]string{}
	for _, name := range []string{"asks before it hurts", "in a store without waiting versions", "killed", "lost replies", "disk full", "not valid at once", "already dead", "public first", "no value leaves", "nothing in its place", "on a schedule", "still used"} {
		without[name] = "TestRotator asks it, of a key in one entry"
	}
	rotatetest.Run(t, rotatetest.Suite{Kills: 5, Modes: 8, Every: 211, Apart: true, Without: without,
		Begin: g.begin(&users),
		Store: func(t testing.TB) (store.Driver, string) {
			return awsparams.New(g.config(g.admin, nil), awsparams.Options{}), fmt.Sprintf("/prod%d/", users.Load())
		}})
}

// refused inspects a key and expects words in the refusal.
func refused(t *testing.T, r *Rotator, key aws.Credentials, words string) {
	t.Helper()
	_, err := r.Inspect(t.Context(), credential(key))
	if _, ok := errors.AsType[*rotate.Refusal](err); !ok || !strings.Contains(err.Error(), words) {
		t.Errorf("it ends with %v, expected a refusal with %q", err, words)
	}
}

// TestRefusals: what must not be rotated is refused, with what to do instead: failure
// modes 8, 10, 11, 12, 13 and 26.
func TestRefusals(t *testing.T) {
	g := startGate(t)
	key := g.newUser(t, "deploy")
	r := With(g.config(g.admin, nil), Settings{User: "deploy"})

	t.Run("own key", func(t *testing.T) {
		refused(t, With(g.config(g.admin, nil), Settings{User: "admin"}), g.admin, "the very key that is to go")
	})
	t.Run("root", func(t *testing.T) {
		g.owner[key.AccessKeyID] = "root"
		defer delete(g.owner, key.AccessKeyID)
		refused(t, r, key, "root key")
	})
	t.Run("another account", func(t *testing.T) {
		g.account[key.AccessKeyID] = "999999999999"
		defer delete(g.account, key.AccessKeyID)
		refused(t, r, key, "belongs to account 999999999999")
	})
	t.Run("another user", func(t *testing.T) {
		refused(t, With(g.config(g.admin, nil), Settings{User: "admin"}), key, "is a key of user deploy")
	})
	t.Run("quarantined", func(t *testing.T) {
		policy, err := g.client().CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: aws.String("AWSCompromisedKeyQuarantineV3"),
			PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:CreateAccessKey","Resource":"*"}]}`)})
		if err != nil {
			t.Fatal(err)
		}
		in := &iam.AttachUserPolicyInput{UserName: aws.String("deploy"), PolicyArn: policy.Policy.Arn}
		if _, err := g.client().AttachUserPolicy(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		s, err := r.Inspect(t.Context(), credential(key))
		if err != nil || !slices.ContainsFunc(s.Notes, func(n string) bool { return strings.Contains(n, "in public") }) {
			t.Errorf("a quarantine is not told: %q, %v", s.Notes, err)
		}
	})
	second := g.newKey(t, "deploy")
	t.Run("two live keys", func(t *testing.T) {
		refused(t, r, key, "neither is deleted for the other")
		spare := With(g.config(g.admin, nil), Settings{User: "deploy", DeleteInactive: second.AccessKeyID})
		refused(t, spare, key, "neither is deleted for the other")
	})
	if _, err := g.client().UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{UserName: aws.String("deploy"), AccessKeyId: &second.AccessKeyID, Status: types.StatusTypeInactive}); err != nil {
		t.Fatal(err)
	}
	t.Run("a second key that is inactive", func(t *testing.T) {
		refused(t, r, key, "delete_inactive: "+second.AccessKeyID)
		spare := With(g.config(g.admin, nil), Settings{User: "deploy", DeleteInactive: second.AccessKeyID})
		s, err := spare.Inspect(t.Context(), credential(key))
		if err != nil {
			t.Fatal(err)
		}
		c, err := spare.Provision(t.Context(), rotate.Provision{Op: "op", Old: credential(key), Subject: s})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := g.live("deploy"); err != nil || n != 2 {
			t.Errorf("%d keys are live, %v", n, err)
		}
		if err := spare.Withdraw(t.Context(), rotate.Provision{Op: "op", New: c, Old: credential(key), Subject: s}); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("deleted", func(t *testing.T) {
		refused(t, r, second, "deleted")
	})
}

// TestForeignKey: a key that appears in the middle, and that the rotation did not make,
// is nobody's orphan.
func TestForeignKey(t *testing.T) {
	g := startGate(t)
	key := g.newUser(t, "deploy")
	r := With(g.config(g.admin, nil), Settings{User: "deploy"})
	s, err := r.Inspect(t.Context(), credential(key))
	if err != nil {
		t.Fatal(err)
	}
	p := rotate.Provision{Op: "op", Old: credential(key), Subject: s, Tried: true}
	theirs := g.newKey(t, "deploy")
	if _, err := r.Provision(t.Context(), p); err == nil || !strings.Contains(err.Error(), "that this rotation did not make") {
		t.Errorf("beside somebody else's key it ends with %v", err)
	}
	if err := r.mark(t.Context(), "op"); err != nil {
		t.Fatal(err)
	}
	g.used[theirs.AccessKeyID] = time.Now() // somebody has it, so it is no orphan
	if _, err := r.Provision(t.Context(), p); err == nil || !strings.Contains(err.Error(), "that this rotation did not make") {
		t.Errorf("beside a key in use it ends with %v", err)
	}
	if ok, err := g.accepted(credential(theirs)); err != nil || !ok {
		t.Errorf("somebody else's key works: %v, %v", ok, err)
	}
}

// TestOldKeyIsNotTried: AWS keeps only the last use of a key, so a try of ours would hide
// everybody else's. From the look at a key to its end nothing is signed with it; and that
// AWS has never seen it used is no use (FM-15).
func TestOldKeyIsNotTried(t *testing.T) {
	g := startGate(t)
	key := g.newUser(t, "deploy")
	old, r := credential(key), With(g.config(g.admin, nil), Settings{User: "deploy"})
	s, err := r.Inspect(t.Context(), old)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := r.Provision(t.Context(), rotate.Provision{Op: "op", Old: old, Subject: s})
	if err != nil {
		t.Fatal(err)
	}
	for what, do := range map[string]func() error{
		"Uses":       func() error { return none(r.Uses(t.Context(), old, time.Time{})) },
		"Status":     func() error { _, err := r.Status(t.Context(), old); return err },
		"Deactivate": func() error { return r.Deactivate(t.Context(), old, fresh) },
	} {
		if err := do(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := r.Delete(t.Context(), old, fresh); err != nil {
		t.Fatal(err)
	}
	if g.signed[key.AccessKeyID] > 0 || g.signed[g.admin.AccessKeyID] == 0 {
		t.Errorf("%d calls were signed with the old key, %d with oakum's", g.signed[key.AccessKeyID], g.signed[g.admin.AccessKeyID])
	}
}

func none(uses []rotate.Use, err error) error {
	if len(uses) > 0 {
		return fmt.Errorf("a key that was never used is used: %v", uses)
	}
	return err
}
