// Package azurekeyvault keeps secrets in Azure Key Vault
// (https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups).
//
// Its limits are Key Vault's: setting a secret makes a new version, whoever stands there
// and whatever its value, so two writers at the same instant can pass each other, and
// this driver looks right before it writes. The name of a deleted secret is taken until
// it is purged, 90 days as a rule.
package azurekeyvault

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
)

// Key Vault's bounds (https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates).
const (
	maxValue = 25 << 10
	maxName  = 127
)

// Driver reaches one vault.
type Driver struct {
	api   *azsecrets.Client
	vault string // its URL
}

// Open opens azurekeyvault://NAME, or azurekeyvault://HOST for a vault of a sovereign
// cloud, with the SDK's default credentials: a workload's managed identity, a service
// principal of the environment, or those of `az login`.
func Open(_ context.Context, target *url.URL, _ func(string) string) (store.Driver, error) {
	host := target.Host
	if host == "" {
		return nil, errors.New("name the vault: azurekeyvault://NAME")
	}
	if !strings.Contains(host, ".") {
		host += ".vault.azure.net"
	}
	who, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		return nil, fmt.Errorf("find Azure credentials: %w", err)
	}
	return New("https://"+host+"/", who, azcore.ClientOptions{})
}

// New is the driver of a vault.
func New(vault string, who azcore.TokenCredential, opt azcore.ClientOptions) (*Driver, error) {
	opt.Retry = policy.RetryOptions{MaxRetries: -1} // a Store retries, and looks before it does
	api, err := azsecrets.NewClient(vault, who, &azsecrets.ClientOptions{ClientOptions: opt})
	if err != nil {
		return nil, fmt.Errorf("reach Key Vault: %w", err)
	}
	return &Driver{api: api, vault: vault}, nil
}

func (d *Driver) Describe(context.Context) (store.Description, error) {
	host := strings.TrimSuffix(strings.TrimPrefix(d.vault, "https://"), "/")
	name, rest, _ := strings.Cut(host, ".")
	if rest != "vault.azure.net" {
		name = host
	}
	return store.Description{
		Kind: "azurekeyvault", Identity: "Azure Key Vault " + host,
		Ref:   store.Ref{Prefix: "ref+azurekeyvault://" + name + "/"},
		Names: store.Names{Pattern: `[0-9A-Za-z-]+`, Max: maxName, Join: "-"}, MaxValue: maxValue, Text: true, Lingers: true,
	}, nil
}

// Stat asks for the versions, which holds no value, and takes the youngest.
func (d *Driver) Stat(ctx context.Context, name string) (store.Entry, error) {
	var newest *azsecrets.SecretProperties
	for pages := d.api.NewListSecretPropertiesVersionsPager(name, nil); pages.More(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return store.Entry{}, failed(err)
		}
		for _, p := range page.Value {
			if newest == nil || made(p).After(made(newest)) {
				newest = p
			}
		}
	}
	if newest != nil && newest.ID != nil {
		return entry(name, newest.ID, newest.Tags), nil
	}
	gone, err := d.api.GetDeletedSecret(ctx, name, nil)
	if err != nil {
		return store.Entry{}, failed(err)
	}
	e := entry(name, gone.ID, gone.Tags)
	e.State = store.Deleted
	return e, nil
}

func made(p *azsecrets.SecretProperties) time.Time {
	if p.Attributes == nil || p.Attributes.Created == nil {
		return time.Time{}
	}
	return *p.Attributes.Created
}

func entry(name string, id *azsecrets.ID, tags map[string]*string) store.Entry {
	e := store.Entry{Name: name, Tags: map[string]string{}}
	if id != nil {
		e.Version = id.Version()
	}
	for k, v := range tags {
		if v != nil {
			e.Tags[k] = *v
		}
	}
	return e
}

