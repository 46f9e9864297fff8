package kinds_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer/kinds"
)

// Each kind has an example here, which is read, says what can go wrong and can look
// before it changes anything.
var examples = map[string]string{
	"kubernetes-rollout":         "workload: statefulset/orders\nnamespace: shop\ncontext: prod\nwithin: 15m",
	"kubernetes-secret":          "name: orders-db\nnamespace: shop\ndata: {password: password, user: username}",
	"kubernetes-external-secret": "name: orders-db\nnamespace: shop",
	"ecs-service":                "cluster: prod\nservice: orders\nregion: eu-west-1",
	"lambda":                     "function: orders\nalias: live\nvariables: {DB_PASSWORD: password}",
	"codebuild":                  "project: orders\nvariables: {DB_PASSWORD: password}",
	"github-secret":              "repository: acme/shop\nenvironment: production\nsecret: DB_PASSWORD\nvalue: password\ntoken: env:CI_TOKEN",
	"github-variable":            "organization: acme\nvariable: DB_USER\nvalue: username",
	"gitlab-variable":            "project: acme/shop\nvariable: DB_PASSWORD\nscope: production\nvalue: password\ntoken: ref+vault://secret/ci#/gitlab",
	"azure-devops-variables":     "url: https://dev.azure.com/acme\nproject: shop\ngroup: 12\nvariables: {DB_PASSWORD: password}",
	"command":                    "name: the old machines\nrun: [systemctl, restart, orders]\nundo: same",
}

func parse(t *testing.T, text string) (consumer.Consumer, error) {
	t.Helper()
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(text), &n); err != nil {
		t.Fatal(err)
	}
	return kinds.Parse(&n, consumer.Options{})
}

func TestEachKindIsRead(t *testing.T) {
	names := map[string]string{}
	for _, kind := range kinds.All() {
		text, ok := examples[kind]
		if !ok {
			t.Errorf("%s has no example", kind)
			continue
		}
		c, err := parse(t, "kind: "+kind+"\n"+text)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if other, taken := names[c.String()]; taken {
			t.Errorf("%s and %s are both called %s", kind, other, c)
		}
		names[c.String()] = kind
		if _, ok := c.(consumer.Checker); !ok || len(c.Risk()) < 40 {
			t.Errorf("%s: %q", kind, c.Risk())
		}
	}
	if len(names) < 11 {
		t.Errorf("%d kinds", len(names))
	}
}

// What is written wrong is told with its line, and a value that was written by mistake
// is not quoted.
func TestMistakes(t *testing.T) {
	value := leaktest.Must(1, `{{github "ghp_"}}`)
	for text, word := range map[string]string{
		"kind: heroku": "one of azure-devops-variables", "workload: deployment/x": "has a kind", "- a": "has a kind",
		"kind: lambda\nfunktion: x": "line 1, lambda: line 1 and what follows: field funktion is no key of this kind",
		"kind: github-secret\nrepository: a/b\nsecret: X\nvalue: password\ntoken: " + value: "is never written here",
		"kind: github-secret\nrepository: a/b\nsecret: X\nvalue: " + value:                  "a value is never written in this file",
		"kind: lambda\nfunction: x\nwithin: " + value:                                       "90s, 15m",
	} {
		if _, err := parse(t, text); err == nil || !strings.Contains(err.Error(), word) || strings.Contains(err.Error(), value) {
			t.Errorf("%s: %v", strings.ReplaceAll(text, value, "VALUE"), err)
		}
	}
}

// The page lists every kind, and what has not been tried on the real thing is called
// experimental there too.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/compat.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range kinds.All() {
		i := strings.Index(string(page), "`"+kind+"`")
		if i < 0 {
			t.Errorf("docs/compat.md says nothing of %s", kind)
			continue
		}
		line, _, _ := strings.Cut(string(page[i:]), "\n")
		if claimed := !strings.Contains(line, "experimental"); claimed != (kinds.Label(kind) == kind) {
			t.Errorf("%s is shown as %q, and the page says %q", kind, kinds.Label(kind), line)
		}
	}
	examplesOf(t, "../../../../docs/consumers.md")
	if !slices.IsSorted(kinds.All()) {
		t.Error(kinds.All())
	}
}

// examplesOf holds that a page has an example of every kind, and that each is read.
func examplesOf(t *testing.T, name string) {
	t.Helper()
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, block := range strings.Split(string(page), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(block, "```")
		if _, err := parse(t, text); err != nil {
			t.Errorf("%s\n%s: %v", name, text, err)
		}
		kind, _, _ := strings.Cut(strings.TrimPrefix(text, "kind: "), "\n")
		kind, _, _ = strings.Cut(kind, " ")
		seen[kind] = true
	}
	for _, kind := range kinds.All() {
		if !seen[kind] {
			t.Errorf("%s has no example of %s", name, kind)
		}
	}
}
