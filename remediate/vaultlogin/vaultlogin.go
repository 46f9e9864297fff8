// Package vaultlogin logs in to HashiCorp Vault or OpenBao in the ways that programs
// have an identity: a token, AppRole, a Kubernetes service account, AWS IAM, a Google
// service account, an Azure managed identity, or a JWT of anybody Vault trusts.
//
// Each way is a file that makes the body of one login call
// (https://developer.hashicorp.com/vault/api-docs/auth). Vault's own helper modules
// are not used: the one for AWS stands on the first version of Amazon's SDK, which is
// no longer maintained, and the others are as short as this.
//
// Its promise is that a credential is never in an error: what Vault answers to a login
// is told, what it was sent is not.
package vaultlogin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"
)

// Login is how somebody logs in.
type Login struct {
	Method string // "token", "approle", "kubernetes", "jwt", "aws", "gcp" or "azure"
	Mount  string // where the method is mounted; "" is under its own name
	Role   string // which role is asked for
	// File holds the secret of the methods that read one: a JWT, a secret id.
	File string
	// ServerID is the value that Vault's AWS method is set to ask for (iam_server_id_header_value).
	ServerID string
	// Getenv is the environment.
	Getenv func(string) string
	// HTTP asks the cloud's metadata services; nil is a client that waits two seconds,
	// for where there is none nobody answers.
	HTTP *http.Client
}

// methods make the body of a login.
var methods = map[string]func(context.Context, Login) (map[string]any, error){
	"approle": approle, "kubernetes": kubernetes, "jwt": jwt, "aws": aws, "gcp": gcp, "azure": azure,
}

// Methods are the names that [Login.Method] may have.
func Methods() []string {
	names := []string{"token"}
	for n := range methods {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Open makes a client that is logged in. Of query it takes address, namespace, auth,
// auth-mount, role, token-file and aws-server-id; the address and namespace are by
// default VAULT_ADDR and VAULT_NAMESPACE, the method a token of VAULT_TOKEN or
// ~/.vault-token, as of Vault's own command line. Certificates are those of
// VAULT_CACERT and the like.
func Open(ctx context.Context, query url.Values, getenv func(string) string) (*api.Client, error) {
	address := query.Get("address")
	if address == "" {
		address = getenv("VAULT_ADDR")
	}
	if address == "" {
		return nil, errors.New("say where Vault is: set VAULT_ADDR, or add ?address=https://…")
	}
	config := api.DefaultConfig() // reads VAULT_CACERT and its kin
	if config.Error != nil {
		return nil, fmt.Errorf("set up Vault's client: %w", config.Error)
	}
	config.Address, config.MaxRetries, config.Timeout = address, 0, 30*time.Second
	client, err := api.NewClient(config)
	if err != nil {
		return nil, fmt.Errorf("set up Vault's client: %w", err)
	}
	namespace := query.Get("namespace")
	if namespace == "" {
		namespace = getenv("VAULT_NAMESPACE")
	}
	if namespace != "" {
		client.SetNamespace(namespace)
	}
	l := Login{Method: query.Get("auth"), Mount: query.Get("auth-mount"), Role: query.Get("role"),
		File: query.Get("token-file"), ServerID: query.Get("aws-server-id"), Getenv: getenv}
	_, err = Do(ctx, client, l)
	return client, err
}

// Do logs client in. The secret it gives has the lease of the login, nil for a token
// that was there.
func Do(ctx context.Context, client *api.Client, l Login) (*api.Secret, error) {
	if l.Method == "" || l.Method == "token" {
		token, err := l.token()
		if err == nil {
			client.SetToken(token)
		}
		return nil, err
	}
	body, ok := methods[l.Method]
	if !ok {
		return nil, fmt.Errorf("nobody logs in to Vault by %q: auth is one of %s", l.Method, strings.Join(Methods(), ", "))
	}
	if l.HTTP == nil {
		l.HTTP = &http.Client{Timeout: 2 * time.Second}
	}
	fields, err := body(ctx, l)
	if err != nil {
		return nil, fmt.Errorf("log in to Vault by %s: %w", l.Method, err)
	}
	mount := l.Mount
	if mount == "" {
		mount = l.Method
	}
	client.SetToken("")
	s, err := client.Logical().WriteWithContext(ctx, "auth/"+mount+"/login", fields)
	if err != nil {
		return nil, fmt.Errorf("log in to Vault by %s: %w", l.Method, Brief(err))
	}
	if s == nil || s.Auth == nil {
		return nil, fmt.Errorf("log in to Vault by %s: auth/%s/login answers without a token", l.Method, mount)
	}
	client.SetToken(s.Auth.ClientToken)
	return s, nil
}

// token is the one that Vault's command line would use.
func (l Login) token() (string, error) {
	if t := l.Getenv("VAULT_TOKEN"); t != "" {
		return t, nil
	}
	file := l.File
	if file == "" {
		file = filepath.Join(l.Getenv("HOME"), ".vault-token")
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("there is no token for Vault: set VAULT_TOKEN, log in by `vault login`, or say by ?auth=… how to (%s)", strings.Join(Methods(), ", "))
	}
	return strings.TrimSpace(string(b)), nil
}

// role is the one asked for, which some methods cannot do without.
func (l Login) role() (string, error) {
	if l.Role == "" {
		return "", errors.New("say which role: ?role=NAME")
	}
	return l.Role, nil
}

// secret is what a file or, where none is named, a variable holds.
func (l Login) secret(variable, otherwise string) (string, error) {
	if l.File == "" {
		if s := l.Getenv(variable); variable != "" && s != "" {
			return s, nil
		}
		l.File = otherwise
	}
	if l.File == "" {
		return "", fmt.Errorf("set %s, or name a file by ?token-file=", variable)
	}
	b, err := os.ReadFile(l.File)
	return strings.TrimSpace(string(b)), err
}
