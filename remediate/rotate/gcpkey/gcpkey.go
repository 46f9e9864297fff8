// Package gcpkey rotates the keys of Google Cloud's service accounts: the JSON file that
// programs name in GOOGLE_APPLICATION_CREDENTIALS.
//
// Its promises: a key is disabled before it is deleted, and a live one is never deleted;
// an eleventh key is not asked for; a key that Google made and nobody got hold of is
// found and removed; the key that oakum itself works with is refused.
//
// Its limits: a key carries no mark, so an orphan is known by not having been there
// before. oakum looks right before it asks for a key, and again after an answer was lost:
// a key that somebody else made between these two moments, seconds apart unless the run
// lay still, would be taken for the orphan. Two such keys are one too many, and nothing
// is removed. Who used a key is not asked: the Policy Analyzer tells it a day late at
// best, so the dwell is the only guard. A key is not needed where a workload has a
// service account attached, or workload identity federation.
package gcpkey

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2/google"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/internal/pause"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/rest"
	"github.com/oakum-sec/oakum/remediate/store"
)

// Kind is the rotator's in settings.
const Kind = "gcp-service-account-key"

const (
	api   = "https://iam.googleapis.com"
	scope = "https://www.googleapis.com/auth/cloud-platform"
	// maxKeys is what a service account may have that users made
	// (https://cloud.google.com/iam/quotas).
	maxKeys = 10
	// settle is how long a new key may be missing in the list: what IAM tells is
	// consistent eventually (https://cloud.google.com/iam/docs/access-change-propagation).
	settle = time.Minute
)

// Options say how Google is asked.
type Options struct {
	URL   string // of the IAM API; "" is Google's
	Token func(context.Context) (leak.Secret, error)
	// Own is the id of the key that oakum works with, "" where it works with none.
	Own       string
	Retire    bool // nothing is made, so no room is needed
	Transport http.RoundTripper
	Pause     func(ctx context.Context, d time.Duration) error
}

// Rotator rotates keys of service accounts; each key's file says whose it is.
type Rotator struct {
	o   Options
	iam *rest.Client
}

// New is the rotator that an entry of the settings asks for. It works with the
// application default credentials.
func New(ctx context.Context, s rotate.Settings) (*Rotator, error) {
	if err := s.Own(&struct{}{}); err != nil {
		return nil, err
	}
	who, err := google.FindDefaultCredentials(ctx, scope)
	if err != nil {
		return nil, fmt.Errorf("find Google Cloud credentials: %w", err)
	}
	fields, _ := store.Fields(leak.NewSecret(who.JSON))
	return With(Options{Own: store.Plain(fields[keyIDField]), Retire: s.Retire, Token: func(context.Context) (leak.Secret, error) {
		t, err := who.TokenSource.Token()
		if err != nil {
			return leak.Secret{}, errors.New("the Google Cloud credentials of this machine give no token: sign in anew (gcloud auth application-default login)")
		}
		return leak.NewSecret([]byte(t.AccessToken)), nil
	}})
}

// With is the rotator that asks as o says.
func With(o Options) (*Rotator, error) {
	if o.URL == "" {
		o.URL = api
	}
	iam, err := rest.New(rest.Options{URL: o.URL, Scheme: "Bearer ", Token: o.Token, Transport: o.Transport, Pause: o.Pause})
	return &Rotator{o, iam}, err
}

// Traits are the kind's.
func (r *Rotator) Traits() rotate.Traits {
	return rotate.Traits{
		Kind: Kind, Chooser: rotate.Provider, Parts: []string{rotate.KeyFile}, Overlap: true, Reversible: true,
		Risk: "a new key needs up to some minutes until all of Google Cloud knows it. Nobody else may make a key for this service account meanwhile",
	}
}

func (r *Rotator) Next(context.Context, rotate.Credential, string) (rotate.Credential, error) {
	return nil, errors.New("the keys of service accounts are made by Google")
}

