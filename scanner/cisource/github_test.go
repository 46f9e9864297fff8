package cisource_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/cisource"
	"github.com/oakum-sec/oakum/scanner/sourcetest"
)

// github is GitHub Enterprise Server with an organization of two repositories, one of
// which has an environment.
func github(t *testing.T) *api {
	a := newAPI(t, "Authorization", "Bearer "+testToken, 2)
	for _, at := range []string{"orgs/acme", "repos/acme/app", "repos/acme/site"} {
		a.lists["/api/v3/"+at+"/actions/variables"] = listing{"variables", nil}
		a.lists["/api/v3/"+at+"/actions/secrets"] = listing{"secrets", nil}
		a.lists["/api/v3/"+at+"/dependabot/secrets"] = listing{"secrets", nil}
		if strings.HasPrefix(at, "repos") {
			a.lists["/api/v3/"+at+"/environments"] = listing{"environments", nil}
		}
	}
	a.lists["/api/v3/orgs/acme/repos"] = listing{"", []map[string]any{{"name": "app"}, {"name": "site"}}}
	a.lists["/api/v3/repos/acme/app/environments"] = listing{"environments", []map[string]any{{"name": "eu/prod"}}}
	const env = "/api/v3/repos/acme/app/environments/eu%2Fprod"
	a.lists[env+"/variables"], a.lists[env+"/secrets"] = listing{"variables", nil}, listing{"secrets", nil}
	return a
}

// set adds a variable, or a secret where it has no value.
func (a *api) set(path, name, value string) {
	l := a.lists[path]
	item := map[string]any{"name": name, "created_at": "2020-01-02T03:04:05Z", "updated_at": "2021-06-07T08:09:10Z"}
	if value != "" {
		item["value"] = value
	}
	l.items = append(l.items, item)
	a.lists[path] = l
}

