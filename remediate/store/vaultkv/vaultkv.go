// Package vaultkv keeps secrets in a key-value store, version 2, of HashiCorp Vault or
// OpenBao (https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2).
//
// A value that is a JSON object of texts becomes the fields of an entry, as Vault's
// agents and operators expect them; any other becomes its one field "value". Every
// write is a check-and-set. The ownership tags are the entry's custom metadata, which
// Vault writes by another call: it goes first, and is taken back where the value then
// is not taken.
//
// Its limits: metadata has no check-and-set, so for the instant between its two calls
// a writer that is overtaken has put its tags on another one's entry. Version 1 of the
// store has no check-and-set at all and is refused.
package vaultkv

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/vaultlogin"
)

// maxValue leaves room in the 512 KB that the smallest of Vault's storage backends
// (Consul) takes, after JSON's escapes and encryption.
const maxValue = 128 << 10

// Driver reaches one mount.
type Driver struct {
	client *api.Client
	kv     *api.KVv2
	mount  string

	lock sync.Mutex
	told *store.Description
}

// Open opens vaultkv://MOUNT?address=URL&namespace=NAME&auth=…; the address and the
// namespace are by default those of VAULT_ADDR and VAULT_NAMESPACE. How it logs in is
// [vaultlogin.Open]'s.
func Open(ctx context.Context, target *url.URL, getenv func(string) string) (store.Driver, error) {
	mount := strings.Trim(target.Host+target.Path, "/")
	if mount == "" {
		return nil, errors.New("name the mount of the KV store: vaultkv://secret")
	}
	client, err := vaultlogin.Open(ctx, target.Query(), getenv)
	if err != nil {
		return nil, err
	}
	return New(client, mount), nil
}

// New is the driver of a mount that client may use. The client is the driver's from then on.
func New(client *api.Client, mount string) *Driver {
	client.SetMaxRetries(0) // the Store retries, and looks before it does
	return &Driver{client: client, kv: client.KVv2(mount), mount: mount}
}

func (d *Driver) Describe(ctx context.Context) (store.Description, error) {
	d.lock.Lock()
	defer d.lock.Unlock()
	if d.told != nil {
		return *d.told, nil
	}
	if err := d.isVersion2(ctx); err != nil {
		return store.Description{}, err
	}
	query := url.Values{"address": {d.client.Address()}}
	identity := d.client.Address()
	if ns := d.client.Namespace(); ns != "" {
		query.Set("namespace", ns)
		identity += " namespace " + ns
	}
	d.told = &store.Description{
		Kind: "vaultkv", Identity: identity + " mount " + d.mount,
		Ref:      store.Ref{Prefix: "ref+vault://" + d.mount + "/", Query: "?" + query.Encode(), Whole: whole},
		Names:    store.Names{Pattern: `[A-Za-z0-9_][A-Za-z0-9_.@=-]*(/[A-Za-z0-9_][A-Za-z0-9_.@=-]*)*`, Max: 400, Join: "/"},
		MaxValue: maxValue, Text: true, Atomic: true,
	}
	return *d.told, nil
}

// isVersion2 asks what the mount is, in the way that Vault's own command line does:
// whoever may use a mount may ask.
func (d *Driver) isVersion2(ctx context.Context) error {
	s, err := d.client.Logical().ReadWithContext(ctx, path.Join("sys/internal/ui/mounts", d.mount))
	if err != nil {
		return failed(err)
	}
	if s == nil {
		return store.Failf(store.NotFound, "nothing is mounted at %s", d.mount)
	}
	options, _ := s.Data["options"].(map[string]any)
	if s.Data["type"] != "kv" || options["version"] != "2" {
		return store.Failf(store.Unsupported, "%s is no KV store of version 2, which alone has check-and-set: vault secrets enable -path=NAME -version=2 kv", d.mount)
	}
	return nil
}

func (d *Driver) Stat(ctx context.Context, name string) (store.Entry, error) {
	m, err := d.kv.GetMetadata(ctx, name)
	if err != nil {
		return store.Entry{}, failed(err)
	}
	if m.CurrentVersion == 0 { // tags without a value: a write was cut off
		return store.Entry{}, store.Failf(store.NotFound, "nothing has this name")
	}
	e := store.Entry{Name: name, Version: strconv.Itoa(m.CurrentVersion), Tags: texts(m.CustomMetadata)}
	if gone(m.Versions[e.Version]) {
		e.State = store.Deleted
	}
	return e, nil
}

func gone(v api.KVVersionMetadata) bool {
	return v.Destroyed || !v.DeletionTime.IsZero() && v.DeletionTime.Before(time.Now())
}

