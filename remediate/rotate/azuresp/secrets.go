package azuresp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/internal/pause"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/rest"
	"github.com/oakum-sec/oakum/remediate/store"
)

// application is one, as Microsoft Graph tells it
// (https://learn.microsoft.com/graph/api/resources/application).
type application struct {
	Name    string   `json:"displayName"`
	Secrets []secret `json:"passwordCredentials"`
}

// secret is a passwordCredential.
type secret struct {
	ID   string    `json:"keyId"`
	Name string    `json:"displayName"`
	Hint string    `json:"hint"` // the first three characters; empty for very old ones
	End  time.Time `json:"endDateTime"`
	Text string    `json:"secretText"` // once, in the answer to addPassword
}

func (r *Rotator) path() string { return "v1.0/applications(appId='" + r.set.ClientID + "')" }

func (r *Rotator) application(ctx context.Context) (app application, err error) {
	_, err = r.graph.Do(ctx, rest.Call{Method: http.MethodGet, Path: r.path() + "?$select=id,appId,displayName,passwordCredentials", Into: &app})
	if err != nil {
		err = fmt.Errorf("look at the application %s: %w", r.set.ClientID, err)
	}
	return app, err
}

// like are the secrets that may be this one, by how it begins.
func (a application) like(c rotate.Credential) (all []secret) {
	text := store.Plain(c[rotate.Token])
	for _, k := range a.Secrets {
		if text != "" && strings.HasPrefix(text, k.Hint) {
			all = append(all, k)
		}
	}
	return all
}

// which is the secret that a value is of. Where several may be, the settings say it.
func (r *Rotator) which(a application, c rotate.Credential) (k secret, there bool, err error) {
	all := a.like(c)
	named := slices.IndexFunc(all, func(k secret) bool { return strings.EqualFold(k.ID, r.set.OldKeyID) })
	switch {
	case len(all) == 0:
		return k, false, nil
	case len(all) == 1:
		return all[0], true, nil
	case named >= 0:
		return all[named], true, nil
	}
	var names []string
	for _, k := range all {
		names = append(names, fmt.Sprintf("%s (%q, ends %s)", k.ID, k.Name, k.End.Format(time.DateOnly)))
	}
	return k, false, rotate.Refuse("say which one it is: `with: {old_key_id: …}`", "several secrets of %s may be the one in the store, by how it begins: %s", a.Name, strings.Join(names, ", "))
}

// mark names the secrets that a rotation makes.
func mark(op string) string { return "oakum rotation " + op }

// tries is how often a secret is made anew that begins as the old one does, which is one
// in some hundred thousand.
const tries = 3

// Provision has Microsoft make a secret. One of an earlier try, whose answer was lost,
// is removed first: nobody can ever use it.
func (r *Rotator) Provision(ctx context.Context, p rotate.Provision) (rotate.Credential, error) {
	if err := r.sweep(ctx, p, p.Tried); err != nil {
		return nil, err
	}
	for range tries {
		var k secret
		want := map[string]any{"displayName": mark(p.Op), "endDateTime": r.o.Now().AddDate(0, 0, r.set.Days).UTC().Format(time.RFC3339)}
		_, err := r.graph.Do(ctx, rest.Call{Method: http.MethodPost, Path: r.path() + "/addPassword", Body: map[string]any{"passwordCredential": want}, Into: &k, Once: true})
		if err != nil {
			return nil, fmt.Errorf("make a secret for %s: %w", r.set.ClientID, err)
		}
		if k.Text == "" || k.ID == "" {
			return nil, fmt.Errorf("no secret in Microsoft's answer for %s", r.set.ClientID)
		}
		if !strings.HasPrefix(store.Plain(p.Old[rotate.Token]), k.Text[:min(3, len(k.Text))]) {
			return rotate.Credential{rotate.Token: leak.NewSecret([]byte(k.Text))}, nil
		}
		if err := r.remove(ctx, k.ID); err != nil { // the two could not be told apart later
			return nil, err
		}
	}
	return nil, fmt.Errorf("%d new secrets of %s began as the old one does: try again", tries, r.set.ClientID)
}

// settle is how long a new secret may be missing in the list, which Microsoft's servers
// copy from one to another.
const settle = time.Minute

// sweep removes what this rotation made, by its name. With lost, something may have been
// made whose answer never came: where it is not listed yet, it is looked for once more.
func (r *Rotator) sweep(ctx context.Context, p rotate.Provision, lost bool) error {
	ours, err := r.ours(ctx, p)
	if err == nil && lost && len(ours) == 0 {
		if err = r.pause(ctx, settle); err == nil {
			ours, err = r.ours(ctx, p)
		}
	}
	for _, k := range ours {
		if err := r.remove(ctx, k.ID); err != nil {
			return err
		}
	}
	return err
}

func (r *Rotator) ours(ctx context.Context, p rotate.Provision) ([]secret, error) {
	app, err := r.application(ctx)
	return slices.DeleteFunc(app.Secrets, func(k secret) bool {
		return k.Name != mark(p.Op) || slices.Contains(p.Subject.Before, k.ID)
	}), err
}

func (r *Rotator) remove(ctx context.Context, keyID string) error {
	_, err := r.graph.Do(ctx, rest.Call{Method: http.MethodPost, Path: r.path() + "/removePassword", Body: map[string]string{"keyId": keyID}})
	if err != nil {
		return fmt.Errorf("remove the secret %s of %s: %w", keyID, r.set.ClientID, err)
	}
	return nil
}

// Delete removes the old secret, where it is known which one it is.
func (r *Rotator) Delete(ctx context.Context, old, now rotate.Credential) error {
	if old.Equal(now) {
		return errors.New("the old secret is the new one: nothing is removed")
	}
	if s, err := r.Status(ctx, old); err != nil || s == rotate.Gone {
		return err
	}
	app, err := r.application(ctx)
	if err != nil {
		return err
	}
	k, there, err := r.which(app, old)
	if err != nil || !there {
		return err
	}
	for _, n := range app.like(now) {
		if n.ID == k.ID {
			return fmt.Errorf("the secret %s may be the new one: nothing is removed", k.ID)
		}
	}
	return r.remove(ctx, k.ID)
}

// Withdraw removes what this rotation made, whether its value is known or not.
func (r *Rotator) Withdraw(ctx context.Context, p rotate.Provision) error {
	return r.sweep(ctx, p, len(p.New) == 0)
}

func (r *Rotator) pause(ctx context.Context, d time.Duration) error {
	if r.o.Pause != nil {
		return r.o.Pause(ctx, d)
	}
	return pause.For(ctx, d)
}
