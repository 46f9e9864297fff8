package azurekeyvault_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets/fake"

	"github.com/oakum-sec/oakum/remediate/store/azurekeyvault"
	"github.com/oakum-sec/oakum/remediate/store/storetest"
)

// vault is what stands behind Microsoft's own fake of its service: names, versions,
// soft deletion. Two versions are a second apart, as the service tells time.
type vault struct {
	lock    sync.Mutex
	secrets map[string][]azsecrets.Secret
	deleted map[string][]azsecrets.Secret
	denied  bool
	clock   int64
}

func (v *vault) server() *fake.Server {
	return &fake.Server{GetSecret: v.get, SetSecret: v.set, DeleteSecret: v.remove, GetDeletedSecret: v.gone,
		NewListSecretPropertiesVersionsPager: v.versions}
}

func (v *vault) get(_ context.Context, name, version string, _ *azsecrets.GetSecretOptions) (resp azfake.Responder[azsecrets.GetSecretResponse], fail azfake.ErrorResponder) {
	v.lock.Lock()
	defer v.lock.Unlock()
	if v.denied {
		fail.SetResponseError(http.StatusForbidden, "Forbidden")
		return
	}
	all := v.secrets[name]
	for i := len(all) - 1; i >= 0; i-- {
		if version == "" || all[i].ID.Version() == version {
			resp.SetResponse(http.StatusOK, azsecrets.GetSecretResponse{Secret: all[i]}, nil)
			return
		}
	}
	fail.SetResponseError(http.StatusNotFound, "SecretNotFound")
	return
}

func (v *vault) set(_ context.Context, name string, p azsecrets.SetSecretParameters, _ *azsecrets.SetSecretOptions) (resp azfake.Responder[azsecrets.SetSecretResponse], fail azfake.ErrorResponder) {
	v.lock.Lock()
	defer v.lock.Unlock()
	switch {
	case v.denied:
		fail.SetResponseError(http.StatusForbidden, "Forbidden")
		return
	case len(v.deleted[name]) > 0:
		fail.SetResponseError(http.StatusConflict, "ObjectIsDeletedButRecoverable")
		return
	case p.Value == nil || len(*p.Value) > 25<<10:
		fail.SetResponseError(http.StatusBadRequest, "BadParameter")
		return
	}
	v.clock++
	now := time.Unix(1_700_000_000+v.clock, 0)
	id := azsecrets.ID(fmt.Sprintf("https://shop.vault.azure.net/secrets/%s/%032x", name, v.clock))
	s := azsecrets.Secret{ID: &id, Value: p.Value, Tags: p.Tags, Attributes: &azsecrets.SecretAttributes{Created: &now}}
	v.secrets[name] = append(v.secrets[name], s)
	resp.SetResponse(http.StatusOK, azsecrets.SetSecretResponse{Secret: s}, nil)
	return
}

func (v *vault) remove(_ context.Context, name string, _ *azsecrets.DeleteSecretOptions) (resp azfake.Responder[azsecrets.DeleteSecretResponse], fail azfake.ErrorResponder) {
	v.lock.Lock()
	defer v.lock.Unlock()
	if len(v.secrets[name]) == 0 {
		fail.SetResponseError(http.StatusNotFound, "SecretNotFound")
		return
	}
	v.deleted[name], v.secrets[name] = v.secrets[name], nil
	resp.SetResponse(http.StatusOK, azsecrets.DeleteSecretResponse{}, nil)
	return
}

func (v *vault) gone(_ context.Context, name string, _ *azsecrets.GetDeletedSecretOptions) (resp azfake.Responder[azsecrets.GetDeletedSecretResponse], fail azfake.ErrorResponder) {
	v.lock.Lock()
	defer v.lock.Unlock()
	all := v.deleted[name]
	if len(all) == 0 {
		fail.SetResponseError(http.StatusNotFound, "SecretNotFound")
		return
	}
	last := all[len(all)-1]
	resp.SetResponse(http.StatusOK, azsecrets.GetDeletedSecretResponse{DeletedSecret: azsecrets.DeletedSecret{ID: last.ID, Tags: last.Tags}}, nil)
	return
}

func (v *vault) versions(name string, _ *azsecrets.ListSecretPropertiesVersionsOptions) (resp azfake.PagerResponder[azsecrets.ListSecretPropertiesVersionsResponse]) {
	v.lock.Lock()
	defer v.lock.Unlock()
	if v.denied {
		resp.AddResponseError(http.StatusForbidden, "Forbidden")
		return
	}
	// Pages of two, so that every test that makes three versions pages.
	for all := v.secrets[name]; ; all = all[2:] {
		var page azsecrets.ListSecretPropertiesVersionsResponse
		for _, s := range all[:min(2, len(all))] {
			page.Value = append(page.Value, &azsecrets.SecretProperties{ID: s.ID, Tags: s.Tags, Attributes: s.Attributes})
		}
		resp.AddPage(http.StatusOK, page, nil)
		if len(all) <= 2 {
			return
		}
	}
}

func driver(t *testing.T, v *vault) *azurekeyvault.Driver {
	t.Helper()
	d, err := azurekeyvault.New("https://shop.vault.azure.net/", &azfake.TokenCredential{}, azcore.ClientOptions{Transport: fake.NewServerTransport(v.server())})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestStore(t *testing.T) {
	v := &vault{secrets: map[string][]azsecrets.Secret{}, deleted: map[string][]azsecrets.Secret{}}
	storetest.Run(t, &storetest.Bench{
		Driver: driver(t, v),
		Prefix: []string{"prod"},
		Denied: driver(t, &vault{denied: true}),
		Delete: func(_ context.Context, name string) error {
			v.lock.Lock()
			defer v.lock.Unlock()
			v.deleted[name], v.secrets[name] = v.secrets[name], nil
			return nil
		},
	})
}
