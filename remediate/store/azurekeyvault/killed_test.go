package azurekeyvault_test

import (
	"net/http"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets/fake"

	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/store/azurekeyvault"
	"github.com/oakum-sec/oakum/remediate/store/storetest"
)

// hooked calls hook before and after each request.
type hooked struct {
	policy.Transporter
	hook func()
}

func (h hooked) Do(r *http.Request) (*http.Response, error) {
	h.hook()
	resp, err := h.Transporter.Do(r)
	h.hook()
	return resp, err
}

func TestKilled(t *testing.T) {
	storetest.Killed(t, func(hook func()) store.Driver {
		v := &vault{secrets: map[string][]azsecrets.Secret{}, deleted: map[string][]azsecrets.Secret{}}
		d, err := azurekeyvault.New("https://shop.vault.azure.net/", &azfake.TokenCredential{}, azcore.ClientOptions{Transport: hooked{fake.NewServerTransport(v.server()), hook}})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}, 20)
}
