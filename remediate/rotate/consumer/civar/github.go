package civar

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"golang.org/x/crypto/nacl/box"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/rest"
	"github.com/oakum-sec/oakum/remediate/store"
)

// githubAt is where something of GitHub's is: an organization's, a repository's, or an
// environment's.
type githubAt struct {
	Repository   string              `yaml:"repository"` // OWNER/REPO
	Organization string              `yaml:"organization"`
	Environment  string              `yaml:"environment"` // of the repository
	Value        consumer.Shape      `yaml:"value"`
	Token        consumer.Credential `yaml:"token"` // env:GITHUB_TOKEN if none is named
	URL          string              `yaml:"url"`   // https://HOST/api/v3 for Enterprise Server
}

func (g githubAt) check() error {
	switch {
	case (g.Repository == "") == (g.Organization == ""):
		return errors.New("write repository: OWNER/REPO, or organization: NAME")
	case g.Environment != "" && g.Repository == "":
		return errors.New("environment: write whose, as repository: OWNER/REPO")
	case g.Value.IsZero():
		return errors.New("value: write which field it holds, as value: password")
	case g.Repository != "":
		return segments("repository", g.Repository, 2, 2)
	}
	return segments("organization", g.Organization, 1, 1)
}

// base is the path of a holder's secrets or variables: "actions/secrets".
func (g githubAt) base(list string) string {
	switch {
	case g.Organization != "":
		return "orgs/" + g.Organization + "/" + list
	case g.Environment != "":
		_, of, _ := strings.Cut(list, "/")
		return "repos/" + g.Repository + "/environments/" + url.PathEscape(g.Environment) + "/" + of
	}
	return "repos/" + g.Repository + "/" + list
}

func (g githubAt) String() string {
	switch {
	case g.Organization != "":
		return g.Organization
	case g.Environment != "":
		return g.Repository + " environment " + g.Environment
	}
	return g.Repository
}

func (g githubAt) platform(o consumer.Options) platform {
	at := g.URL
	if at == "" {
		at = "https://api.github.com"
	}
	return platform{o: o, token: g.Token.Or("GITHUB_TOKEN"), rest: rest.Options{URL: at, Scheme: "Bearer ", Header: http.Header{
		// https://docs.github.com/rest/using-the-rest-api/getting-started-with-the-rest-api
		"Accept": {"application/vnd.github+json"}, "X-Github-Api-Version": {"2022-11-28"}, "User-Agent": {"oakum"},
	}}}
}

// githubSecret is a secret of Actions, Dependabot or Codespaces.
type githubSecret struct {
	platform
	at   githubAt
	app  string
	name string
	mem  memory
}

// maxGitHub is what a secret takes, in bytes
// (https://docs.github.com/actions/reference/security/secrets#limits-for-secrets).
const maxGitHub = 48 << 10

// ParseGitHubSecret reads
//
//	kind: github-secret
//	repository: acme/shop       # or organization: acme
//	environment: production     # optional
//	secret: DB_PASSWORD
//	value: password
//	app: actions                # or dependabot, codespaces
//	token: env:GITHUB_TOKEN
func ParseGitHubSecret(n *yaml.Node, o consumer.Options) (consumer.Consumer, error) {
	var s struct {
		githubAt `yaml:",inline"`
		Secret   string `yaml:"secret"`
		App      string `yaml:"app"`
	}
	if err := consumer.Decode(n, &s); err != nil {
		return nil, err
	}
	if err := errors.Join(s.check(), variable("secret", s.Secret)); err != nil {
		return nil, err
	}
	switch s.App {
	case "":
		s.App = "actions"
	case "actions", "dependabot", "codespaces":
	default:
		return nil, errors.New("app: it is actions, dependabot or codespaces")
	}
	if s.App != "actions" && s.Environment != "" {
		return nil, errors.New("app: environments have secrets of actions alone")
	}
	return &githubSecret{platform: s.platform(o), at: s.githubAt, app: s.App, name: strings.ToUpper(s.Secret)}, nil
}

func (g *githubSecret) String() string {
	return "github " + g.app + " secret " + g.name + " of " + g.at.String()
}

