package awssecrets_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/uuid"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/internal/awstest"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/store/awssecrets"
	"github.com/oakum-sec/oakum/remediate/store/storetest"
)

func TestStore(t *testing.T) {
	moto := awstest.Start(t)
	cfg := moto.Config(t, moto.Admin)
	api := sm.NewFromConfig(cfg)
	storetest.Run(t, &storetest.Bench{
		Driver: awssecrets.New(cfg, awssecrets.Options{}),
		Prefix: []string{"prod"},
		Denied: awssecrets.New(moto.Config(t, moto.Nobody), awssecrets.Options{}),
		Delete: func(ctx context.Context, name string) error {
			_, err := api.DeleteSecret(ctx, &sm.DeleteSecretInput{SecretId: &name, RecoveryWindowInDays: aws.Int64(7)})
			return err
		},
	})
}

// TestOverTheWire loses replies and refuses calls where the network is, at every call
// of a replacement in turn: the end is one new version, current, and no other.
func TestOverTheWire(t *testing.T) {
	gate := awstest.Start(t)
	driver := awssecrets.New(gate.Config(t, gate.Admin), awssecrets.Options{})
	s := store.New(driver, store.Options{Pause: func(context.Context, time.Duration) error { return nil }})
	faults := []awstest.Fault{{Lost: true}, {Torn: true}, {Status: http.StatusTooManyRequests}, {Status: http.StatusInternalServerError}}
	actions := []string{"CreateSecret", "DescribeSecret", "GetSecretValue", "TagResource", "PutSecretValue", "UpdateSecretVersionStage"}
	tried := 0
	for _, action := range actions {
		for _, f := range faults {
			tried++
			f.Action = action
			name := fmt.Sprintf("wire/%s/%d/%v/%v", action, f.Status, f.Lost, f.Torn)
			old, renewed := leak.NewSecret([]byte("old "+name)), leak.NewSecret([]byte("new "+name))
			if action == "CreateSecret" {
				gate.Fail(f)
			}
			r, err := s.Create(t.Context(), store.Put{Name: name, Value: old, Op: uuid.NewString()})
			if err != nil || !r.Created {
				t.Fatalf("%s: create: %+v, %v", name, r, err)
			}
			if action != "CreateSecret" {
				gate.Fail(f)
			}
			after, err := s.Replace(t.Context(), store.Put{Name: name, Value: renewed, Op: uuid.NewString()}, r.Version)
			if err != nil {
				t.Fatalf("%s: replace: %v", name, err)
			}
			e, got, err := s.Read(t.Context(), name, "")
			if err != nil || !got.Equal(renewed) || e.Version != after.Version || e.Pending != "" {
				t.Errorf("%s: %+v, %v", name, e, err)
			}
		}
	}
	if left := gate.Left(); tried != 24 || left != 0 {
		t.Errorf("%d faults were tried, %d never happened", tried, left)
	}
}

// What somebody else is about to change is left alone.
func TestRotationInProgress(t *testing.T) {
	gate := awstest.Start(t)
	cfg := gate.Config(t, gate.Admin)
	s := store.New(awssecrets.New(cfg, awssecrets.Options{}), store.Options{})
	r, err := s.Create(t.Context(), store.Put{Name: "rotating", Value: leak.NewSecret([]byte("one")), Op: uuid.NewString()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sm.NewFromConfig(cfg).PutSecretValue(t.Context(), &sm.PutSecretValueInput{SecretId: aws.String("rotating"), SecretString: aws.String("theirs"),
		ClientRequestToken: aws.String(uuid.NewString()), VersionStages: []string{"AWSPENDING"}}); err != nil {
		t.Fatal(err)
	}
	_, err = s.Replace(t.Context(), store.Put{Name: "rotating", Value: leak.NewSecret([]byte("two")), Op: uuid.NewString()}, r.Version)
	if store.CodeOf(err) != store.Conflict || !strings.Contains(err.Error(), "AWSPENDING") {
		t.Errorf("replacing what is being rotated: %v", err)
	}
}
