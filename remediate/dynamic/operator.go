package dynamic

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// OperatorPolicy is what whoever applies the settings, and takes them back, may do in
// Vault: each path by its name.
func (s *Settings) OperatorPolicy(out io.Writer) error {
	var b strings.Builder
	allow := func(path, capabilities string) {
		fmt.Fprintf(&b, "path %q {\n  capabilities = %q\n}\n", path, strings.Split(capabilities, " "))
	}
	const all = "create read update delete"
	mount := s.Vault.Mount
	allow("sys/mounts", "read")
	allow("sys/mounts/"+mount, "create update delete")
	allow(mount+"/config", "list")
	allow(mount+"/config/"+s.Database.Name, all)
	allow(mount+"/roles/"+s.Role.Name, all)
	for _, name := range slices.Sorted(maps.Keys(s.Static)) {
		allow(mount+"/static-roles/"+name, all)
	}
	if s.RotateRoot {
		allow(mount+"/rotate-root/"+s.Database.Name, "create update")
	}
	if len(s.Readers) > 0 {
		allow("sys/auth", "read")
		allow("auth/token/create", "create update sudo") // a token with a policy of others', to try it
	}
	for _, g := range s.access().VaultGrants() {
		allow("sys/policies/acl/"+g.Reader, all)
		allow(g.Role.Path, all)
	}
	allow("sys/leases/revoke", "update")
	allow("sys/leases/revoke-prefix/"+mount+"/creds/"+s.Role.Name, "update sudo")
	_, err := io.WriteString(out, strings.ReplaceAll(b.String(), `" "`, `", "`))
	return err
}