func newGitHub(t *testing.T, a *api, names ...string) scanner.Source {
	t.Helper()
	src, err := cisource.NewGitHub(a.options(), names...)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

const (
	ofOrg  = "/api/v3/orgs/acme/actions/variables"
	ofRepo = "/api/v3/repos/acme/app/actions/variables"
	ofEnv  = "/api/v3/repos/acme/app/environments/eu%2Fprod/variables"
)

// At each of the three levels values are scanned, over pages, and secrets told by name.
func TestGitHub(t *testing.T) {
	a := github(t)
	a.set(ofOrg, "LOG_LEVEL", "debug")
	a.set(ofOrg, "REGION", "eu-central-1")
	a.set(ofOrg, "DEPLOY", leaktest.Must(1, `{{github "ghp_"}}`)) // on page 2
	a.set(ofRepo, "AWS_SECRET_ACCESS_KEY", leaktest.Must(2, `{{awsSecret}}`))
	a.set(ofRepo, "OTHER", "x")
	a.set(ofRepo, "AWS_ACCESS_KEY_ID", leaktest.Must(3, `{{awsID "AKIA"}}`)) // on another page than its secret
	a.set(ofEnv, "DB_PASSWORD", leaktest.Must(4, `{{randomPassword 20}}`))
	a.set("/api/v3/repos/acme/app/actions/secrets", "NPM_TOKEN", "")
	got := scan(t, newGitHub(t, a, "acme"))
	same(t, "findings", got.findings, []string{
		"github-pat github:acme variable DEPLOY",
		"aws-access-key-id github:acme/app variable AWS_ACCESS_KEY_ID",
		"generic-secret github:acme/app/environment/eu/prod variable DB_PASSWORD",
	})
	if pair := got.findings[1]; got.parts[pair] != 1 || !slices.Contains(got.notes[pair], "set on 2021-06-07") {
		t.Errorf("the pair has %d parts and says %q", got.parts[pair], got.notes[pair])
	}
	same(t, "gaps", got.gaps, []string{"boundary hidden github:acme/app/secrets variable NPM_TOKEN: hidden: only its name is known, set on 2021-06-07"})
	if n := a.requests("GET " + ofOrg); n != 2 {
		t.Errorf("%d pages of variables were asked for", n)
	}
}

// A static key of AWS among secrets is a finding for each holder, with its place for
// identity, and no other name is one.
func TestStaticIdentity(t *testing.T) {
	a := github(t)
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "NPM_TOKEN", "API_KEY", "AWS_ROLE_ARN"} {
		a.set("/api/v3/orgs/acme/actions/secrets", name, "")
	}
	a.set(ofRepo, "PROD_AWS_ACCESS_KEY_ID", leaktest.Must(1, `{{awsID "AKIA"}}`))
	a.set("/api/v3/repos/acme/app/actions/secrets", "PROD_AWS_SECRET_ACCESS_KEY", "")
	a.set("/api/v3/repos/acme/site/dependabot/secrets", "AWS_SECRET_ACCESS_KEY", "")
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} { // ends by itself
		a.set("/api/v3/repos/acme/site/actions/secrets", name, "")
	}
	var merge scanner.Merge
	_, err := scanner.New(builtin.Set(), scanner.Options{}).Scan(t.Context(), newGitHub(t, a, "acme"), func(e scanner.Event) error {
		if e.Finding != nil && e.Finding.Rule == "static-identity" {
			merge.Add(e.Finding)
		}
		return nil
	})
	var told []string
	for _, f := range merge.Findings() {
		told = append(told, fmt.Sprintf("%s %s %s %q", f.Place, f.Proof, f.Severity, f.Notes))
	}
	same(t, "findings", told, []string{
		`github:acme/secrets variable AWS_SECRET_ACCESS_KEY pattern medium ["set on 2021-06-07" "with AWS_ACCESS_KEY_ID beside it"]`,
		`github:acme/app/secrets variable PROD_AWS_SECRET_ACCESS_KEY pattern medium ["set on 2021-06-07" "with PROD_AWS_ACCESS_KEY_ID beside it"]`,
		`github:acme/site/dependabot variable AWS_SECRET_ACCESS_KEY pattern medium ["set on 2021-06-07"]`,
	})
	if got := scan(t, newGitHub(t, a, "acme")); err != nil || len(got.gaps) != 11 || len(got.only(leak.Failure)) > 0 {
		t.Errorf("error %v, gaps:\n%s", err, strings.Join(got.gaps, "\n"))
	}
	for _, f := range scan(t, newGitHub(t, a, "acme")).findings {
		if strings.HasPrefix(f, "generic") {
			t.Errorf("a name is taken for a value: %s", f)
		}
	}
}

// What a token may not read is a gap that names the permission, and the rest is read.
func TestGitHubRefuses(t *testing.T) {
	a := github(t)
	a.set(ofRepo, "DEPLOY", leaktest.Must(1, `{{github "ghp_"}}`))
	a.first(ofOrg, answer(403, `{"message":"Resource not accessible by personal access token"}`))
	delete(a.lists, "/api/v3/orgs/acme/actions/secrets")
	a.first("/api/v3/repos/acme/app/dependabot/secrets", answer(200, `<html>`))
	a.first("/api/v3/repos/acme/site/environments", answer(418, `{}`))
	got := scan(t, newGitHub(t, a, "acme"))
	same(t, "findings", got.findings, []string{"github-pat github:acme/app variable DEPLOY"})
	same(t, "gaps", got.gaps, []string{
		`failure unreadable github:acme variable *: list variables: the token may not (403): it needs the organization permission "Variables" (read), or, if it is a classic token, the scope admin:org`,
		`failure unreadable github:acme/secrets variable *: list names of secrets: there is none of that name, or the token may not see it (404): it needs the organization permission "Secrets" (read), or, if it is a classic token, the scope admin:org`,
		`failure unreadable github:acme/app/dependabot variable *: list names of secrets: what the server answers is none of this API's, or is cut short: is the address right?`,
		`failure unreadable github:acme/site variable *: list environments: the server answers 418`,
	})
}

// A token that is not accepted is told once.
func TestGitHubUnknownToken(t *testing.T) {
	a := github(t)
	a.token = "Bearer another"
	got := scan(t, newGitHub(t, a, "acme", "acme/app"))
	if len(got.gaps) != 1 || !strings.Contains(got.gaps[0], "(401)") || len(a.asked) != 1 {
		t.Errorf("%d requests, gaps %q", len(a.asked), got.gaps)
	}
}

