package identity

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// running is a task of a service: it has the credentials that it started with, as an
// SDK has, until a deployment puts another in its place.
type running struct {
	role string
	env  map[string]string
	who  aws.Credentials
}

// follow is the task that runs now.
func (w *world) follow(at Workload, p *running) (*running, error) {
	role, env, err := w.has(at)
	if err != nil || p != nil && role == p.role && maps.Equal(env, p.env) {
		return p, err
	}
	fresh := &running{role: role, env: env, who: aws.Credentials{AccessKeyID: env["AWS_ACCESS_KEY_ID"], SecretAccessKey: env["AWS_SECRET_ACCESS_KEY"]}}
	if fresh.who.AccessKeyID != "" { // which wins over the role
		return fresh, nil
	}
	authentication(w.gate.moto, false) // moto lets no service take a role
	out, err := sts.NewFromConfig(w.config(w.operator)).AssumeRole(w.t.Context(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("task-1")})
	authentication(w.gate.moto, true)
	if err != nil {
		return p, err
	}
	fresh.who = aws.Credentials{AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey, SessionToken: *out.Credentials.SessionToken}
	return fresh, nil
}

// TestUnderLoad asks a service's task for its work all the way from a key to a role, and
// through the key's deletion: not one request fails.
func TestUnderLoad(t *testing.T) {
	w := newWorld(t)
	s := w.settings("ecs")
	stop, ended := make(chan bool), make(chan []string)
	go func() {
		var p *running
		var said []string
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				ended <- said
				return
			case <-tick.C:
			}
			next, err := w.follow(s.Workload, p)
			if err != nil {
				said = append(said, "failed: "+err.Error())
				continue
			}
			p = next
			out, err := sts.NewFromConfig(w.config(p.who)).GetCallerIdentity(w.t.Context(), &sts.GetCallerIdentityInput{})
			if err != nil {
				said = append(said, "failed: "+err.Error())
				continue
			}
			said = append(said, *out.Arn)
		}
	}()
	time.Sleep(200 * time.Millisecond)
	w.done(s)
	w.holds(s, "under load")
	// what rotate's `retire: true` does in the end, days later
	key := w.leaked.AccessKeyID
	if _, err := iam.NewFromConfig(w.config(w.operator)).DeleteAccessKey(t.Context(), &iam.DeleteAccessKeyInput{UserName: aws.String("orders"), AccessKeyId: &key}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond)
	close(stop)
	said := <-ended
	users, roles := 0, 0
	for _, arn := range said {
		switch {
		case strings.HasPrefix(arn, "failed"):
			t.Error(arn)
		case strings.Contains(arn, ":assumed-role/"):
			roles++
		default:
			users++
		}
	}
	t.Logf("%d requests with the key, %d with the role", users, roles)
	if users == 0 || roles == 0 {
		t.Errorf("%d requests with the key, %d with the role", users, roles)
	}
}
