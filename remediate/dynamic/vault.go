package dynamic

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/vaultlogin"
)

// resource is something in Vault under a path: what it is to hold is written there, and
// read back from there.
func (w *world) resource(id, at string, data map[string]any) thing {
	return thing{
		what: at + " in Vault", ours: func() bool { return w.made(id) },
		look: func(ctx context.Context) (state, error) {
			have, err := w.read(ctx, at)
			if err != nil || have == nil {
				return absent, err
			}
			for name, want := range data {
				if !same(want, have[name]) {
					return differs, nil
				}
			}
			return equal, nil
		},
		make: func(ctx context.Context) error { return w.write(ctx, at, data) },
		remove: func(ctx context.Context) error {
			_, err := w.vault.Logical().DeleteWithContext(ctx, at)
			return told("remove", at, err)
		},
	}
}

// read is what is under a path, nil where nothing is.
func (w *world) read(ctx context.Context, at string) (map[string]any, error) {
	s, err := w.vault.Logical().ReadWithContext(ctx, at)
	switch code := vaultlogin.CodeOf(err); {
	case code == store.NotFound || err == nil && s == nil:
		return nil, nil
	case err != nil:
		return nil, told("read", at, err)
	}
	return s.Data, nil
}

func (w *world) write(ctx context.Context, at string, data map[string]any) error {
	_, err := w.vault.Logical().WriteWithContext(ctx, at, data)
	return told("write", at, err)
}

// told says what was tried, and what Vault answered.
func told(verb, at string, err error) error {
	if err == nil {
		return nil
	}
	code := vaultlogin.CodeOf(err)
	err = fmt.Errorf("%s %s in Vault: %w", verb, at, vaultlogin.Brief(err))
	if code == store.PermissionDenied {
		err = fmt.Errorf("%w (`oakum remediate dynamic policy` writes the policy that is needed)", err)
	}
	return err
}

// same compares what we write with what Vault gives back: it sorts some lists, turns
// durations into seconds, and leaves out what is empty.
func same(want, have any) bool {
	switch w := want.(type) {
	case nil:
		return have == nil
	case bool:
		return have == w
	case string:
		if s, ok := have.(string); ok {
			return strings.TrimSpace(w) == strings.TrimSpace(s)
		}
		if d, err := time.ParseDuration(w); err == nil {
			return seconds(have) == int64(d/time.Second)
		}
		return w == "" && have == nil
	case int, int64:
		return seconds(have) == seconds(w)
	case []string:
		return slices.Equal(sorted(w), sorted(listed(have)))
	}
	return false
}

func seconds(v any) int64 {
	switch n := v.(type) {
	case int:
		return int64(n)
	case int64:
		return n
	case json.Number:
		i, _ := n.Int64()
		return i
	}
	return -1
}

func listed(v any) (texts []string) {
	if one, ok := v.(string); ok && one != "" {
		return strings.Split(one, ",")
	}
	items, _ := v.([]any)
	for _, item := range items {
		texts = append(texts, fmt.Sprint(item))
	}
	return texts
}

func sorted(list []string) []string {
	out := slices.Clone(list)
	sort.Strings(out)
	return out
}

// engine mounts the database engine.
func (w *world) engine() step {
	mount := w.set.Vault.Mount
	return step{
		Step: act.Step{ID: "mount", Text: "mount the database engine at " + mount, Undo: "unmount it, where it has no other database"},
		op: thing{what: "the mount " + mount, ours: func() bool { return w.made("mount") },
			look: func(ctx context.Context) (state, error) {
				mounts, err := w.vault.Sys().ListMountsWithContext(ctx)
				if err != nil {
					return absent, told("read", "sys/mounts", err)
				}
				switch m := mounts[mount+"/"]; {
				case m == nil:
					return absent, nil
				case m.Type != "database":
					return differs, nil
				}
				return equal, nil
			},
			make: func(ctx context.Context) error {
				return told("write", "sys/mounts/"+mount, w.vault.Sys().MountWithContext(ctx, mount, &api.MountInput{Type: "database", Description: "made by oakum"}))
			},
			remove: w.unmount},
	}
}

// unmount leaves the engine to others who have configured a database in it meanwhile.
func (w *world) unmount(ctx context.Context) error {
	mount := w.set.Vault.Mount
	s, err := w.vault.Logical().ListWithContext(ctx, mount+"/config")
	if err != nil {
		return told("list", mount+"/config", err)
	}
	if s != nil && len(listed(s.Data["keys"])) > 0 {
		w.say("%s stays mounted: it has other databases", mount)
		return nil
	}
	return told("unmount", mount, w.vault.Sys().UnmountWithContext(ctx, mount))
}

// configure tells the engine how it reaches the database. The manager's password is made
// here, set, and handed over; where anything ends it in between, the next try makes
// another one.
func (w *world) configure() step {
	set, at := w.set, w.set.Vault.Mount+"/config/"+w.set.Database.Name
	manager := set.Database.Manager
	t := w.resource("config", at, nil)
	t.look = func(ctx context.Context) (state, error) {
		have, err := w.read(ctx, at)
		if err != nil || have == nil {
			return absent, err
		}
		for name, want := range w.config() {
			if !same(want, setting(have, name)) {
				return differs, nil
			}
		}
		return equal, nil
	}
	t.make = func(ctx context.Context) error {
		password := fresh()
		if err := w.server.setPassword(ctx, manager, password); err != nil {
			return err
		}
		data := w.config()
		data["password"] = text(password)
		return w.write(ctx, at, data)
	}
	return step{
		Step: act.Step{ID: "config", Text: "configure " + at + " with " + manager + " and a new password, which no file has; Vault connects", Undo: "remove the configuration"},
		risk: "Vault must reach " + set.Database.Reached + ": where it cannot, nothing is configured",
		op:   t,
	}
}

