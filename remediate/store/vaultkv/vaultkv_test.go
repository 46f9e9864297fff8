package vaultkv_test

import (
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/oakum-sec/oakum/internal/realtest"
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
