package vaultlogin

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// gcp has Google's metadata server sign who this machine's service account is
// (https://cloud.google.com/compute/docs/instances/verifying-instance-identity).
func gcp(ctx context.Context, l Login) (map[string]any, error) {
	role, err := l.role()
	if err != nil {
		return nil, err
	}
	host := l.Getenv("GCE_METADATA_HOST") // Google's libraries know it under this name
	if host == "" {
		host = "169.254.169.254"
	}
	query := url.Values{"audience": {"vault/" + role}, "format": {"full"}}
	token, err := l.ask(ctx, "http://"+host+"/computeMetadata/v1/instance/service-accounts/default/identity?"+query.Encode(), "Metadata-Flavor", "Google")
	return map[string]any{"role": role, "jwt": string(token)}, err
}

// azure has the instance metadata service sign who this machine's managed identity is,
// and name the machine (https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service).
func azure(ctx context.Context, l Login) (map[string]any, error) {
	role, err := l.role()
	if err != nil {
		return nil, err
	}
	base := l.Getenv("AZURE_POD_IDENTITY_AUTHORITY_HOST") // Azure's libraries know it under this name
	if base == "" {
		base = "http://169.254.169.254"
	}
	query := url.Values{"api-version": {"2018-02-01"}, "resource": {"https://management.azure.com/"}}
	var token struct {
		Access string `json:"access_token"`
	}
	if err := l.askJSON(ctx, base+"/metadata/identity/oauth2/token?"+query.Encode(), &token); err != nil {
		return nil, err
	}
	var machine struct {
		Subscription string `json:"subscriptionId"`
		Group        string `json:"resourceGroupName"`
		Name         string `json:"name"`
		ScaleSet     string `json:"vmScaleSetName"`
	}
	if err := l.askJSON(ctx, base+"/metadata/instance/compute?api-version=2021-02-01&format=json", &machine); err != nil {
		return nil, err
	}
	return map[string]any{"role": role, "jwt": token.Access, "subscription_id": machine.Subscription,
		"resource_group_name": machine.Group, "vm_name": machine.Name, "vmss_name": machine.ScaleSet}, nil
}

func (l Login) askJSON(ctx context.Context, address string, into any) error {
	b, err := l.ask(ctx, address, "Metadata", "true")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("the metadata service answers something else than JSON")
	}
	return nil
}

// ask asks a metadata service, which wants a header that no browser and no redirect
// would send.
func (l Login) ask(ctx context.Context, address, header, value string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set(header, value)
	resp, err := l.HTTP.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the machine's metadata service: %w (this works on a machine of that cloud only)", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("the machine's metadata service answers %s", resp.Status)
	}
	return b, err
}
