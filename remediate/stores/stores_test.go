package stores_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/store/storetest"
	"github.com/oakum-sec/oakum/remediate/stores"
)

func secret(s string) leak.Secret { return leak.NewSecret([]byte(s)) }

// TestVault stores by a store's name and reads by its own references.
func TestVault(t *testing.T) {
	bao := realtest.StartOpenBao(t, "")
	env := map[string]string{"VAULT_ADDR": bao.Address, "VAULT_TOKEN": bao.Token}
	opener := stores.Opener{Getenv: func(name string) string { return env[name] }}
	driver, err := opener.Open(t.Context(), "vaultkv")
	if err != nil {
		t.Fatal(err)
	}
	s := store.New(driver, store.Options{})
	doc, err := store.Document(map[string]leak.Secret{"username": secret("app"), "password": secret("p+/=w")})
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]leak.Secret{"prod/mysql": doc, "prod/token": secret("t0ken")} {
		if _, err := s.Create(t.Context(), store.Put{Name: name, Value: value, Op: "6f0b4f0e-4d0c-4f57-8a35-0f3a1d9b7a01"}); err != nil {
			t.Fatal(err)
		}
	}
	d, err := s.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	delete(env, "VAULT_ADDR") // the references name it
	r := stores.Resolver{Opener: opener}
	for text, want := range map[string]string{d.Ref.To("prod/mysql", "password"): "p+/=w", d.Ref.To("prod/mysql", "username"): "app", d.Ref.To("prod/token", ""): "t0ken"} {
		to, err := ref.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := r.Value(t.Context(), to); err != nil || !got.Equal(secret(want)) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for text, says := range map[string]string{
		d.Ref.To("prod/mysql", "host"): "no text in a field",
		d.Ref.To("prod/token", "x"):    "no JSON document",
		d.Ref.To("prod/none", "x"):     "not found",
	} {
		to, _ := ref.Parse(text)
		if _, err := r.Value(t.Context(), to); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, expected %q", text, err, says)
		}
	}
}

// counted is a store in memory that counts how often it is read.
type counted struct {
	*storetest.Memory
	reads int
}

func (c *counted) Read(ctx context.Context, name, version string) (store.Entry, leak.Secret, error) {
	c.reads++
	return c.Memory.Read(ctx, name, version)
}

// A secret is read once, however many of its fields are asked for, until another round.
func TestRounds(t *testing.T) {
	m := &counted{Memory: &storetest.Memory{}}
	if _, err := m.Write(t.Context(), store.Write{Name: "token", Value: secret("a")}); err != nil {
		t.Fatal(err)
	}
	r := stores.Resolver{Opener: stores.Opener{Age: func(*url.URL) (store.Driver, error) { return m, nil }}}
	to := ref.Ref{Backend: ref.Age, Path: "secrets.age", Key: "token"}
	for range 3 {
		if _, err := r.Value(t.Context(), to); err != nil {
			t.Fatal(err)
		}
	}
	if m.reads != 1 {
		t.Errorf("it was read %d times", m.reads)
	}
	if r.Round(); m.reads != 1 {
		t.Error("forgetting reads")
	}
	if _, err := r.Value(t.Context(), to); err != nil || m.reads != 2 {
		t.Errorf("another round read %d times: %v", m.reads, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	o := stores.Opener{Getenv: func(string) string { return "" }, Age: func(*url.URL) (store.Driver, error) { return nil, errors.New("no age here") }}
	for named, says := range map[string]string{
		"keepass":          "one of awsparams, awssecrets, azurekeyvault, gcpsecrets, vaultkv, age",
		"vaultkv://secret": "VAULT_ADDR",
		"gcpsecrets":       "name the project",
		"azurekeyvault":    "name the vault",
		"age:x.age":        "no age here",
		"vaultkv://a b%":   "not read as the name of a store",
	} {
		if _, err := o.Open(t.Context(), named); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, expected %q", named, err, says)
		}
	}
}
