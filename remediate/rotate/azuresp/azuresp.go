// Package azuresp rotates the client secrets of applications that are registered in
// Microsoft Entra ID: what a service principal signs in with.
//
// Its promises: each secret that a rotation makes is named after it, so that one whose
// value was lost is found and removed; the old one is removed only where it is known
// which one it is; the application that oakum itself signs in as is refused.
//
// Its limits: Microsoft shows of a secret its first three characters alone. Where two
// begin alike a person says which is meant. A secret cannot be disabled, only removed,
// for good. Whether the old one works is asked with it, which shows in the sign-in logs;
// who else used it is not asked, so the dwell is the only guard. Workload identity
// federation, or a managed identity, needs no secret.
package azuresp

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/rest"
	"github.com/oakum-sec/oakum/remediate/store"
)

// Kind is the rotator's in settings.
const Kind = "azure-client-secret"

// Settings are the rotator's own.
type Settings struct {
	Tenant   string `yaml:"tenant"`     // the directory's id
	ClientID string `yaml:"client_id"`  // the application's
	OldKeyID string `yaml:"old_key_id"` // of the old secret, where its beginning does not tell
	Days     int    `yaml:"days"`       // until a new secret ends; 0 is 180
	Login    string `yaml:"login"`      // of a sovereign cloud: https://login.microsoftonline.us
	Graph    string `yaml:"graph"`      // the same: https://graph.microsoft.us
}

// Options say how Microsoft is asked.
type Options struct {
	// Token is an administrator's for Microsoft Graph: Application.ReadWrite.OwnedBy, as
	// the application's owner, or Application.ReadWrite.All.
	Token     func(context.Context) (leak.Secret, error)
	Transport http.RoundTripper
	Pause     func(ctx context.Context, d time.Duration) error
	Now       func() time.Time
}

// Rotator rotates the secrets of one application.
type Rotator struct {
	set          Settings
	o            Options
	graph, login *rest.Client
}

var id = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// New is the rotator that an entry of the settings asks for. It works as whoever the
// SDK's default chain says: a managed identity, the environment, `az login`.
func New(_ context.Context, s rotate.Settings) (*Rotator, error) {
	var own Settings
	if err := s.Own(&own); err != nil {
		return nil, err
	}
	who, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		return nil, fmt.Errorf("find Azure credentials: %w", err)
	}
	r, err := With(own, Options{})
	if err != nil {
		return nil, err
	}
	scope := r.set.Graph + "/.default"
	r.o.Token = func(ctx context.Context) (leak.Secret, error) {
		t, err := who.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{scope}})
		if err != nil {
			return leak.Secret{}, fmt.Errorf("get a token for Microsoft Graph: %w", err)
		}
		return leak.NewSecret([]byte(t.Token)), nil
	}
	return r, nil
}