// Inspect refuses what must not be rotated: oakum's own key, one that is gone, and an
// account that has no room for another key.
func (r *Rotator) Inspect(ctx context.Context, old rotate.Credential) (rotate.Subject, error) {
	none := rotate.Subject{}
	f, err := read(old)
	if err != nil {
		return none, err
	}
	if f.id == r.o.Own {
		return none, rotate.Refuse("sign in as an administrator (gcloud auth application-default login)", "oakum works with the very key that is to go: it would cut itself off in the middle")
	}
	all, err := r.keys(ctx, f)
	if err != nil {
		return none, err
	}
	k, there := find(all, f.id)
	if !there {
		return none, rotate.Refuse("there is nothing to rotate; store another key, and take this one out", "key %s is no key of %s: it was deleted", f.id, f.email)
	}
	if len(all) >= maxKeys && !r.o.Retire {
		return none, rotate.Refuse("delete one that nothing uses (gcloud iam service-accounts keys list --iam-account "+f.email+")", "%s has %d keys, which is all that Google allows", f.email, len(all))
	}
	s := rotate.Subject{ID: f.id, Owner: "service account " + f.email, Status: k.status(), Before: ids(all),
		Notes: []string{"Google is not asked who uses the key: give what uses it time to be seen (dwell)", "a workload on Google Cloud, or one that has an identity of its own elsewhere, needs no key: workload identity federation"}}
	if k.Disabled {
		s.Notes = append(s.Notes, "the key is disabled already"+k.why())
	}
	return s, nil
}

// Provision has Google make a key. That of an earlier try, whose answer was lost, is
// removed first: nobody can ever use it.
func (r *Rotator) Provision(ctx context.Context, p rotate.Provision) (rotate.Credential, error) {
	f, err := read(p.Old)
	if err != nil {
		return nil, err
	}
	if err := r.sweep(ctx, f, p, p.Tried); err != nil {
		return nil, err
	}
	var made struct {
		Name           string `json:"name"`
		PrivateKeyData string `json:"privateKeyData"` // base64 of the file
	}
	body := map[string]string{"privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE", "keyAlgorithm": "KEY_ALG_RSA_2048"}
	if _, err := r.iam.Do(ctx, rest.Call{Method: http.MethodPost, Path: f.account() + "/keys", Body: body, Into: &made, Once: true}); err != nil {
		return nil, fmt.Errorf("make a key for %s: %w", f.email, err)
	}
	text, err := base64.StdEncoding.DecodeString(made.PrivateKeyData)
	if err != nil {
		return nil, fmt.Errorf("what Google calls the new key of %s is no base64", f.email)
	}
	c := rotate.Credential{rotate.KeyFile: leak.NewSecret(text)}
	switch fresh, err := read(c); {
	case err != nil:
		return nil, fmt.Errorf("read the new key of %s: %w", f.email, err)
	case fresh.email != f.email || !strings.HasSuffix(made.Name, "/"+fresh.id):
		return nil, fmt.Errorf("the key file in Google's answer is not the one of %s", made.Name)
	}
	return c, nil
}

// sweep removes the key that an earlier try of this rotation made. Each try begins with
// a sweep, so there is one at most.
func (r *Rotator) sweep(ctx context.Context, f file, p rotate.Provision, tried bool) error {
	more, err := r.since(ctx, f, p.Subject.Before)
	if err == nil && tried && len(more) == 0 {
		if err = r.pause(ctx, settle); err == nil {
			more, err = r.since(ctx, f, p.Subject.Before)
		}
	}
	switch {
	case err != nil || len(more) == 0:
		return err
	case !tried || len(more) > 1:
		return rotate.Refuse("find out whose they are, then roll back and order again", "%s has keys that were not there when the order was made, and that this rotation did not make: %s", f.email, strings.Join(more, ", "))
	}
	return r.discard(ctx, f, more[0])
}