func (w *world) config() map[string]any {
	allowed := []string{w.set.Role.Name}
	allowed = append(allowed, slices.Sorted(maps.Keys(w.set.Static))...)
	data := map[string]any{"username": w.set.Database.Manager, "allowed_roles": allowed}
	maps.Copy(data, w.server.connection())
	return data
}

// setting is a field of a configuration that was read: the plugin's own are below.
func setting(have map[string]any, name string) any {
	if v, ok := have[name]; ok {
		return v
	}
	details, _ := have["connection_details"].(map[string]any)
	return details[name]
}

// roles are the one that users are made of, and those of users that stay.
func (w *world) roles(s *Survey) (steps []step) {
	set, mount, how := w.set, w.set.Vault.Mount, w.server.statements(s)
	at := mount + "/roles/" + set.Role.Name
	t := w.resource("role", at, map[string]any{"db_name": set.Database.Name, "default_ttl": int(set.Role.TTL.Seconds()), "max_ttl": int(set.Role.Max.Seconds()),
		"creation_statements": how.Create, "revocation_statements": how.Revoke, "renew_statements": how.Renew, "rollback_statements": how.Revoke})
	remove := t.remove
	t.remove = func(ctx context.Context) error { // a lease without its role could not be ended
		if err := w.vault.Sys().RevokePrefixWithContext(ctx, mount+"/creds/"+set.Role.Name); err != nil {
			return told("revoke", mount+"/creds/"+set.Role.Name, err)
		}
		return remove(ctx)
	}
	steps = append(steps, step{
		Step: act.Step{ID: "role", Text: fmt.Sprintf("write %s: a user a program, for %s, at most %s", at, set.Role.TTL, set.Role.Max),
			Undo: "end all users that were made by it, and remove it"},
		op: t,
	})
	for _, name := range slices.Sorted(maps.Keys(set.Static)) {
		static, id := set.Static[name], "static "+name
		at := mount + "/static-roles/" + name
		steps = append(steps, step{
			Step: act.Step{ID: id, Text: fmt.Sprintf("write %s: from then on Vault changes the password of %s, at once and every %s", at, static.User, static.Period),
				Undo: "remove it; the user keeps a password that nobody knows: set one"},
			risk:  "the password that " + static.User + " has now ends at once: its program fails until it asks Vault",
			final: true,
			op:    w.resource(id, at, map[string]any{"db_name": set.Database.Name, "username": static.User, "rotation_period": int(static.Period.Seconds())}),
		})
	}
	return steps
}

// readers give each program its policy and its way to log in.
func (w *world) readers() (steps []step) {
	for _, g := range w.set.access().VaultGrants() {
		policy, role := "policy "+g.Reader, "login "+g.Reader
		steps = append(steps, step{
			Step: act.Step{ID: policy, Text: "write the policy " + g.Reader + ": it reads " + w.set.path(w.set.Readers[g.Reader]) + " and nothing else", Undo: "remove it"},
			op:   w.resource(policy, "sys/policies/acl/"+g.Reader, map[string]any{"policy": string(g.Policy)}),
		}, step{
			Step: act.Step{ID: role, Text: "write " + g.Role.Path + ": " + whom(g.Role.Data), Undo: "remove it"},
			risk: fromPages[strings.Split(g.Role.Path, "/")[1]],
			op:   w.login(role, g.Role.Path, g.Role.Data),
		})
	}
	return steps
}

// fromPages are the auth methods that no real one of was tried (docs/compat.md).
var fromPages = map[string]string{"aws": written, "azure": written, "gcp": written}

const written = "experimental: logins were tried on a server written from Vault's documentation"

// whom tells what a role is bound to.
func whom(data map[string]any) string {
	var bound []string
	for _, name := range slices.Sorted(maps.Keys(data)) {
		if v := fmt.Sprint(data[name]); strings.HasPrefix(name, "bound_") && v != "[]" {
			bound = append(bound, strings.TrimPrefix(name, "bound_")+" "+v)
		}
	}
	if len(bound) == 0 {
		return "whoever has its role id and a secret id"
	}
	return strings.Join(bound, ", ")
}

// login is an auth method's role. That the method is mounted and trusts the platform is
// an operator's decision, not ours.
func (w *world) login(id, at string, data map[string]any) thing {
	t := w.resource(id, at, data)
	look, method := t.look, strings.Split(at, "/")[1]
	t.look = func(ctx context.Context) (state, error) {
		mounts, err := w.vault.Sys().ListAuthWithContext(ctx)
		if err != nil {
			return absent, told("read", "sys/auth", err)
		}
		if mounts[method+"/"] == nil {
			return absent, fmt.Errorf("Vault has no auth method mounted at %s: `vault auth enable %[1]s`, and configure whom it trusts (docs/dynamic.md)", method)
		}
		return look(ctx)
	}
	return t
}

// rotateRoot has Vault change the manager's password.
func (w *world) rotateRoot() step {
	at := path.Join(w.set.Vault.Mount, "rotate-root", w.set.Database.Name)
	return step{
		Step:  act.Step{ID: "rotate-root", Text: "have Vault change the password of " + w.set.Database.Manager + " to one that nobody else knows", Undo: "nobody can give the old password back; dropping the user ends the matter"},
		risk:  "where Vault's storage is lost or put back from an older copy, it cannot log in to the database any more: set the password anew, and configure again",
		final: true,
		op: &once{was: func() bool { return w.happened("rotate-root") },
			do: func(ctx context.Context) error { return w.write(ctx, at, nil) }},
	}
}
