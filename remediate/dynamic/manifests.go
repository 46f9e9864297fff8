package dynamic

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Manifests writes how programs ask for their user: what `oakum run` reads, a request
// that any program can make, and for those in Kubernetes the annotations of Vault's
// agent (https://developer.hashicorp.com/vault/docs/deploy/kubernetes/injector/annotations)
// and a VaultDynamicSecret (https://developer.hashicorp.com/vault/docs/deploy/kubernetes/vso/api-reference).
func (s *Settings) Manifests(out io.Writer) error {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(s.Readers)) {
		s.manifest(&b, name, s.Readers[name])
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (s *Settings) manifest(b *strings.Builder, name string, r Reader) {
	path, method := s.path(r), s.method(name)
	login := ""
	if method != "" {
		login = "?auth=" + method + "&role=" + name
	}
	fmt.Fprintf(b, `# %[1]s: oakum run, in .oakum-refs.yaml
version: 1
environment:
  DB_USER: ref+vault://%[2]s%[3]s#/username
  DB_PASSWORD: ref+vault://%[2]s%[3]s#/password
---
# %[1]s: by itself, after it has logged in at auth/%[4]s/login as role %[1]s
# GET /v1/%[2]s
`, name, path, login, method)
	if k := r.As.Kubernetes; k != nil {
		fmt.Fprintf(b, `---
# %[1]s: Vault's agent (experimental), in the pod's metadata; the program reads /vault/secrets/database
annotations:
  vault.hashicorp.com/agent-inject: "true"
  vault.hashicorp.com/role: %[1]s
  vault.hashicorp.com/agent-revoke-on-shutdown: "true"
  vault.hashicorp.com/agent-inject-secret-database: %[2]s
  vault.hashicorp.com/agent-inject-template-database: |
    {{- with secret "%[2]s" -}}
    DB_USER={{ .Data.username }}
    DB_PASSWORD={{ .Data.password }}
    {{- end }}
---
# %[1]s: Vault Secrets Operator (experimental); the program reads the Secret %[1]s-database
apiVersion: secrets.hashicorp.com/v1beta1
kind: VaultAuth
metadata:
  name: %[1]s
  namespace: %[3]s
spec:
  method: kubernetes
  mount: kubernetes
  kubernetes:
    role: %[1]s
    serviceAccount: %[4]s
    audiences: [%[5]s]
---
apiVersion: secrets.hashicorp.com/v1beta1
kind: VaultDynamicSecret
metadata:
  name: %[1]s-database
  namespace: %[3]s
spec:
  vaultAuthRef: %[1]s
  mount: %[6]s
  path: %[7]s
%[8]s  renewalPercent: 67
  revoke: true
  destination:
    name: %[1]s-database
    create: true
  rolloutRestartTargets:
    - kind: Deployment
      name: %[4]s
`, name, path, k.Namespace, k.Name, s.Vault.Audience, s.Vault.Mount, strings.TrimPrefix(path, s.Vault.Mount+"/"), static(r))
	}
	b.WriteString("---\n")
}

// static: a static role's answer has no lease.
func static(r Reader) string {
	if r.Static == "" {
		return ""
	}
	return "  allowStaticCreds: true\n"
}

// method is where a reader logs in.
func (s *Settings) method(reader string) string {
	for _, g := range s.access().VaultGrants() {
		if g.Reader == reader {
			return strings.Split(g.Role.Path, "/")[1]
		}
	}
	return ""
}
