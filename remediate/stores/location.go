package stores

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/oakum-sec/oakum/remediate/ref"
)

// location is where a reference leads: a store as Open names it, and what in it.
type location struct {
	store   string
	name    string
	version string // "" is the current one
	field   string // of a document; "" is the whole value
}

// locate reads a reference. Its parameters are vals'
// (github.com/helmfile/vals, README "Supported Backends"), as far as they say where a
// secret is; those that say who asks are the environment's to say.
func locate(r ref.Ref) (location, error) {
	l := location{field: r.Key, version: r.Params["version"]}
	switch r.Backend {
	case ref.AWSSecrets:
		l.store, l.name, l.version = "awssecrets://"+query(r, "region", "profile", "role"), r.Path, r.Params["version_id"]
		if stage := r.Params["version_stage"]; stage != "" && stage != "AWSCURRENT" {
			return l, fmt.Errorf("version_stage=%s: a program gets what is AWSCURRENT", stage)
		}
	case ref.AWSParams:
		l.store, l.name = "awsparams://"+query(r, "region", "profile", "role"), "/"+strings.TrimPrefix(r.Path, "/")
	case ref.Vault:
		mount, name, ok := strings.Cut(strings.Trim(r.Path, "/"), "/")
		if !ok {
			return l, fmt.Errorf("%s names a mount and nothing in it", r.Path)
		}
		l.store, l.name = "vaultkv://"+mount+query(r, vaultParams...), name
	case ref.AzureKeyVault:
		vault, rest, _ := strings.Cut(r.Path, "/")
		l.store = "azurekeyvault://" + vault
		l.name, l.version, _ = strings.Cut(rest, "/")
	case ref.GCPSecrets:
		project, name, _ := strings.Cut(r.Path, "/")
		l.store, l.name = "gcpsecrets://"+project, name
	case ref.Age:
		l.store, l.name, l.field = (&url.URL{Scheme: ageFile, Opaque: (&url.URL{Path: r.Path}).EscapedPath()}).String(), r.Key, ""
	}
	if l.name == "" {
		return l, fmt.Errorf("it names a store and nothing in it")
	}
	return l, nil
}

// vaultParams say where Vault is and how to log in there.
var vaultParams = []string{"address", "namespace", "auth", "auth-mount", "role", "token-file", "aws-server-id"}

// login is a reference's part that says so.
func login(r ref.Ref) url.Values { return picked(r, vaultParams...) }

// query are the parameters of a reference that its store is opened with.
func query(r ref.Ref, names ...string) string {
	if v := picked(r, names...); len(v) > 0 {
		return "?" + v.Encode()
	}
	return ""
}

func picked(r ref.Ref, names ...string) url.Values {
	v := url.Values{}
	for _, n := range names {
		if p := r.Params[n]; p != "" {
			v.Set(n, p)
		}
	}
	return v
}
