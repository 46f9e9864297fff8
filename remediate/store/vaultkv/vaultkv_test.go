package vaultkv_test

import (
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/store/storetest"
	"github.com/oakum-sec/oakum/remediate/store/vaultkv"
)

func client(t *testing.T, address, token string) *api.Client {
	t.Helper()
	config := api.DefaultConfig()
	config.Address = address
	c, err := api.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	c.SetToken(token)
	return c
}

// nobody has a token that may ask what a mount is, and nothing else.
func nobody(t *testing.T, root *api.Client, address string) *api.Client {
	t.Helper()
	if err := root.Sys().PutPolicyWithContext(t.Context(), "nobody", `path "secret/metadata/never" { capabilities = ["read"] }`); err != nil {
		t.Fatal(err)
	}
	s, err := root.Auth().Token().CreateWithContext(t.Context(), &api.TokenCreateRequest{Policies: []string{"nobody"}})
	if err != nil {
		t.Fatal(err)
	}
	return client(t, address, s.Auth.ClientToken)
}

func TestStore(t *testing.T) {
	bao := realtest.StartOpenBao(t, "")
	root := client(t, bao.Address, bao.Token)
	storetest.Run(t, &storetest.Bench{
		Driver: vaultkv.New(root, "secret"),
		Prefix: []string{"team", "app"},
		Denied: vaultkv.New(nobody(t, root, bao.Address), "secret"),
		Delete: root.KVv2("secret").Delete,
	})
}

// Tags whose value never came are taken away by the operation that put them there, and by
// no other; a value stays.
func TestTidy(t *testing.T) {
	bao := realtest.StartOpenBao(t, "")
	root := client(t, bao.Address, bao.Token)
	s, kv := store.New(vaultkv.New(root, "secret"), store.Options{}), root.KVv2("secret")
	if err := kv.PutMetadata(t.Context(), "cut/off", api.KVMetadataPutInput{CustomMetadata: map[string]any{store.TagOp: "one"}}); err != nil {
		t.Fatal(err)
	}
	for _, op := range []string{"another", "one", "one"} {
		if err := s.Tidy(t.Context(), "cut/off", op); err != nil {
			t.Fatal(err)
		}
		if _, err := kv.GetMetadata(t.Context(), "cut/off"); (err == nil) != (op == "another") {
			t.Errorf("after %s: %v", op, err)
		}
	}
	r, err := s.Create(t.Context(), store.Put{Name: "whole", Value: leak.NewSecret([]byte("x")), Op: "6f0b4f0e-4d0c-4f57-8a35-0f3a1d9b7a03"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Tidy(t.Context(), "whole", "6f0b4f0e-4d0c-4f57-8a35-0f3a1d9b7a03"); err != nil {
		t.Fatal(err)
	}
	if e, err := s.Stat(t.Context(), "whole"); err != nil || e.Version != r.Version {
		t.Errorf("a value was tidied up: %+v, %v", e, err)
	}
}
