package access

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/remediate/ref"
)

// Document is one compiled text.
type Document struct {
	Name    string // orders.iam-policy.json
	Reader  string
	Content []byte
}

// keyVaultSecretsUser is the built-in role that reads values and nothing else
// (learn.microsoft.com, "Azure built-in roles for Security").
const keyVaultSecretsUser = "4633458b-17de-408a-b874-0445c86b69e6"

// Compile writes all documents, in the order of readers' names.
func (d *Description) Compile() (docs []Document, err error) {
	for _, name := range slices.Sorted(maps.Keys(d.Readers)) {
		r := d.Readers[name]
		add := func(kind string, content any) {
			if err != nil {
				return
			}
			text, ok := content.([]byte)
			if !ok {
				if text, err = pretty(content); err != nil {
					return
				}
			}
			docs = append(docs, Document{name + "." + kind, name, text})
		}
		if r.As.aws() && len(d.needs(r)) > 0 {
			add("iam-policy.json", d.permissions(r))
			add("trust-policy.json", d.trust(r))
		}
		if paths := d.vaultPaths(r); len(paths) > 0 {
			add("vault-policy.hcl", vaultPolicy(paths))
			add("vault-role.json", d.vaultRole(name, r))
		}
		if list := d.azure(r); len(list) > 0 {
			add("azure-role-assignments.json", list)
		}
		if list := d.gcp(r); len(list) > 0 {
			add("gcp-bindings.json", list)
		}
	}
	return docs, err
}

func pretty(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return out.Bytes(), err
}

// vaultPaths are the paths that a reader's secrets have: KV version 2 reads below data.
func (d *Description) vaultPaths(r Reader) (paths []string) {
	for _, name := range r.Reads {
		s := d.Secrets[name]
		if s.Store == ref.Vault && s.Engine != "" {
			paths = append(paths, strings.Trim(s.Name, "/"))
		} else if s.Store == ref.Vault {
			mount, path := mountAndPath(s.Name)
			paths = append(paths, mount+"/data/"+path)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

func vaultPolicy(paths []string) []byte {
	var out strings.Builder
	for i, p := range paths {
		if i > 0 {
			out.WriteString("\n")
		}
		fmt.Fprintf(&out, "path %q {\n  capabilities = [\"read\"]\n}\n", p)
	}
	return []byte(out.String())
}

// Role is an auth method's role: where it is written, and what.
type Role struct {
	Path string         `json:"path"`
	Data map[string]any `json:"data"`
}

// Grant is what Vault is told of one reader: a policy under the reader's name, and the
// role that binds it to the reader's identity.
type Grant struct {
	Reader string
	Policy []byte
	Role   Role
}

// VaultGrants are those of all who read from Vault, in the order of their names.
func (d *Description) VaultGrants() (grants []Grant) {
	for _, name := range slices.Sorted(maps.Keys(d.Readers)) {
		if paths := d.vaultPaths(d.Readers[name]); len(paths) > 0 {
			grants = append(grants, Grant{name, vaultPolicy(paths), d.vaultRole(name, d.Readers[name])})
		}
	}
	return grants
}

// vaultRole binds the policy to the identity. Tokens live an hour, and what
// proves the identity is exact (developer.hashicorp.com/vault/api-docs/auth).
func (d *Description) vaultRole(name string, r Reader) Role {
	data := map[string]any{"token_policies": []string{name}, "token_ttl": "1h", "token_max_ttl": "24h"}
	as := r.As
	set := func(method string, more map[string]any) Role {
		maps.Copy(data, more)
		return Role{"auth/" + method + "/role/" + name, data}
	}
	switch {
	case as.Kubernetes != nil:
		return set("kubernetes", map[string]any{"bound_service_account_names": []string{as.Kubernetes.Name}, "bound_service_account_namespaces": []string{as.Kubernetes.Namespace}, "audience": d.Vault.Audience})
	case as.AppRole != nil: // a secret id is used once, within ten minutes of being handed out
		return set("approle", map[string]any{"bind_secret_id": true, "secret_id_num_uses": 1, "secret_id_ttl": "10m"})
	case as.IAMRole != "":
		return set("aws", map[string]any{"auth_type": "iam", "bound_iam_principal_arn": []string{as.IAMRole}, "resolve_aws_unique_ids": true})
	case as.Azure != nil:
		return set("azure", map[string]any{"bound_service_principal_ids": []string{as.Azure.Principal}, "bound_subscription_ids": listOf(as.Azure.Subscription), "bound_resource_groups": listOf(as.Azure.ResourceGroup)})
	case as.GCP != "": // a metadata server's token lives an hour, which is more than the method takes unless told
		return set("gcp", map[string]any{"type": "iam", "bound_service_accounts": []string{as.GCP}, "max_jwt_exp": "1h"})
	}
	subject := ""
	if as.JWT != nil {
		subject = as.JWT.Subject
	} else {
		_, _, subject = as.Web()
	}
	return set("jwt", map[string]any{"role_type": "jwt", "user_claim": "sub", "bound_audiences": []string{d.Vault.Audience}, "bound_subject": subject})
}

func listOf(text string) []string {
	if text == "" {
		return []string{}
	}
	return []string{text}
}

// assignment is Azure's.
type assignment struct {
	Scope            string `json:"scope"`
	RoleDefinitionID string `json:"roleDefinitionId"`
	PrincipalID      string `json:"principalId"`
	PrincipalType    string `json:"principalType"`
}

// azure assigns the role on each secret, not on its vault.
func (d *Description) azure(r Reader) (list []assignment) {
	for _, name := range slices.Sorted(slices.Values(r.Reads)) {
		if s := d.Secrets[name]; s.Store == ref.AzureKeyVault && r.As.Azure != nil {
			list = append(list, assignment{
				Scope:            "/subscriptions/" + s.Subscription + "/resourceGroups/" + s.ResourceGroup + "/providers/Microsoft.KeyVault/vaults/" + s.Vault + "/secrets/" + s.Name,
				RoleDefinitionID: "/subscriptions/" + s.Subscription + "/providers/Microsoft.Authorization/roleDefinitions/" + keyVaultSecretsUser,
				PrincipalID:      r.As.Azure.Principal,
				PrincipalType:    "ServicePrincipal",
			})
		}
	}
	return list
}

// binding is GCP's, on one secret.
type binding struct {
	Resource string   `json:"resource"`
	Role     string   `json:"role"`
	Members  []string `json:"members"`
}

func (d *Description) gcp(r Reader) (list []binding) {
	for _, name := range slices.Sorted(slices.Values(r.Reads)) {
		if s := d.Secrets[name]; s.Store == ref.GCPSecrets && r.As.GCP != "" {
			list = append(list, binding{"projects/" + s.Project + "/secrets/" + s.Name, "roles/secretmanager.secretAccessor", []string{"serviceAccount:" + r.As.GCP}})
		}
	}
	return list
}
