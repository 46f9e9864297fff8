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

func variables(seed uint64, templates ...string) cisource.Environment {
	e := cisource.Environment{Variables: map[string]string{}}
	for i, t := range templates {
		name, value, _ := strings.Cut(leaktest.Must(seed<<8|uint64(i), t), "=")
		e.Variables[name] = value
	}
	return e
}

func found(t *testing.T, e cisource.Environment) (names []string, parts int) {
	t.Helper()
	_, err := scanner.New(builtin.Set(), scanner.Options{}).Scan(t.Context(), e, func(e scanner.Event) error {
		if f := e.Finding; f != nil {
			names = append(names, f.Place.(leak.Variable).Name)
			parts += len(f.Parts)
			if f.Span.Start != 0 || f.Line != 0 {
				t.Errorf("%s: span %v, line %d: a variable is its value", f.Place, f.Span, f.Line)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return names, parts
}

func TestVariables(t *testing.T) {
	e := variables(1, "PATH=/usr/bin", `DB_PASSWORD={{randomPassword 20}}`, `AWS_ACCESS_KEY_ID={{awsID "AKIA"}}`, `AWS_SECRET_ACCESS_KEY={{awsSecret}}`, `DEPLOY={{github "ghp_"}}`, "EMPTY=")
	names, parts := found(t, e)
	if !slices.Equal(names, []string{"AWS_ACCESS_KEY_ID", "DB_PASSWORD", "DEPLOY"}) || parts != 1 {
		t.Errorf("found %q with %d parts", names, parts)
	}
}

// What a platform gives to its own jobs ends with them; the same name on another
// platform is somebody's token.
func TestPlatformsOwnTokens(t *testing.T) {
	token := `GITHUB_TOKEN={{github "ghs_"}}`
	for mark, want := range map[string][]string{"GITHUB_ACTIONS=true": nil, "GITLAB_CI=true": {"GITHUB_TOKEN"}, "X=1": {"GITHUB_TOKEN"}} {
		if names, _ := found(t, variables(2, token, mark)); !slices.Equal(names, want) {
			t.Errorf("%s: found %q", mark, names)
		}
	}
	names, _ := found(t, variables(3, "GITLAB_CI=true", `CI_JOB_TOKEN={{alnum 30}}`, `CI_DEPLOY_PASSWORD={{alnum 24}}`))
	if !slices.Equal(names, []string{"CI_DEPLOY_PASSWORD"}) {
		t.Errorf("found %q: a deploy token lives on", names)
	}
	if p := variables(4, "GITLAB_CI=true").Platform(); p != "GitLab CI" {
		t.Errorf("platform %q", p)
	}
}

// Temporary credentials end by themselves; an id of that kind without its token is
// not known to.
func TestTemporaryCredentials(t *testing.T) {
	id, secret, session := `AWS_ACCESS_KEY_ID={{awsID "ASIA"}}`, `AWS_SECRET_ACCESS_KEY={{awsSecret}}`, `AWS_SESSION_TOKEN={{base64 300}}`
	if names, _ := found(t, variables(5, id, secret, session)); len(names) > 0 {
		t.Errorf("found %q", names)
	}
	if names, _ := found(t, variables(6, id, secret)); len(names) == 0 {
		t.Error("an id and its secret without a session's token are not found")
	}
}

func TestConformance(t *testing.T) {
	e := variables(7, "A=b", `TOKEN={{github "ghp_"}}`)
	sourcetest.Run(t, builtin.Set(), 1, func(*testing.T) scanner.Source { return e })
}
