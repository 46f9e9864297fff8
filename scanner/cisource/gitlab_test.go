package cisource_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/cisource"
	"github.com/oakum-sec/oakum/scanner/sourcetest"
)

// gitlab is a self-managed GitLab below a path, with a group, a subgroup and three
// projects in them.
func gitlab(t *testing.T) *api {
	a := newAPI(t, "PRIVATE-TOKEN", testToken, 2)
	group := func(id int, path string) map[string]any { return map[string]any{"id": id, "full_path": path} }
	project := func(id int, path string) map[string]any {
		return map[string]any{"id": id, "path_with_namespace": path}
	}
	one := func(path string, item map[string]any) {
		a.lists["/git/api/v4/"+path] = listing{"one", []map[string]any{item}}
	}
	list := func(path string, items ...map[string]any) { a.lists["/git/api/v4/"+path] = listing{"", items} }
	one("groups/acme", group(1, "acme"))
	one("projects/acme%2Fapp", project(11, "acme/app"))
	list("groups/1/descendant_groups", group(2, "acme/web"))
	list("groups/1/projects", project(11, "acme/app"), project(12, "acme/ops"), project(13, "acme/web/site"))
	for _, holder := range []string{"groups/1", "groups/2", "projects/11", "projects/12", "projects/13", "admin/ci"} {
		list(holder + "/variables")
	}
	return a
}

// variable adds a variable; flags are of "masked protected hidden @environment".
func (a *api) variable(holder, key, value, flags string) {
	path := "/git/api/v4/" + holder + "/variables"
	v := map[string]any{"key": key, "value": value, "variable_type": "env_var", "environment_scope": "*", "masked": false, "protected": false, "hidden": false}
	for _, f := range strings.Fields(flags) {
		if at, is := strings.CutPrefix(f, "@"); is {
			v["environment_scope"] = at
		} else {
			v[f] = true
		}
	}
	if v["hidden"] == true {
		v["value"] = nil // as the documentation has it
	}
	l := a.lists[path]
	l.items = append(l.items, v)
	a.lists[path] = l
}