func TestGitHubHasUsWait(t *testing.T) {
	a := github(t)
	a.set(ofRepo, "DEPLOY", leaktest.Must(1, `{{github "ghp_"}}`))
	reset := strconv.FormatInt(time.Now().Add(90*time.Second).Unix(), 10)
	a.first(ofRepo, answer(429, `{}`, "Retry-After", "7"), answer(403, `{}`, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset), answer(429, `{}`), answer(502, ``), answer(503, ``),
		answer(403, `{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}`))
	got := scan(t, newGitHub(t, a, "acme/app"))
	same(t, "findings", got.findings, []string{"github-pat github:acme/app variable DEPLOY"})
	if len(got.gaps) > 0 {
		t.Errorf("gaps: %q", got.gaps)
	}
	if len(a.waited) == 6 && a.waited[1] > 80*time.Second && a.waited[1] <= 91*time.Second {
		a.waited[1] = 90 * time.Second
	}
	if want := []time.Duration{7 * time.Second, 90 * time.Second, time.Minute, time.Second, 2 * time.Second, time.Minute}; !slices.Equal(a.waited, want) {
		t.Errorf("waited %v, want %v", a.waited, want)
	}
}

// Nobody is asked forever: a server that is down is a gap, and so is a limit that
// lasts too long, which ends all.
func TestGitHubGivesUp(t *testing.T) {
	a := github(t)
	a.set(ofRepo, "DEPLOY", leaktest.Must(1, `{{github "ghp_"}}`))
	a.first(ofRepo, slices.Repeat([]http.HandlerFunc{answer(500, ``)}, 4)...)
	got := scan(t, newGitHub(t, a, "acme/app"))
	same(t, "gaps", got.gaps, []string{"failure unreadable github:acme/app variable *: list variables: the server cannot answer (500, 4 times): try again later"})

	b := github(t)
	b.first(ofRepo, answer(429, `{}`, "Retry-After", "4000"))
	got = scan(t, newGitHub(t, b, "acme/app", "acme/site"))
	if len(got.gaps) != 1 || !strings.Contains(got.gaps[0], "failure limit github:acme/app") || len(b.asked) != 1 || len(b.waited) > 0 {
		t.Errorf("%d requests, %d waits, gaps %q", len(b.asked), len(b.waited), got.gaps)
	}
}

