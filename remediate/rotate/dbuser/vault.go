package dbuser

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate/rest"
)

// InVault is an [Options.Managed] that asks the Vault or OpenBao of the environment
// (VAULT_ADDR, VAULT_TOKEN, VAULT_NAMESPACE) for static roles: such a role changes its
// user's password on a schedule of its own. It is nil where no Vault is named. What the
// token may not read is not seen.
func InVault(getenv func(string) string) (func(ctx context.Context, address, user string) (string, error), error) {
	if getenv("VAULT_ADDR") == "" || getenv("VAULT_TOKEN") == "" {
		return nil, nil
	}
	h := http.Header{"X-Vault-Request": {"true"}}
	if n := getenv("VAULT_NAMESPACE"); n != "" {
		h.Set("X-Vault-Namespace", n)
	}
	token := leak.NewSecret([]byte(getenv("VAULT_TOKEN")))
	c, err := rest.New(rest.Options{URL: strings.TrimRight(getenv("VAULT_ADDR"), "/") + "/v1", Header: h, Auth: "X-Vault-Token", Token: func(context.Context) (leak.Secret, error) { return token, nil }})
	if err != nil {
		return nil, err
	}
	v := vault{c}
	return v.owner, nil
}

type vault struct{ *rest.Client }

// read asks for something; false is that it is not there, or not ours to see.
func (v vault) read(ctx context.Context, path string, into any) (bool, error) {
	_, err := v.Do(ctx, rest.Call{Method: http.MethodGet, Path: path, Into: into})
	if status := rest.StatusOf(err); status == http.StatusForbidden || status == http.StatusNotFound || status == http.StatusBadRequest {
		return false, nil
	}
	return err == nil, err
}

// owner is the static role that has a user of a server.
func (v vault) owner(ctx context.Context, address, user string) (string, error) {
	mounts, err := v.mounts(ctx)
	if err != nil {
		return "", err
	}
	for _, mount := range mounts {
		var list struct{ Data struct{ Keys []string } }
		if _, err := v.read(ctx, mount+"static-roles?list=true", &list); err != nil {
			return "", err
		}
		for _, name := range list.Data.Keys {
			is, err := v.has(ctx, mount, name, address, user)
			if err != nil {
				return "", err
			}
			if is {
				return "the static role " + name + " of " + mount + " at " + v.Host(), nil
			}
		}
	}
	return "", nil
}

// mounts are the database engines; where they are not told, the one at the usual place.
func (v vault) mounts(ctx context.Context) (all []string, err error) {
	var told struct {
		Data map[string]struct{ Type string }
	}
	can, err := v.read(ctx, "sys/mounts", &told)
	if !can {
		return []string{"database/"}, err
	}
	for at, m := range told.Data {
		if m.Type == "database" {
			all = append(all, (&url.URL{Path: at}).EscapedPath())
		}
	}
	return all, nil
}

// has tells whether a static role is of this user, at this server. Where the engine does
// not tell which server it is, the name is enough.
func (v vault) has(ctx context.Context, mount, name, address, user string) (bool, error) {
	var role struct {
		Data struct {
			Username string
			Database string `json:"db_name"`
		}
	}
	can, err := v.read(ctx, mount+"static-roles/"+url.PathEscape(name), &role)
	if !can || role.Data.Username != user {
		return false, err
	}
	var config struct {
		Data struct {
			Details struct {
				URL string `json:"connection_url"`
			} `json:"connection_details"`
		}
	}
	can, err = v.read(ctx, mount+"config/"+url.PathEscape(role.Data.Database), &config)
	if err != nil {
		return false, errors.Join(errors.New("look which server a static role is of"), err)
	}
	at := config.Data.Details.URL
	return !can || at == "" || strings.Contains(at, "@"+address) || strings.Contains(at, "("+address+")"), nil
}
