package consumer_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/store"
)

func secret(s string) leak.Secret { return leak.NewSecret([]byte(s)) }

func TestShape(t *testing.T) {
	fields := map[string]leak.Secret{"username": secret("app_b"), "password": secret(`p@ss "w/rd +`)}
	for text, want := range map[string]string{
		"password":                                 `p@ss "w/rd +`,
		"{username|url} {password|url}/x":          "app_b p%40ss%20%22w%2Frd%20%2B/x",
		`{"u":"{username}","p":"{password|json}"}`: `{"u":"app_b","p":"p@ss \"w/rd +"}`,
		"Basic {password|base64}":                  "Basic cEBzcyAidy9yZCAr",
	} {
		s, err := consumer.ParseShape(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := s.Of(fields); err != nil || store.Plain(got) != want {
			t.Errorf("%s: %q, %v", text, store.Plain(got), err)
		}
	}
	s, err := consumer.ParseShape("{password|json}")
	if got, ofErr := s.Of(map[string]leak.Secret{"password": secret(`a&b<c>`)}); err != nil || ofErr != nil || store.Plain(got) != `a&b<c>` {
		t.Errorf("no JSON but HTML's is written as %s", store.Plain(got)) // others write it as it is, and theirs is what it is compared with
	}
	value := leaktest.Must(1, `{{github "ghp_"}}`)
	for _, bad := range []string{"", value, "{Password}", "{password|rot13}", "no field at all"} {
		if _, err := consumer.ParseShape(bad); err == nil || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	s, _ = consumer.ParseShape("{username}:{token}")
	if _, err := s.Of(fields); err == nil || !strings.Contains(err.Error(), "token") {
		t.Errorf("a field that is not there: %v", err)
	}
}

func TestStanding(t *testing.T) {
	a, b, c := secret("a"), secret("b"), secret("c")
	for _, x := range []struct {
		holds, want, from leak.Secret
		done, changed     bool
	}{{a, a, b, true, false}, {b, a, b, false, false}, {c, a, b, false, true}, {c, a, leak.Secret{}, false, false}} {
		done, err := consumer.Standing("x", x.holds, x.want, x.from)
		if done != x.done || errors.Is(err, consumer.ErrChanged) != x.changed {
			t.Errorf("%v: %v %v", x, done, err)
		}
	}
}

type settings struct {
	Token  consumer.Credential `yaml:"token"`
	Within consumer.Within     `yaml:"within"`
	Value  consumer.Shape      `yaml:"value"`
	Repo   string              `yaml:"repo"`
}

func node(t *testing.T, text string) *yaml.Node {
	t.Helper()
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(text), &n); err != nil {
		t.Fatal(err)
	}
	return n.Content[0]
}

// A configuration holds names alone; what is none is refused, and not quoted.
func TestDecode(t *testing.T) {
	var s settings
	if err := consumer.Decode(node(t, "kind: x\ntoken: env:TOKEN\nwithin: 90s\nvalue: password\nrepo: a/b\n"), &s); err != nil {
		t.Fatal(err)
	}
	if s.Within.Or(0) != 90*time.Second || s.Repo != "a/b" {
		t.Errorf("%+v", s)
	}
	o := consumer.Options{Getenv: func(n string) string { return "of " + n }}
	if v, err := s.Token.Value(t.Context(), o); err != nil || store.Plain(v) != "of TOKEN" {
		t.Errorf("%v", err)
	}
	value := leaktest.Must(2, `{{github "ghp_"}}`)
	for _, bad := range []string{"token: " + value, "within: " + value, "rep: x", "repo: [" + value + "]", "value: " + value} {
		err := consumer.Decode(node(t, "kind: x\n"+bad), new(settings))
		if err == nil || strings.Contains(err.Error(), value) || strings.Contains(err.Error(), "consumer_test") {
			t.Errorf("%s: %v", strings.ReplaceAll(bad, value, "VALUE"), err)
		}
	}
	s = settings{}
	if err := consumer.Decode(node(t, "kind: x\ntoken: ref+vault://secret/ci#/token"), &s); err != nil {
		t.Fatal(err)
	}
	o.Resolve = func(_ context.Context, r ref.Ref) (leak.Secret, error) { return secret(r.Key), nil }
	if v, err := s.Token.Value(t.Context(), o); err != nil || store.Plain(v) != "token" {
		t.Errorf("%v", err)
	}
}

func TestUntil(t *testing.T) {
	var waits []time.Duration
	o := consumer.Options{Pause: func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }}
	err := o.Until(t.Context(), 10*time.Second, time.Second, func() (bool, string, error) { return false, "1 of 3 is new", nil })
	if err == nil || !strings.Contains(err.Error(), "1 of 3 is new") {
		t.Error(err)
	}
	sum := time.Duration(0)
	for _, d := range waits {
		sum += d
	}
	if sum != 10*time.Second {
		t.Errorf("waited %v", waits)
	}
}

func TestBack(t *testing.T) {
	u := consumer.Update{Op: "x", New: map[string]leak.Secret{"password": secret("n")}}
	if _, err := u.Back(); !errors.Is(err, consumer.ErrNoWayBack) {
		t.Error(err)
	}
}