func (d *Driver) Read(ctx context.Context, name, version string) (store.Entry, leak.Secret, error) {
	s, err := d.api.GetSecret(ctx, name, version, nil)
	if err != nil {
		return store.Entry{}, leak.Secret{}, d.unreadable(ctx, name, failed(err))
	}
	if s.Value == nil {
		return store.Entry{}, leak.Secret{}, store.Failf(store.Unknown, "the vault gives no value")
	}
	return entry(name, s.ID, s.Tags), leak.NewSecret([]byte(*s.Value)), nil
}

// unreadable tells a name that is free from one that a deleted secret holds: to those
// who read, both are not there.
func (d *Driver) unreadable(ctx context.Context, name string, err error) error {
	if store.CodeOf(err) != store.NotFound {
		return err
	}
	if e, looked := d.Stat(ctx, name); looked == nil && e.State == store.Deleted {
		return store.Failf(store.GoneName, "a deleted secret holds it; az keyvault secret recover brings it back, purge frees the name")
	}
	return err
}

func (d *Driver) Write(ctx context.Context, w store.Write) (string, error) {
	if w.Pending {
		return "", store.Failf(store.Unsupported, "a version cannot wait in this store")
	}
	if err := d.expect(ctx, w); err != nil {
		return "", err
	}
	text, tags := store.Plain(w.Value), map[string]*string{}
	for k, v := range w.Tags {
		tags[k] = &v
	}
	s, err := d.api.SetSecret(ctx, w.Name, azsecrets.SetSecretParameters{Value: &text, Tags: tags}, nil)
	if err != nil {
		return "", failed(err)
	}
	return s.ID.Version(), nil
}

// expect looks whether what w counts on is so: Key Vault does not.
func (d *Driver) expect(ctx context.Context, w store.Write) error {
	e, err := d.Stat(ctx, w.Name)
	switch {
	case store.CodeOf(err) == store.NotFound && w.From == "":
		return nil
	case err != nil:
		return err
	case e.State == store.Deleted:
		return store.Failf(store.GoneName, "a deleted secret holds it")
	case w.From == "":
		return store.Failf(store.AlreadyExists, "the name is taken")
	case e.Version != w.From:
		return store.Failf(store.Conflict, "version %s is current", e.Version)
	}
	return nil
}

func (d *Driver) Delete(ctx context.Context, name, version string) error {
	e, err := d.Stat(ctx, name)
	if err != nil {
		return err
	}
	if e.State == store.Deleted {
		return nil
	}
	if e.Version != version {
		return store.Failf(store.Conflict, "version %s is current", e.Version)
	}
	_, err = d.api.DeleteSecret(ctx, name, nil)
	return failed(err)
}

// failed gives an error its code
// (https://learn.microsoft.com/azure/key-vault/general/rest-error-codes).
func failed(err error) error {
	if err == nil || store.CodeOf(err) != store.Unknown {
		return err
	}
	answer, ok := errors.AsType[*azcore.ResponseError](err)
	if !ok {
		if _, ok := errors.AsType[*azidentity.AuthenticationFailedError](err); ok {
			return store.Fail(store.Unauthenticated, err)
		}
		return store.Fail(store.Unavailable, err)
	}
	return store.Fail(meaning(answer), err)
}

func meaning(answer *azcore.ResponseError) store.Code {
	switch s := answer.StatusCode; {
	case s == http.StatusNotFound:
		return store.NotFound
	case s == http.StatusUnauthorized:
		return store.Unauthenticated
	case s == http.StatusForbidden:
		return store.PermissionDenied
	case s == http.StatusConflict: // ObjectIsDeletedButRecoverable, ObjectIsBeingDeleted
		return store.GoneName
	case s == http.StatusBadRequest:
		return store.InvalidArgument
	case s == http.StatusRequestEntityTooLarge:
		return store.TooLarge
	case s == http.StatusTooManyRequests:
		return store.Throttled
	case s >= 500:
		return store.Unavailable
	}
	return store.Unknown
}
