//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/testdata/apps/orders"
)

// file writes a file of the project.
func (l *laptop) file(name, text string) {
	l.t.Helper()
	at := filepath.Join(l.dir, name)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		l.t.Fatal(err)
	}
	if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
		l.t.Fatal(err)
	}
}

// refused is what the program says where it ends with 2.
func (l *laptop) refused(args ...string) string {
	l.t.Helper()
	cmd, said := l.command(args...)
	if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != 2 {
		l.t.Errorf("%q: %v\n%s", args, err, said)
	}
	return said.String()
}

// The flags that say how platforms are told where secrets are reach the files, by the plan.
func TestPlanWays(t *testing.T) {
	l := newLaptop(t)
	if err := os.RemoveAll(l.dir); err != nil {
		t.Fatal(err)
	}
	if err := orders.Write(l.dir, 33); err != nil {
		t.Fatal(err)
	}
	plan := filepath.Join(l.home, "plan.json")
	shown := l.ok("remediate", "plan", l.dir, "--in-place", "--out", plan, "--k8s", "secret-key-ref")
	for _, want := range []string{"needs Secret/orders-secrets", "the key DB_PASSWORD of the Secret orders-secrets is to hold ref+age://secrets.age#/orders/db/password"} {
		if !strings.Contains(shown, want) {
			t.Errorf("the plan does not show %q:\n%s", want, shown)
		}
	}
	l.ok("remediate", "apply", plan)
	manifest := string(must(os.ReadFile(filepath.Join(l.dir, "deploy", "deployment.yaml"))))
	if strings.Count(manifest, "secretKeyRef:") != 3 {
		t.Errorf("the manifest is\n%s", manifest)
	}
	if out := l.ok("scan", "dir", l.dir); strings.Contains(out, "denied") || !strings.Contains(out, "1 warned") {
		t.Errorf("a scan tells\n%s", out)
	}
	for _, c := range [][]string{{"--k8s", "sealed"}, {"--oidc-role", "deploy"}, {"--oidc-region", "eu-west-1"}} {
		if said := l.refused(append([]string{"remediate", "plan", l.dir, "--out", plan}, c...)...); !strings.Contains(said, c[0]) {
			t.Errorf("%v: %s", c, said)
		}
	}
}

// A workflow that uses a static key out of its platform's secrets has no value here: the
// plan says what to do about it, and moves the rest.
func TestPlanStaticIdentity(t *testing.T) {
	l := newLaptop(t)
	l.file(".github/workflows/up.yml", "on: push\njobs:\n  up:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: aws-actions/configure-aws-credentials@v5\n        with:\n"+
		"          aws-access-key-id: ${{ secrets.KEY_ID }}\n          aws-secret-access-key: ${{ secrets.KEY }}\n          aws-region: eu-west-1\n")
	plan := filepath.Join(l.home, "plan.json")
	shown := l.ok("remediate", "plan", l.dir, "--all", "--in-place", "--out", plan)
	for _, want := range []string{"left alone\n  static-identity at .github/workflows/up.yml: a static key in use, whose value is not here: give", "role-to-assume", "orders/db/password in agefile"} {
		if !strings.Contains(shown, want) {
			t.Errorf("the plan does not show %q:\n%s", want, shown)
		}
	}
	l.ok("remediate", "apply", plan)
}

// A report's findings that are in no file of the folder are told, with what to do.
func TestPlanOfHistory(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	l := newLaptop(t)
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", l.dir, "-c", "user.name=Ada", "-c", "user.email=ada@example.com"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	git("init", "-q", "-b", "main")
	l.file("old.env", "GITHUB_TOKEN="+leaktest.Must(24, `{{github "ghp_"}}`)+"\n")
	git("add", "-A")
	git("commit", "-q", "-m", "old")
	git("rm", "-q", "old.env")
	git("commit", "-q", "-m", "new")
	report, plan := filepath.Join(l.home, "report.json"), filepath.Join(l.home, "plan.json")
	cmd, said := l.command("scan", l.dir, "--format", "json", "--output", report)
	if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != 1 {
		t.Fatalf("a scan: %v\n%s", err, said)
	}
	shown := l.ok("remediate", "plan", l.dir, "--findings", report, "--out", plan)
	if !strings.Contains(shown, "history is not rewritten: rotate it") || !strings.Contains(shown, "orders/db/password in agefile") || strings.Count(shown, "old.env") == 0 {
		t.Errorf("the plan is\n%s", shown)
	}
}
