// Package stores opens any of the stores that there are drivers for, by the name that a
// user gives one (--to awssecrets://?region=eu-west-1) or by a reference to a secret in
// one (ref+awssecrets://prod/mysql#/password).
package stores

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/store/awsparams"
	"github.com/oakum-sec/oakum/remediate/store/awssecrets"
	"github.com/oakum-sec/oakum/remediate/store/azurekeyvault"
	"github.com/oakum-sec/oakum/remediate/store/gcpsecrets"
	"github.com/oakum-sec/oakum/remediate/store/vaultkv"
)

// clouds are the stores that are reached over a network.
var clouds = map[string]store.Opener{
	"awssecrets": awssecrets.Open, "awsparams": awsparams.Open, "vaultkv": vaultkv.Open,
	"azurekeyvault": azurekeyvault.Open, "gcpsecrets": gcpsecrets.Open,
}

// ageFile is the store that is a file.
const ageFile = "age"

// Kinds are the names that a store's name begins with.
func Kinds() []string { return append(slices.Sorted(maps.Keys(clouds)), ageFile) }

// experimental are the stores that were tried on no more than an emulator, a fake or a
// server of ours (docs/compat.md).
var experimental = map[string]bool{"awssecrets": true, "awsparams": true, "azurekeyvault": true, "gcpsecrets": true}

// Label is how a kind of store is shown to people.
func Label(kind string) string {
	if experimental[kind] {
		return kind + " (experimental)"
	}
	return kind
}

// Opener opens stores.
type Opener struct {
	Getenv func(string) string
	// Age opens an encrypted file: age:FILE, or "age:" where it is not named.
	Age func(target *url.URL) (store.Driver, error)
}

// Open opens the store that a user named: KIND, KIND://REST, or age:FILE. What may follow
// "://" the drivers' Open functions say.
func (o Opener) Open(ctx context.Context, named string) (store.Driver, error) {
	kind, rest, _ := strings.Cut(named, ":")
	open := clouds[kind]
	if open == nil && kind != ageFile {
		return nil, fmt.Errorf("there is no store called %q: a store is one of %s", kind, strings.Join(Kinds(), ", "))
	}
	if rest == "" && kind == "vaultkv" {
		rest = "//secret" // where `vault server -dev` and most installations mount it
	}
	target, err := url.Parse(kind + ":" + rest)
	if err != nil {
		return nil, fmt.Errorf("%q is not read as the name of a store: write it as age:secrets.age, awssecrets: or vaultkv://secret", named)
	}
	if kind == ageFile {
		return o.Age(target)
	}
	return open(ctx, target, o.Getenv)
}