// since are the keys that were not there before.
func (r *Rotator) since(ctx context.Context, f file, before []string) ([]string, error) {
	all, err := r.keys(ctx, f)
	return slices.DeleteFunc(ids(all), func(id string) bool { return slices.Contains(before, id) }), err
}

// Status asks for the account's keys: using the old one would count as use.
func (r *Rotator) Status(ctx context.Context, old rotate.Credential) (rotate.Status, error) {
	f, err := read(old)
	if err != nil {
		return rotate.Unknown, err
	}
	all, err := r.keys(ctx, f)
	if err != nil {
		return rotate.Unknown, err
	}
	k, there := find(all, f.id)
	if !there {
		return rotate.Gone, nil
	}
	return k.status(), nil
}

// Uses are not asked for; the package says why.
func (r *Rotator) Uses(context.Context, rotate.Credential, time.Time) ([]rotate.Use, error) {
	return nil, nil
}

// Deactivate can be taken back.
func (r *Rotator) Deactivate(ctx context.Context, old, now rotate.Credential) error {
	f, err := apart(old, now)
	if err != nil {
		return err
	}
	return r.turn(ctx, f, f.id, "disable")
}

// Reactivate takes Deactivate back.
func (r *Rotator) Reactivate(ctx context.Context, old rotate.Credential) error {
	f, err := read(old)
	if err != nil {
		return err
	}
	return r.turn(ctx, f, f.id, "enable")
}

// Delete removes the old key, which must be disabled by then.
func (r *Rotator) Delete(ctx context.Context, old, now rotate.Credential) error {
	f, err := apart(old, now)
	if err != nil {
		return err
	}
	all, err := r.keys(ctx, f)
	if err != nil {
		return err
	}
	k, there := find(all, f.id)
	if there && !k.Disabled {
		return fmt.Errorf("key %s is not disabled: a live key is never deleted", f.id)
	}
	return r.remove(ctx, f, f.id)
}

// Withdraw removes the new key, or what an unanswered call made.
func (r *Rotator) Withdraw(ctx context.Context, p rotate.Provision) error {
	f, err := read(p.Old)
	if err != nil {
		return err
	}
	if len(p.New) == 0 {
		return r.sweep(ctx, f, p, true)
	}
	fresh, err := read(p.New)
	if err != nil {
		return err
	}
	if fresh.email != f.email || slices.Contains(p.Subject.Before, fresh.id) {
		return fmt.Errorf("key %s was there before: it is not removed", fresh.id)
	}
	return r.discard(ctx, f, fresh.id)
}

// discard removes a key that nothing uses. It is disabled first, so that a mistake shows
// before it is for good.
func (r *Rotator) discard(ctx context.Context, f file, id string) error {
	if err := r.turn(ctx, f, id, "disable"); err != nil && rest.StatusOf(err) != http.StatusNotFound {
		return err
	}
	return r.remove(ctx, f, id)
}

func (r *Rotator) turn(ctx context.Context, f file, id, verb string) error {
	_, err := r.iam.Do(ctx, rest.Call{Method: http.MethodPost, Path: f.account() + "/keys/" + url.PathEscape(id) + ":" + verb, Body: struct{}{}})
	if err != nil {
		return fmt.Errorf("%s key %s of %s: %w", verb, id, f.email, err)
	}
	return nil
}

// remove deletes a key; one that is gone is removed.
func (r *Rotator) remove(ctx context.Context, f file, id string) error {
	_, err := r.iam.Do(ctx, rest.Call{Method: http.MethodDelete, Path: f.account() + "/keys/" + url.PathEscape(id)})
	if err != nil && rest.StatusOf(err) != http.StatusNotFound {
		return fmt.Errorf("delete key %s of %s: %w", id, f.email, err)
	}
	return nil
}

func (r *Rotator) pause(ctx context.Context, d time.Duration) error {
	if r.o.Pause != nil {
		return r.o.Pause(ctx, d)
	}
	return pause.For(ctx, d)
}