func (g *githubSecret) Risk() string {
	return "GitHub shows no secret and has no compare-and-set: what somebody else sets in the same second is lost. Jobs that run go on with the old value. Taken back by setting the old value, where it is known."
}

type githubStamp struct {
	Updated    time.Time `json:"updated_at"`
	Visibility string    `json:"visibility"` // of an organization's
}

func (s githubStamp) mark() string { return s.Updated.UTC().Format(time.RFC3339) }

func (g *githubSecret) path() string { return g.at.base(g.app+"/secrets") + "/" + g.name }

func (g *githubSecret) read(ctx context.Context) (s githubStamp, err error) {
	return s, g.get(ctx, g.String(), g.path(), &s)
}

func (g *githubSecret) Done(ctx context.Context, u consumer.Update) (bool, error) {
	s, err := g.read(ctx)
	if err != nil {
		return false, err
	}
	return g.mem.look(u.Op, s.mark()), nil
}

func (g *githubSecret) Do(ctx context.Context, u consumer.Update) error   { return do(ctx, g, u) }
func (g *githubSecret) Undo(ctx context.Context, u consumer.Update) error { return undo(ctx, g, u) }

func (g *githubSecret) write(ctx context.Context, u consumer.Update, id string) error {
	want, err := g.at.Value.Of(u.New)
	if err != nil {
		return fmt.Errorf("value: %w", err)
	}
	if want.Len() > maxGitHub {
		return fmt.Errorf("%w: %s takes %d bytes, and the value has %d", consumer.ErrUnfit, g, maxGitHub, want.Len())
	}
	s, err := g.read(ctx)
	switch {
	case err != nil:
		return err
	case g.mem.look(id, s.mark()):
		return nil
	case g.mem.moved(s.mark()):
		return changed(g.String())
	}
	at, err := g.put(ctx, s, want, hide(u, g.at.Value))
	if err != nil {
		return err
	}
	if s, err = g.read(ctx); err != nil {
		return err
	}
	if !at.IsZero() && s.Updated.After(at.Add(2*time.Second)) { // both are the server's clock, in whole seconds
		return changed(g.String())
	}
	g.mem.wrote(id, s.mark())
	return nil
}

// put seals a value and sets it, and gives the server's time of that.
func (g *githubSecret) put(ctx context.Context, s githubStamp, want leak.Secret, quoted []leak.Secret) (at time.Time, err error) {
	body := map[string]any{}
	if g.at.Organization != "" { // both have to be sent again, else GitHub forgets who may see it
		body["visibility"] = s.Visibility
		if s.Visibility == "selected" {
			ids := []int64{}
			if err := g.selected(ctx, func(r githubRepo) { ids = append(ids, r.ID) }); err != nil {
				return at, err
			}
			body["selected_repository_ids"] = ids
		}
	}
	for try := 0; ; try++ {
		var key struct {
			ID  string `json:"key_id"`
			Key string `json:"key"`
		}
		if err := g.get(ctx, g.String(), g.at.base(g.app+"/secrets/public-key"), &key); err != nil {
			return at, err
		}
		sealed, err := Seal(want, key.Key)
		if err != nil {
			return at, err
		}
		body["encrypted_value"], body["key_id"] = sealed, key.ID
		a, err := g.call(ctx, rest.Call{Method: http.MethodPut, Path: g.path(), Body: body, Hide: quoted})
		if rest.StatusOf(err) == http.StatusUnprocessableEntity && try == 0 {
			continue // the key was changed in between
		}
		if err == nil {
			at, _ = http.ParseTime(a.Header.Get("Date"))
		}
		return at, err
	}
}

// Seal encrypts a value for the holder of a key, as libsodium's sealed boxes are made
// (https://docs.github.com/rest/guides/encrypting-secrets-for-the-rest-api).
func Seal(value leak.Secret, key string) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil || len(raw) != 32 {
		return "", errors.New("what GitHub gives as its public key is none")
	}
	sealed, err := box.SealAnonymous(nil, []byte(store.Plain(value)), (*[32]byte)(raw), rand.Reader)
	if err != nil {
		return "", fmt.Errorf("seal the value: %w", err)
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}
