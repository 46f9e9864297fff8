package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

// githubOf serves GitHub's lists for one organization with one repository and one
// environment; the organization's variables are on two pages, and its secrets are not
// for the token.
func githubOf(t *testing.T, token string) *httptest.Server {
	t.Helper()
	one := func(under, name, value string) string {
		item := map[string]string{"name": name, "updated_at": "2021-06-07T08:09:10Z"}
		if value != "" {
			item["value"] = value
		}
		text, err := json.Marshal(map[string]any{"total_count": 1, under: []any{item}})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	answers := map[string]string{
		"/orgs/acme/actions/variables":                one("variables", "LOG_LEVEL", "debug"),
		"/orgs/acme/actions/variables 2":              one("variables", "DEPLOY", leaktest.Must(1, `{{github "ghp_"}}`)),
		"/orgs/acme/dependabot/secrets":               `{}`,
		"/orgs/acme/codespaces/secrets":               `{}`,
		"/orgs/acme/repos":                            `[{"name":"app"}]`,
		"/repos/acme/app/actions/variables":           one("variables", "SLACK", leaktest.Must(2, `{{npm}}`)),
		"/repos/acme/app/actions/secrets":             one("secrets", "AWS_SECRET_ACCESS_KEY", ""),
		"/repos/acme/app/dependabot/secrets":          `{}`,
		"/repos/acme/app/codespaces/secrets":          `{}`,
		"/repos/acme/app/environments":                one("environments", "prod", ""),
		"/repos/acme/app/environments/prod/variables": one("variables", "DB_PASSWORD", leaktest.Must(3, `{{randomPassword 20}}`)),
		"/repos/acme/app/environments/prod/secrets":   `{}`,
	}
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/api/v3")
		page := r.URL.Query().Get("page")
		if page == "2" {
			path += " 2"
		}
		text, known := answers[path]
		switch {
		case r.Header.Get("Authorization") != "Bearer "+token:
			w.WriteHeader(http.StatusUnauthorized)
		case !known:
			w.WriteHeader(http.StatusForbidden)
		default:
			if _, more := answers[path+" 2"]; more {
				w.Header().Set("Link", fmt.Sprintf(`<%s%s?page=2>; rel="next"`, s.URL, r.URL.Path))
			}
			fmt.Fprint(w, text)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func scanCI(t *testing.T, env []string, args ...string) (out, words string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env = append(env, "HOME="+t.TempDir(), "XDG_STATE_HOME="+t.TempDir())
	code = cli.Main(t.Context(), append([]string{"oakum", "scan", "ci"}, args...), env, cli.Stdio{In: strings.NewReader(""), Out: &stdout, Err: &stderr})
	return stdout.String(), stderr.String(), code
}

// Variables of three levels, over pages, are denied; what the token may not see is
// told with what it needs; a static key is a finding that shows no value.
func TestScanCIGitHub(t *testing.T) {
	s := githubOf(t, "some-token")
	args := []string{"github", "--api-url", s.URL, "acme"}
	out, words, code := scanCI(t, []string{"GITHUB_TOKEN=some-token"}, args...)
	if code != 1 || words != "" {
		t.Errorf("exit %d, and says %q", code, words)
	}
	for _, want := range []string{
		"(github-pat, proven)", "github:acme variable DEPLOY",
		"(npm-token, proven)", "github:acme/app variable SLACK",
		"github:acme/app/environment/prod variable DB_PASSWORD",
		"github:acme/app/secrets variable AWS_SECRET_ACCESS_KEY  static-identity", "a static key in use", "set on 2021-06-07",
		`github:acme/secrets variable *: list names of secrets: the token may not (403): it needs the organization permission "Secrets" (read)`,
		"hidden: only its name is known",
		"3 denied", "1 warned", "2 gaps (1 failure)",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not told:\n%s", want, out)
		}
	}
	for _, format := range []string{"json", "jsonl", "sarif", "gitlab", "junit", "csv", "html"} {
		out, words, code := scanCI(t, []string{"GH_TOKEN=some-token"}, append(args, "--format", format)...)
		if code != 1 || !strings.Contains(out, "static-identity") || strings.Contains(out, leaktest.Must(1, `{{github "ghp_"}}`)) {
			t.Errorf("--format %s: exit %d, %s", format, code, words)
		}
	}
}

// A finding without a value is allowed as any other is, by its id and by a baseline.
func TestStaticIdentityAllowed(t *testing.T) {
	s, env := githubOf(t, "some-token"), []string{"GITHUB_TOKEN=some-token"}
	out, _, _ := scanCI(t, env, "github", "--api-url", s.URL, "acme/app", "--format", "json")
	var doc struct {
		Findings []struct{ ID, Rule string } `json:"findings"`
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil || len(doc.Findings) != 3 {
		t.Fatalf("%v: %d findings", err, len(doc.Findings))
	}
	list, before := "", ""
	for _, f := range doc.Findings {
		before += fmt.Sprintf("{\"id\":%q,\"rule\":%q}\n", f.ID, f.Rule)
		if f.Rule == "static-identity" {
			list = f.ID + "  reason=\"until the account has an identity provider\"\n"
		}
	}
	allow, baseline := filepath.Join(t.TempDir(), "allow"), filepath.Join(t.TempDir(), "baseline")
	for name, text := range map[string]string{allow: list, baseline: before} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for flag, want := range map[string]string{"--allow-file=" + allow: "2 denied", "--baseline=" + baseline: "3 suppressed (baseline 3)"} {
		if out, words, _ := scanCI(t, env, "github", "--api-url", s.URL, "acme/app", flag); !strings.Contains(out, want) {
			t.Errorf("%s: not %s\n%s%s", flag, want, out, words)
		}
	}
}

func TestScanCIUsage(t *testing.T) {
	for _, c := range []struct {
		says string
		env  string
		args []string
	}{
		{"no token: set GITHUB_TOKEN or GH_TOKEN in the environment", "A=b", []string{"github", "acme"}},
		{"no token: set GITLAB_TOKEN in the environment", "A=b", []string{"gitlab", "acme"}},
		{"is not asked without TLS", "GITHUB_TOKEN=x", []string{"github", "--api-url", "http://github.example.org", "acme"}},
		{"neither ORG nor OWNER/REPO", "GITHUB_TOKEN=x", []string{"github", "a/b/c"}},
		{"--max-runs is about logs: say --logs", "GITHUB_TOKEN=x", []string{"github", "acme", "--max-runs", "3"}},
		{"is no time: write a day", "GITLAB_TOKEN=x", []string{"gitlab", "acme", "--logs", "--since", "yesterday"}},
		{"name a group or a project, or say --instance", "GITLAB_TOKEN=x", []string{"gitlab"}},
	} {
		if out, words, code := scanCI(t, []string{c.env}, c.args...); code != 2 || !strings.Contains(words, c.says) || out != "" {
			t.Errorf("%q: exit %d, %s", c.args, code, words)
		}
	}
}

// A self-managed GitLab: what is open to all is said, what is hidden changes no exit code.
func TestScanCIGitLab(t *testing.T) {
	variable := `{"key":%q,"value":%s,"masked":%t,"hidden":%t,"protected":false,"environment_scope":%q}`
	value, now := fmt.Sprintf("%q", leaktest.Must(1, `{{github "ghp_"}}`)), time.Now().Format(time.RFC3339)
	answers := map[string]string{
		"/api/v4/groups/acme":                `{"id":1,"full_path":"acme"}`,
		"/api/v4/groups/1/variables":         "[" + fmt.Sprintf(variable, "DEPLOY", value, false, false, "*") + "]",
		"/api/v4/groups/1/descendant_groups": `[]`,
		"/api/v4/groups/1/projects":          `[{"id":7,"path_with_namespace":"acme/app"}]`,
		"/api/v4/projects/7/variables":       "[" + fmt.Sprintf(variable, "DB_PASSWORD", "null", true, true, "prod") + "]",
		"/api/v4/admin/ci/variables":         `[]`,
		"/api/v4/projects/acme%2Fapp":        `{"id":7,"path_with_namespace":"acme/app"}`,
		"/api/v4/projects/7/jobs":            fmt.Sprintf(`[{"id":31,"name":"build","status":"failed","created_at":%q,"started_at":%q,"web_url":"https://gitlab.example.org/acme/app/-/jobs/31"},{"id":30,"name":"old","created_at":"2020-01-01T00:00:00Z"}]`, now, now),
		"/api/v4/projects/7/jobs/31/trace":   "$ env\nDEPLOY=" + leaktest.Must(1, `{{github "ghp_"}}`) + "\n",
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, known := answers[r.URL.EscapedPath()]
		if !known || r.Header.Get("PRIVATE-TOKEN") != "some-token" {
			w.WriteHeader(http.StatusNotFound)
		}
		fmt.Fprint(w, text)
	}))
	defer s.Close()
	env := []string{"GITLAB_TOKEN=some-token", "CI_API_V4_URL=" + s.URL + "/api/v4"}
	for _, c := range []struct {
		args []string
		code int
		says []string
	}{
		{[]string{"gitlab", "--instance", "acme"}, 1, []string{"gitlab:acme variable DEPLOY", "neither masked nor protected", "gitlab:acme/app/environment/prod variable DB_PASSWORD: hidden: only its name is known", "1 denied"}},
		{[]string{"gitlab", "acme/app"}, 0, []string{"clean", "1 gap (0 failures)"}},
		{[]string{"gitlab", "acme/app", "--logs", "--since", "30d"}, 1, []string{"gitlab:acme/app log of build run 31:2", "to erase it: https://gitlab.example.org/acme/app/-/jobs/31", "1 denied"}},
		{[]string{"gitlab", "acme/none"}, 3, []string{"there is none of that name, or the token may not see it (404)"}},
	} {
		out, words, code := scanCI(t, env, c.args...)
		if code != c.code || words != "" {
			t.Errorf("%q: exit %d, %s", c.args, code, words)
		}
		for _, want := range c.says {
			if !strings.Contains(out, want) {
				t.Errorf("%q: %q is not told:\n%s", c.args, want, out)
			}
		}
	}
}