func newGitLab(t *testing.T, a *api, instance bool, names ...string) scanner.Source {
	t.Helper()
	o := a.options()
	o.URL += "/git"
	src, err := cisource.NewGitLab(o, instance, names...)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func TestGitLab(t *testing.T) {
	a := gitlab(t)
	a.variable("admin/ci", "MIRROR", leaktest.Must(1, `{{github "ghp_"}}`), "masked")
	a.variable("groups/1", "LOG_LEVEL", "debug", "")
	a.variable("groups/1", "REGION", "eu", "")
	a.variable("groups/1", "DEPLOY", leaktest.Must(2, `{{github "ghp_"}}`), "") // on page 2
	a.variable("groups/2", "AWS_ACCESS_KEY_ID", leaktest.Must(3, `{{awsID "AKIA"}}`), "")
	a.variable("groups/2", "AWS_SECRET_ACCESS_KEY", leaktest.Must(4, `{{awsSecret}}`), "masked protected")
	a.variable("projects/11", "DB_PASSWORD", leaktest.Must(5, `{{randomPassword 20}}`), "protected @production")
	a.variable("projects/12", "DB_PASSWORD", "", "masked hidden")
	a.variable("projects/12", "AWS_SECRET_ACCESS_KEY", "", "masked hidden @prod/*")
	a.variable("projects/13", "DEPLOY", leaktest.Must(2, `{{github "ghp_"}}`), "masked")
	got := scan(t, newGitLab(t, a, true, "acme"))
	same(t, "findings", got.findings, []string{
		"github-pat gitlab-instance variable MIRROR",
		"github-pat gitlab:acme variable DEPLOY",
		"aws-access-key-id gitlab:acme/web variable AWS_ACCESS_KEY_ID",
		"generic-secret gitlab:acme/app/environment/production variable DB_PASSWORD",
		"static-identity gitlab:acme/ops/environment/prod/* variable AWS_SECRET_ACCESS_KEY",
		"github-pat gitlab:acme/web/site variable DEPLOY",
	})
	same(t, "gaps", got.gaps, []string{
		"boundary hidden gitlab:acme/ops variable DB_PASSWORD: hidden: only its name is known",
		"boundary hidden gitlab:acme/ops/environment/prod/* variable AWS_SECRET_ACCESS_KEY: hidden: only its name is known",
	})
	for i, open := range []bool{false, true, true, false, false, false} {
		f := got.findings[i]
		if is := slices.ContainsFunc(got.notes[f], func(n string) bool { return strings.HasPrefix(n, "neither masked nor protected") }); is != open {
			t.Errorf("%s: notes %q", f, got.notes[f])
		}
	}
	if got.parts[got.findings[2]] != 1 {
		t.Error("the key's id is not told with its secret")
	}
}

func TestGitLabByName(t *testing.T) {
	a := gitlab(t)
	a.variable("projects/11", "DEPLOY", leaktest.Must(1, `{{github "ghp_"}}`), "")
	got := scan(t, newGitLab(t, a, false, "acme/app", "acme/none"))
	same(t, "findings", got.findings, []string{"github-pat gitlab:acme/app variable DEPLOY"})
	same(t, "gaps", got.gaps, []string{"failure unreadable gitlab:acme/none variable *: list group or project: there is none of that name, or the token may not see it (404): it needs the scope read_api, of a member"})
}

func TestGitLabRefuses(t *testing.T) {
	a := gitlab(t)
	a.variable("projects/13", "DEPLOY", leaktest.Must(1, `{{github "ghp_"}}`), "")
	a.first("/git/api/v4/admin/ci/variables", answer(403, `{"message":"403 Forbidden"}`))
	a.first("/git/api/v4/groups/1/variables", answer(403, `{"message":"403 Forbidden"}`))
	a.first("/git/api/v4/projects/11/variables", answer(429, `Retry later`, "Retry-After", "3", "RateLimit-Remaining", "0"))
	a.first("/git/api/v4/projects/12/variables", answer(502, ``), answer(500, ``), answer(500, ``), answer(500, ``))
	got := scan(t, newGitLab(t, a, true, "acme"))
	same(t, "findings", got.findings, []string{"github-pat gitlab:acme/web/site variable DEPLOY"})
	same(t, "gaps", got.only(leak.Failure), []string{
		"failure unreadable gitlab-instance variable *: list variables: the token may not (403): it needs the scope read_api, of an administrator",
		"failure unreadable gitlab:acme variable *: list variables: the token may not (403): it needs the scope read_api, of somebody who is an Owner of the group",
		"failure unreadable gitlab:acme/ops variable *: list variables: the server cannot answer (500, 4 times): try again later",
	})
	if len(a.waited) != 4 {
		t.Errorf("waited %v", a.waited)
	}

	b := gitlab(t)
	b.token = "another"
	if got := scan(t, newGitLab(t, b, true, "acme")); len(got.gaps) != 1 || !strings.Contains(got.gaps[0], "(401)") || len(b.asked) != 1 {
		t.Errorf("%d requests, gaps %q", len(b.asked), got.gaps)
	}
}

func TestGitLabConformance(t *testing.T) {
	a := gitlab(t)
	a.variable("groups/1", "DEPLOY", leaktest.Must(1, `{{github "ghp_"}}`), "")
	a.variable("projects/12", "DB_PASSWORD", leaktest.Must(2, `{{randomPassword 20}}`), "")
	a.variable("projects/12", "AWS_SECRET_ACCESS_KEY", "", "masked hidden")
	// Two texts of variables, one of names, and a gap.
	sourcetest.Run(t, builtin.Set(), 4, func(t *testing.T) scanner.Source { return newGitLab(t, a, false, "acme") })
}
