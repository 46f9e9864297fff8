package remediate

import (
	"os"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/rewrite"
)

// waysProject has a file for each thing that is rewritten in several ways.
func waysProject() map[string]string {
	token, id, secret := leaktest.Must(41, `{{github "ghp_"}}`), leaktest.Must(42, `{{awsID "AKIA"}}`), leaktest.Must(43, `{{awsSecret}}`)
	return map[string]string{
		"k8s/deploy.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    metadata:\n      labels: {app: web}\n    spec:\n      containers:\n        - name: web\n          env:\n            - name: MODE\n              value: x\n            - name: GITHUB_TOKEN\n              value: " + token + "\n",
		"ecs/task.json":   "{\n  \"containerDefinitions\": [\n    {\"name\": \"web\", \"environment\": [{\"name\": \"MODE\", \"value\": \"x\"}, {\"name\": \"GITHUB_TOKEN\", \"value\": \"" + token + "\"}]}\n  ]\n}\n",
		"test/app.py":     "token = \"" + token + "\"\n",
		".github/workflows/up.yml": "on: push\njobs:\n  up:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: aws-actions/configure-aws-credentials@v5\n        with:\n          aws-access-key-id: " + id +
			"\n          aws-secret-access-key: " + secret + "\n          aws-region: eu-west-1\n      - run: aws s3 ls\n",
	}
}

func newWays(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	if err := os.RemoveAll(w.dir); err != nil {
		t.Fatal(err)
	}
	writeFiles(t, w.dir, waysProject())
	return w
}

// The user's choices reach each format, and apply does what was planned.
func TestWays(t *testing.T) {
	k := func(via string) Way { return Way{Kubernetes: rewrite.Kubernetes{Via: via, Store: "shop", Role: "web"}} }
	for name, c := range map[string]struct {
		way  Way
		file string
		has  string
	}{
		"default":            {Way{}, "k8s/web-secrets.yaml", "kind: ExternalSecret"},
		"its store":          {k("external-secret"), "k8s/web-secrets.yaml", "name: shop"},
		"CSI":                {k("secret-provider-class"), "k8s/deploy.yaml", "secretProviderClass: web-secrets"},
		"one's own Secret":   {k("secret-key-ref"), "k8s/deploy.yaml", "name: web-secrets"},
		"a role for a key":   {Way{OIDC: rewrite.OIDC{Role: "arn:aws:iam::123456789012:role/up"}}, ".github/workflows/up.yml", "role-to-assume: arn:aws:iam::123456789012:role/up"},
		"secrets of GitHub":  {Way{}, ".github/workflows/up.yml", "${{ secrets.AWS_SECRET_ACCESS_KEY }}"},
		"tests too":          {Way{Tests: true}, "test/app.py", `os.environ["`},
		"tests are left out": {Way{}, "test/app.py", `token = "ghp_`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWays(t)
			before := treeOf(t, w.dir)
			p, file := w.planned(Wish{To: "memory:", Way: c.way})
			if err := w.apply(file); err != nil {
				t.Fatal(err)
			}
			after := treeOf(t, w.dir)
			if !strings.Contains(after[c.file], c.has) {
				t.Errorf("%s has not %q:\n%s", c.file, c.has, after[c.file])
			}
			if c.way.Kubernetes.Via == "secret-key-ref" && after["k8s/web-secrets.yaml"] != "" {
				t.Error("an operator's object was written")
			}
			if err := w.tools().Rollback(t.Context(), p.ID); err != nil {
				t.Fatal(err)
			}
			for name, text := range treeOf(t, w.dir) {
				if before[name] != text {
					t.Errorf("a rollback leaves %s", name)
				}
			}
		})
	}
}

// ECS names a secret by an ARN that AWS gives when the secret is stored: one plan stores
// it, though no file loses it, and the next one rewrites the task definition.
func TestStoredFirst(t *testing.T) {
	w := newWays(t)
	for _, name := range []string{"k8s", ".github", "test"} {
		if err := os.RemoveAll(w.dir + "/" + name); err != nil {
			t.Fatal(err)
		}
	}
	before := treeOf(t, w.dir)
	p, file := w.planned(Wish{To: "memory:"})
	if len(p.Secrets) != 1 || p.Secrets[0].From == nil || !strings.Contains(p.Secrets[0].Stays[0].Why, "apply this plan, then plan again") {
		t.Fatalf("the plan is %+v", p.Secrets)
	}
	if err := w.apply(file); err != nil {
		t.Fatal(err)
	}
	if s, err := w.tools().Status(p.ID); err != nil || s.States[0] != PartMoved || treeOf(t, w.dir)["ecs/task.json"] != before["ecs/task.json"] {
		t.Errorf("%v, %v", s.States, err)
	}
	w.store.Full = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:"
	second, file := w.planned(Wish{To: "memory:"})
	if err := w.apply(file); err != nil {
		t.Fatal(err)
	}
	if got := treeOf(t, w.dir)["ecs/task.json"]; !strings.Contains(got, `"secrets": [{"name": "GITHUB_TOKEN", "valueFrom": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders/github:token::"}]`) {
		t.Errorf("the task definition is\n%s", got)
	}
	for _, id := range []string{second.ID, p.ID} {
		if err := w.tools().Rollback(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if got := treeOf(t, w.dir)["ecs/task.json"]; got != before["ecs/task.json"] || w.kept() != "" {
		t.Errorf("rollbacks leave\n%s\n%s", got, w.kept())
	}
}

func TestWayIsChecked(t *testing.T) {
	for says, way := range map[string]Way{
		"there are external-secret, vault-static-secret, secret-provider-class, vault-agent, secret-key-ref": {Kubernetes: rewrite.Kubernetes{Via: "sealed"}},
		"write the role's ARN": {OIDC: rewrite.OIDC{Role: "deploy"}},
		"says nothing without": {OIDC: rewrite.OIDC{Region: "eu-west-1"}},
	} {
		if err := way.Check(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v, expected %q", way, err, says)
		}
	}
}