// With is the rotator that asks as o says.
func With(own Settings, o Options) (*Rotator, error) {
	if !id.MatchString(own.Tenant) || !id.MatchString(own.ClientID) || own.OldKeyID != "" && !id.MatchString(own.OldKeyID) {
		return nil, errors.New("say whose secret it is: `with: {tenant: …, client_id: …}`, by their ids (8-4-4-4-12 hexadecimal digits); so is `old_key_id`")
	}
	if own.Login == "" {
		own.Login = "https://login.microsoftonline.com"
	}
	if own.Graph == "" {
		own.Graph = "https://graph.microsoft.com"
	}
	if own.Days == 0 {
		own.Days = 180
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	r := &Rotator{set: own, o: o}
	var err, other error
	r.graph, err = rest.New(rest.Options{URL: own.Graph, Scheme: "Bearer ", Token: func(ctx context.Context) (leak.Secret, error) { return r.o.Token(ctx) }, Transport: o.Transport, Pause: o.Pause})
	r.login, other = rest.New(rest.Options{URL: own.Login, Transport: o.Transport, Pause: o.Pause})
	return r, errors.Join(err, other)
}

// Traits are the kind's.
func (r *Rotator) Traits() rotate.Traits {
	return rotate.Traits{Kind: Kind, Chooser: rotate.Provider, Parts: []string{rotate.Token}, Overlap: true,
		Risk: "a new secret needs some minutes until all of Microsoft's servers know it; a removed one never comes back"}
}

func (r *Rotator) Next(context.Context, rotate.Credential, string) (rotate.Credential, error) {
	return nil, errors.New("client secrets are made by Microsoft")
}

// Inspect refuses what must not be rotated: a secret that is dead, or of which it is not
// known which one it is, and the application that oakum signs in as.
func (r *Rotator) Inspect(ctx context.Context, old rotate.Credential) (rotate.Subject, error) {
	none := rotate.Subject{}
	if err := r.notOurs(ctx); err != nil {
		return none, err
	}
	alive, err := r.accepted(ctx, old)
	switch {
	case err != nil && !errors.Is(err, rotate.ErrNotYet):
		return none, err
	case !alive:
		return none, rotate.Refuse("it is harmless; store a new one in its place, and take this one out", "the client secret in the store is no secret of %s, or it expired", r.set.ClientID)
	}
	app, err := r.application(ctx)
	if err != nil {
		return none, err
	}
	k, there, err := r.which(app, old)
	switch {
	case err != nil:
		return none, err
	case !there:
		return none, rotate.Refuse("wait some minutes: it was removed, and not all servers know", "%s has no secret that begins as the one in the store", app.Name)
	}
	s := rotate.Subject{ID: "secret " + k.ID, Owner: "application " + app.Name + " (" + r.set.ClientID + ")", Status: rotate.Live, Notes: []string{"it ends " + k.End.Format(time.RFC3339),
		"Microsoft is not asked who uses the secret: give what uses it time (dwell)", "a managed identity, or workload identity federation, needs no secret"}}
	for _, k := range app.Secrets {
		s.Before = append(s.Before, k.ID)
	}
	return s, nil
}

// notOurs refuses where oakum's own token is the application's. What is no JWT, or names
// nobody, is another's.
func (r *Rotator) notOurs(ctx context.Context) error {
	t, err := r.o.Token(ctx)
	if err != nil {
		return err
	}
	parts := strings.Split(store.Plain(t), ".")
	if len(parts) != 3 {
		return nil
	}
	var claims struct {
		App string `json:"appid"`
	}
	text, _ := base64.RawURLEncoding.DecodeString(parts[1])
	if json.Unmarshal(text, &claims) == nil && strings.EqualFold(claims.App, r.set.ClientID) {
		return rotate.Refuse("sign in as an administrator (az login)", "oakum signs in as the very application whose secret is to go: it would cut itself off in the middle")
	}
	return nil
}

func (r *Rotator) Verify(ctx context.Context, c rotate.Credential) error {
	_, err := r.accepted(ctx, c)
	return err
}

// accepted signs in with a secret, as a program does. That it is not accepted is also an
// ErrNotYet.
func (r *Rotator) accepted(ctx context.Context, c rotate.Credential) (bool, error) {
	var answer struct {
		Token string `json:"access_token"`
	}
	_, err := r.login.Do(ctx, rest.Call{Method: http.MethodPost, Path: r.set.Tenant + "/oauth2/v2.0/token", Into: &answer, Hide: []leak.Secret{c[rotate.Token]},
		Form: map[string][]string{"grant_type": {"client_credentials"}, "client_id": {r.set.ClientID}, "client_secret": {store.Plain(c[rotate.Token])}, "scope": {r.set.Graph + "/.default"}}})
	e, refused := errors.AsType[*rest.Error](err)
	switch {
	case refused && (strings.Contains(e.Words, "AADSTS7000215") || strings.Contains(e.Words, "AADSTS7000222")): // not known, expired
		return false, fmt.Errorf("the secret is not accepted by Microsoft (%s): %w", e.Words, rotate.ErrNotYet)
	case err != nil:
		return false, fmt.Errorf("sign in as %s: %w", r.set.ClientID, err)
	case answer.Token == "":
		return false, errors.New("no token in Microsoft's answer to the secret")
	}
	return true, nil
}

// Status looks whether such a secret is listed, and then signs in with it: another one
// may begin alike.
func (r *Rotator) Status(ctx context.Context, old rotate.Credential) (rotate.Status, error) {
	app, err := r.application(ctx)
	if err != nil {
		return rotate.Unknown, err
	}
	if len(app.like(old)) == 0 {
		return rotate.Gone, nil
	}
	alive, err := r.accepted(ctx, old)
	switch {
	case alive:
		return rotate.Live, nil
	case errors.Is(err, rotate.ErrNotYet):
		return rotate.Gone, nil
	}
	return rotate.Unknown, err
}

// Uses are not asked for; the package says why.
func (r *Rotator) Uses(context.Context, rotate.Credential, time.Time) ([]rotate.Use, error) {
	return nil, nil
}

var errNoState = errors.New("a client secret can only be removed, for good")

func (r *Rotator) Deactivate(context.Context, rotate.Credential, rotate.Credential) error {
	return errNoState
}
func (r *Rotator) Reactivate(context.Context, rotate.Credential) error { return errNoState }
