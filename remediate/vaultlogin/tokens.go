package vaultlogin

import (
	"context"
	"errors"
)

// approle takes its two ids from VAULT_ROLE_ID and VAULT_SECRET_ID; a file, where one
// is named, holds the second.
func approle(_ context.Context, l Login) (map[string]any, error) {
	id := l.Role
	if id == "" {
		id = l.Getenv("VAULT_ROLE_ID")
	}
	if id == "" {
		return nil, errors.New("set VAULT_ROLE_ID, or say ?role=ID")
	}
	secret, err := l.secret("VAULT_SECRET_ID", "")
	return map[string]any{"role_id": id, "secret_id": secret}, err
}

// serviceAccount is where a pod has its account's token
// (https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/).
const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount/token"

func kubernetes(_ context.Context, l Login) (map[string]any, error) {
	role, err := l.role()
	if err != nil {
		return nil, err
	}
	token, err := l.secret("", serviceAccount)
	return map[string]any{"role": role, "jwt": token}, err
}

// jwt takes the token of VAULT_JWT, which is where a pipeline puts what its platform
// signed for it.
func jwt(_ context.Context, l Login) (map[string]any, error) {
	token, err := l.secret("VAULT_JWT", "")
	return map[string]any{"role": l.Role, "jwt": token}, err
}
