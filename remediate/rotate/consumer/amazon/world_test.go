package amazon_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/internal/awstest"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/store"
)

// world is moto behind its gate, asked in the way that users ask AWS: by the
// environment.
type world struct {
	*testing.T
	*awstest.Gate
	config aws.Config
}

func newWorld(t *testing.T, env ...string) *world {
	w := &world{T: t, Gate: awstest.Start(t, env...)}
	w.config = w.Config(t, w.Admin)
	w.as(w.Admin)
	return w
}

func (w *world) as(who aws.Credentials) {
	for k, v := range map[string]string{"AWS_ENDPOINT_URL": w.URL, "AWS_ACCESS_KEY_ID": who.AccessKeyID, "AWS_SECRET_ACCESS_KEY": who.SecretAccessKey,
		"AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere", "AWS_EC2_METADATA_DISABLED": "true"} {
		w.Setenv(k, v)
	}
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) parse(parse func(*yaml.Node, consumer.Options) (consumer.Consumer, error), text string) consumer.Consumer {
	w.Helper()
	var n yaml.Node
	w.must(yaml.Unmarshal([]byte(text), &n))
	c, err := parse(n.Content[0], consumer.Options{Pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	w.must(err)
	return c
}

func (w *world) done(c consumer.Consumer, u consumer.Update, want bool) {
	w.Helper()
	if got, err := c.Done(w.Context(), u); err != nil || got != want {
		w.Errorf("%s is done: %v, %v", c, got, err)
	}
}

// refused holds that a consumer refuses before it changes anything, in Check and in Do.
func (w *world) refused(c consumer.Consumer, u consumer.Update, why error, word string) {
	w.Helper()
	_, checked := c.(consumer.Checker).Check(w.Context(), u)
	for _, err := range []error{checked, c.Do(w.Context(), u)} {
		if err == nil || why != nil && !errors.Is(err, why) || !strings.Contains(err.Error(), word) || quotes(err, u) {
			w.Errorf("%s: %v, expected %q", c, err, word)
		}
	}
}

func quotes(err error, u consumer.Update) bool {
	for _, v := range u.Secrets() {
		if strings.Contains(err.Error(), store.Plain(v)) && v.Len() > 8 {
			return true
		}
	}
	return false
}

func update(t testing.TB, seed uint64) consumer.Update {
	t.Helper()
	words := strings.Fields(leaktest.Must(seed, `{{uuid}} {{randomPassword 24}} {{randomPassword 24}} {{uuid}} {{uuid}}`))
	s := func(v string) leak.Secret { return leak.NewSecret([]byte(v)) }
	return consumer.Update{Op: words[0], Version: words[3], Before: words[4],
		New: map[string]leak.Secret{"username": s("app_b"), "password": s(words[1])},
		Old: map[string]leak.Secret{"username": s("app_a"), "password": s(words[2])}}
}

func old(u consumer.Update) string   { return store.Plain(u.Old["password"]) }
func fresh(u consumer.Update) string { return store.Plain(u.New["password"]) }

// bad is what befalls each action once: the answer is lost, and the server is busy.
func bad(actions ...string) (all []awstest.Fault) {
	for _, a := range actions {
		all = append(all, awstest.Fault{Action: a, Status: 429}, awstest.Fault{Action: a, Status: 500}, awstest.Fault{Action: a, Lost: true})
	}
	return all
}