// A server that is not there is told once and at once; one that drops a connection in
// the middle is asked again.
func TestGitHubNotThere(t *testing.T) {
	a := github(t)
	a.Close()
	got := scan(t, newGitHub(t, a, "acme", "acme/app"))
	if len(got.gaps) != 1 || !strings.Contains(got.gaps[0], "failure unreadable github:acme variable *: list variables: 127.0.0.1:") || !strings.Contains(got.gaps[0], "cannot be reached") || len(a.waited) > 0 {
		t.Errorf("%d waits, gaps %q", len(a.waited), got.gaps)
	}
	b := github(t)
	b.set(ofRepo, "DEPLOY", leaktest.Must(1, `{{github "ghp_"}}`))
	b.set(ofOrg, "A", "b")
	b.first(ofRepo, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	got = scan(t, newGitHub(t, b, "acme"))
	same(t, "findings", got.findings, []string{"github-pat github:acme/app variable DEPLOY"})
	if len(got.gaps) > 0 {
		t.Errorf("gaps %q", got.gaps)
	}
}

// A server that leads round in a circle, or on for ever, is left.
func TestPagesEnd(t *testing.T) {
	a := github(t)
	a.set(ofRepo, "DEPLOY", leaktest.Must(1, `{{github "ghp_"}}`))
	again := a.URL + ofRepo + "?page=1"
	a.first(ofRepo, answer(200, `{"variables":[]}`, "Link", "<"+a.URL+ofRepo+`?page=2>; rel="next"`), answer(200, `{}`, "Link", "<"+again+`>; rel="next"`))
	if got := scan(t, newGitHub(t, a, "acme/app")); len(got.gaps) > 0 || a.requests(ofRepo) != 2 {
		t.Errorf("%d requests, gaps %q", a.requests(ofRepo), got.gaps)
	}
	b := github(t)
	b.forever = "/api/v3/repos/acme/app/environments"
	got := scan(t, newGitHub(t, b, "acme/app"))
	same(t, "gaps", got.gaps, []string{"failure limit github:acme/app variable *: list environments: more than 1000 pages; the rest was not looked at"})
}

// The token goes to its host alone, redirects or not.
func TestTokenStaysAtHome(t *testing.T) {
	for name, path := range map[string]string{"another host": "", "its own": "/api/v3/repos/acme/renamed/actions/variables"} {
		t.Run(name, func(t *testing.T) {
			seen := 0
			elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen++ }))
			defer elsewhere.Close()
			a := github(t)
			to := elsewhere.URL
			if path != "" {
				to = a.URL + path
				a.lists[path] = listing{"variables", []map[string]any{{"name": "DEPLOY", "value": leaktest.Must(1, `{{github "ghp_"}}`)}}}
			}
			a.first(ofRepo, answer(301, ``, "Location", to))
			got := scan(t, newGitHub(t, a, "acme/app"))
			if seen > 0 {
				t.Error("another host was asked")
			}
			if path == "" && (len(got.gaps) != 1 || !strings.Contains(got.gaps[0], "leads on to 127.0.0.1")) || path != "" && len(got.findings) != 1 {
				t.Errorf("findings %q, gaps %q", got.findings, got.gaps)
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct{ url, token, why string }{
		{"http://github.example.org", "x", "not asked without TLS"},
		{"github.example.org", "x", "write it as https://HOST"},
		{"https://user@github.example.org", "x", "write it as https://HOST"},
		{"https://github.example.org", "", "no token"},
		{"https://github.example.org", "x", ""},
		{"http://localhost:1", "x", ""},
		{"http://[::1]:1/api/v3/", "x", ""},
		{"", "x", ""},
	} {
		api := cisource.API{URL: c.url, Token: c.token}
		_, hub := cisource.NewGitHub(api, "acme")
		_, lab := cisource.NewGitLab(api, false, "acme")
		for _, err := range []error{hub, lab} {
			if (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) {
				t.Errorf("%q with token %q: %v", c.url, c.token, err)
			}
		}
	}
	for _, name := range []string{"", "a/b/c", "/a", "a/", "a?b", "a b"} {
		if _, err := cisource.NewGitHub(cisource.API{Token: "x"}, name); err == nil {
			t.Errorf("%q is taken for a name", name)
		}
	}
}

func TestGitHubConformance(t *testing.T) {
	a := github(t)
	a.set(ofOrg, "DEPLOY", leaktest.Must(1, `{{github "ghp_"}}`))
	a.set(ofEnv, "DB_PASSWORD", leaktest.Must(2, `{{randomPassword 20}}`))
	a.set("/api/v3/repos/acme/site/actions/secrets", "AWS_SECRET_ACCESS_KEY", "")
	// Two texts of variables, one of names, and a gap.
	sourcetest.Run(t, builtin.Set(), 4, func(t *testing.T) scanner.Source { return newGitHub(t, a, "acme") })
}

// A scan that is stopped while it waits ends soon, and says nothing more.
func TestStoppedWhileWaiting(t *testing.T) {
	a := github(t)
	a.first(ofRepo, answer(429, `{}`, "Retry-After", "600"))
	ctx, stop := context.WithCancel(t.Context())
	o := a.options()
	o.Wait = func(ctx context.Context, _ time.Duration, _ string) error { stop(); <-ctx.Done(); return ctx.Err() }
	src, err := cisource.NewGitHub(o, "acme/app")
	if err != nil {
		t.Fatal(err)
	}
	_, err = scanner.New(builtin.Set(), scanner.Options{}).Scan(ctx, src, func(e scanner.Event) error {
		if e.Gap != nil {
			t.Errorf("told %v", e.Gap)
		}
		return nil
	})
	if err == nil || len(a.asked) != 1 {
		t.Errorf("error %v after %d requests", err, len(a.asked))
	}
}
