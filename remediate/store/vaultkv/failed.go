package vaultkv

import (
	"errors"

	"github.com/hashicorp/vault/api"

	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/vaultlogin"
)

// failed gives an error its code.
func failed(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, api.ErrSecretNotFound):
		return store.Failf(store.NotFound, "nothing has this name")
	case store.CodeOf(err) != store.Unknown:
		return err
	}
	return store.Fail(vaultlogin.CodeOf(err), err)
}