func (d *Driver) Read(ctx context.Context, name, version string) (store.Entry, leak.Secret, error) {
	s, err := d.get(ctx, name, version)
	if err != nil {
		return store.Entry{}, leak.Secret{}, failed(err)
	}
	if s.Data == nil {
		if version == "" {
			return store.Entry{}, leak.Secret{}, store.Failf(store.GoneName, "its last version was deleted; vault kv undelete brings it back, vault kv metadata delete frees the name")
		}
		return store.Entry{}, leak.Secret{}, store.Failf(store.NotFound, "version %s was deleted", version)
	}
	value, err := join(s.Data)
	if err != nil {
		return store.Entry{}, leak.Secret{}, err
	}
	return store.Entry{Name: name, Version: strconv.Itoa(s.VersionMetadata.Version), Tags: texts(s.CustomMetadata)}, value, nil
}

func (d *Driver) get(ctx context.Context, name, version string) (*api.KVSecret, error) {
	if version == "" {
		return d.kv.Get(ctx, name)
	}
	n, err := strconv.Atoi(version)
	if err != nil || n < 1 {
		return nil, store.Failf(store.NotFound, "there is no version %q", version)
	}
	return d.kv.GetVersion(ctx, name, n)
}

func (d *Driver) Write(ctx context.Context, w store.Write) (string, error) {
	if w.Pending {
		return "", store.Failf(store.Unsupported, "a version cannot wait in this store")
	}
	before, err := d.expect(ctx, w)
	if err != nil {
		return "", err
	}
	if err := d.tag(ctx, w.Name, w.Tags, w.From == ""); err != nil {
		return "", err
	}
	from, _ := strconv.Atoi(w.From) // "" is 0, which to Vault is a free name
	s, err := d.kv.Put(ctx, w.Name, split(w.Value), api.WithCheckAndSet(from))
	if err == nil {
		return strconv.Itoa(s.VersionMetadata.Version), nil
	}
	err = failed(err)
	if store.CodeOf(err) == store.Conflict {
		d.untag(ctx, w, before)
		if w.From == "" {
			err = store.Fail(store.AlreadyExists, err)
		}
	}
	return "", err
}

// expect looks whether what w counts on is so, before anything is written. It gives
// the tags that stand there.
func (d *Driver) expect(ctx context.Context, w store.Write) (map[string]string, error) {
	e, err := d.Stat(ctx, w.Name)
	switch {
	case store.CodeOf(err) == store.NotFound && w.From == "":
		return nil, nil
	case err != nil:
		return nil, err
	case e.State == store.Deleted:
		return nil, store.Failf(store.GoneName, "its last version was deleted")
	case w.From == "":
		return nil, store.Failf(store.AlreadyExists, "the name is taken")
	case e.Version != w.From:
		return nil, store.Failf(store.Conflict, "version %s is current", e.Version)
	}
	return e.Tags, nil
}

// tag sets tags. Those of others stay where the entry is there already.
func (d *Driver) tag(ctx context.Context, name string, tags map[string]string, free bool) error {
	all := make(map[string]any, len(tags))
	for k, v := range tags {
		all[k] = v
	}
	if free {
		return failed(d.kv.PutMetadata(ctx, name, api.KVMetadataPutInput{CustomMetadata: all}))
	}
	return failed(d.kv.PatchMetadata(ctx, name, api.KVMetadataPatchInput{CustomMetadata: all}))
}

// untag puts the tags back that w wrote over. Its own error says nothing that the one
// of the write does not.
func (d *Driver) untag(ctx context.Context, w store.Write, before map[string]string) {
	all := map[string]any{}
	for k := range w.Tags {
		all[k] = nil // a merge patch takes it away (RFC 7396)
		if old, ok := before[k]; ok {
			all[k] = old
		}
	}
	d.kv.PatchMetadata(ctx, w.Name, api.KVMetadataPatchInput{CustomMetadata: all})
}

// Delete removes the entry with all its versions, which frees the name. Vault has no
// check-and-set for that: it looks right before.
func (d *Driver) Delete(ctx context.Context, name, version string) error {
	e, err := d.Stat(ctx, name)
	if err != nil {
		return err
	}
	if e.Version != version {
		return store.Failf(store.Conflict, "version %s is current", e.Version)
	}
	return failed(d.kv.DeleteMetadata(ctx, name))
}

// Tidy takes away the tags of a write that was cut off before its value was there.
func (d *Driver) Tidy(ctx context.Context, name, op string) error {
	m, err := d.kv.GetMetadata(ctx, name)
	if err != nil {
		return failed(err)
	}
	if m.CurrentVersion != 0 || texts(m.CustomMetadata)[store.TagOp] != op {
		return nil
	}
	return failed(d.kv.DeleteMetadata(ctx, name))
}

func texts(all map[string]any) map[string]string {
	out := make(map[string]string, len(all))
	for k, v := range all {
		out[k] = fmt.Sprint(v)
	}
	return out
}
