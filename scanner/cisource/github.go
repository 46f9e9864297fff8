package cisource

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// GitHub is what GitHub holds for Actions: variables with their values and secrets by
// name, of organizations, repositories and environments; and the secrets of
// Dependabot and Codespaces, of organizations and repositories.
type GitHub struct {
	api    API
	base   *url.URL
	wanted []owned
	server bool // GitHub Enterprise Server, which has no Codespaces

	Logs *Logs // which logs and artifacts of workflows' runs are looked at; nil: none
}

var _ scanner.Source = (*GitHub)(nil)

// owned is an organization, or one repository.
type owned struct{ owner, repo string }

func (o owned) scope() string {
	if o.repo == "" {
		return "github:" + o.owner
	}
	return "github:" + o.owner + "/" + o.repo
}

// NewGitHub makes a source of organizations (ORG, with all their repositories) and
// repositories (OWNER/REPO).
//
// The URL may be that of GitHub Enterprise Server with /api/v3 or without, or of
// GitHub Enterprise Cloud with data residency (https://api.NAME.ghe.com).
func NewGitHub(api API, names ...string) (*GitHub, error) {
	base, err := api.base("https://api.github.com")
	if err != nil {
		return nil, err
	}
	g := &GitHub{api: api, base: base}
	// https://docs.github.com/enterprise-server/rest/using-the-rest-api/getting-started-with-the-rest-api
	if g.server = !strings.HasPrefix(base.Host, "api."); g.server && !strings.HasSuffix(base.Path, "/api/v3/") {
		base.Path += "api/v3/"
	}
	for _, name := range names {
		owner, repo, both := strings.Cut(name, "/")
		if owner == "" || both && repo == "" || strings.ContainsAny(repo, "/") || strings.ContainsAny(name, "?#% \t\n") {
			return nil, fmt.Errorf("%q is neither ORG nor OWNER/REPO", name)
		}
		g.wanted = append(g.wanted, owned{owner, repo})
	}
	return g, nil
}

// Blobs yields each holder's variables as one text, an organization's before its
// repositories' and those before their environments', in the order of the API.
func (g *GitHub) Blobs(ctx context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		ask := g.api.asker(g.base, "Authorization", "Bearer "+g.api.Token, http.Header{
			// https://docs.github.com/rest/using-the-rest-api/getting-started-with-the-rest-api
			"Accept": {"application/vnd.github+json"}, "X-Github-Api-Version": {"2022-11-28"}, "User-Agent": {"oakum"},
		})
		w := &githubWalk{walk: walk{ask: ask, yield: yield, wanted: g.Logs}, server: g.server}
		for _, o := range g.wanted {
			if o.repo == "" {
				w.organization(ctx, o)
			} else {
				w.repository(ctx, o)
			}
		}
	}
}

type githubWalk struct {
	walk
	server bool
}

// named is what is read of a variable, a secret, an environment or a repository.
type named struct {
	Name    string    `json:"name"`
	Value   string    `json:"value"`
	Updated time.Time `json:"updated_at"`
}

func (w *githubWalk) organization(ctx context.Context, o owned) {
	path, scope := "orgs/"+url.PathEscape(o.owner), o.scope()
	// What a token needs is in GitHub's words: of fine-grained tokens and apps, and of classic ones
	// (https://docs.github.com/rest/actions/variables, /rest/actions/secrets, /rest/dependabot/secrets,
	// /rest/codespaces/organization-secrets, /rest/repos/repos).
	needs := func(permission string) string {
		return fmt.Sprintf("the organization permission %q (read), or, if it is a classic token, the scope admin:org", permission)
	}
	variables := w.variablesOf(ctx, scope, path+"/actions/variables", needs("Variables"))
	w.secretsOf(ctx, scope+"/secrets", path+"/actions/secrets", needs("Secrets"), variables)
	w.secretsOf(ctx, scope+"/dependabot", path+"/dependabot/secrets", needs("Organization dependabot secrets"), variables)
	w.secretsOf(ctx, scope+"/codespaces", path+"/codespaces/secrets", needs("Organization codespaces secrets"), variables)
	each(ctx, &w.walk, list[named]{
		whose: scope, what: "repositories", path: path + "/repos?type=all&sort=full_name", size: 100,
		needs: `the repository permission "Metadata" (read); repositories of a person are named one by one, as OWNER/REPO`,
	}, func(r named) { w.repository(ctx, owned{o.owner, r.Name}) })
}

func (w *githubWalk) repository(ctx context.Context, o owned) {
	path, scope := "repos/"+url.PathEscape(o.owner)+"/"+url.PathEscape(o.repo), o.scope()
	variables := w.variablesOf(ctx, scope, path+"/actions/variables", needsOfRepository("Variables"))
	w.secretsOf(ctx, scope+"/secrets", path+"/actions/secrets", needsOfRepository("Secrets"), variables)
	w.secretsOf(ctx, scope+"/dependabot", path+"/dependabot/secrets", needsOfRepository("Dependabot secrets"), variables)
	w.secretsOf(ctx, scope+"/codespaces", path+"/codespaces/secrets", needsOfRepository("Codespaces secrets"), variables)
	each(ctx, &w.walk, list[named]{
		whose: scope, what: "environments", path: path + "/environments", under: "environments", size: 100, needs: needsOfRepository("Actions"),
	}, func(e named) {
		path, scope := path+"/environments/"+url.PathEscape(e.Name), scope+"/environment/"+e.Name
		variables := w.variablesOf(ctx, scope, path+"/variables", needsOfRepository("Environments"))
		w.secretsOf(ctx, scope+"/secrets", path+"/secrets", needsOfRepository("Environments"), variables)
	})
	if w.wanted != nil {
		w.logs(ctx, scope, path)
	}
}

func needsOfRepository(permission string) string {
	return fmt.Sprintf("the repository permission %q (read), or, if it is a classic token, the scope repo", permission)
}

// variablesOf tells of a holder's variables, and returns them.
func (w *githubWalk) variablesOf(ctx context.Context, scope, path, needs string) (all []held) {
	each(ctx, &w.walk, list[named]{
		whose: scope, what: "variables", path: path, under: "variables", needs: needs,
		size: 30, // the page that documents it says no more
	}, func(v named) { all = append(all, v.held(scope)) })
	w.variables(scope, byName(all))
	return all
}

// secretsOf tells of one of a holder's lists of secrets. beside are its variables.
func (w *githubWalk) secretsOf(ctx context.Context, scope, path, needs string, beside []held) {
	var all []held
	each(ctx, &w.walk, list[named]{
		whose: scope, what: "names of secrets", path: path, under: "secrets", size: 100, needs: needs,
		absent: w.server && strings.HasSuffix(scope, "/codespaces"),
	}, func(v named) { all = append(all, v.held(scope)) })
	w.hidden(scope, byName(all), beside)
}

// held is n as a holder has it, with the day on which it was set.
func (n *named) held(scope string) held {
	h := held{at: leak.Variable{Scope: scope, Name: n.Name}, value: n.Value}
	if !n.Updated.IsZero() {
		h.notes = []string{"set on " + n.Updated.UTC().Format(time.DateOnly)}
	}
	return h
}

// byName sorts variables, so that a key's id stands beside its secret.
func byName(all []held) []held {
	slices.SortStableFunc(all, func(a, b held) int {
		return cmp.Or(strings.Compare(a.at.Scope, b.at.Scope), strings.Compare(a.at.Name, b.at.Name))
	})
	return all
}
