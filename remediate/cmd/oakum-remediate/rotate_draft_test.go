//go:build unix

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/builtin"
)

// TestRotatedRules: each rule that a rotator is known for is there, and so is the rotator.
func TestRotatedRules(t *testing.T) {
	all, err := builtin.Rules()
	if err != nil {
		t.Fatal(err)
	}
	kinds := rotators()
	named := remediate.RotatedRules()
	if len(named) < 20 {
		t.Errorf("a rotator is known for %d rules", len(named))
	}
	for _, id := range named {
		if !slices.ContainsFunc(all, func(r rules.Rule) bool { return r.ID == id }) {
			t.Errorf("there is no rule %s", id)
		}
		if kind := remediate.RotatedBy(id).Kind; kinds[kind] == nil || kind == "generic" {
			t.Errorf("%s is rotated by %q, which is no kind of its own", id, kind)
		}
	}
	if kind := remediate.RotatedBy("generic-secret").Kind; kinds[kind] == nil {
		t.Errorf("what no rotator knows is rotated by %q, which is no kind", kind)
	}
	for kind := range missing {
		if kinds[kind] == nil {
			t.Errorf("something is missing of %s, which is no kind", kind)
		}
	}
}

// TestDraft: what was moved proposes its rotations itself, after the apply, in the status
// and in the report, and they are drafted in one file. A draft asks nobody and rotates
// nothing: each secret stays MOVED_NOT_ROTATED, and a plan's rotation is ordered of it as
// soon as what only a person knows is said.
func TestDraft(t *testing.T) {
	pg := realtest.StartPostgres(t)
	password := leaktest.Must(41, `{{alnum 24}}`)
	pg.Do(t, "CREATE ROLE shop_app LOGIN PASSWORD '"+password+"'; CREATE DATABASE shop")
	l := newLaptop(t)
	if err := os.RemoveAll(l.dir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(l.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	env := "DATABASE_URL=postgres://shop_app:" + password + "@" + pg.Address + "/shop\n" +
		leaktest.Must(42, "AWS_ACCESS_KEY_ID={{awsID \"AKIA\" \"123456789012\"}}\nAWS_SECRET_ACCESS_KEY={{awsSecret}}\nNPM_TOKEN={{npm}}\nSESSION_SECRET={{hex 48}}\n")
	if err := os.WriteFile(filepath.Join(l.dir, ".env"), []byte(env), 0o600); err != nil {
		t.Fatal(err)
	}
	run, plan := filepath.Join(l.home, "run"), filepath.Join(l.home, "plan.json")
	shown := l.ok("remediate", "plan", l.dir, "--all", "--in-place", "--out", plan)
	for _, want := range []string{"rotate    postgres: user shop_app, host " + pg.Address + ", database shop", "rotate    aws-iam-key: account 123456789012", "rotate    npm-token", "rotate    generic"} {
		if !strings.Contains(shown, want) {
			t.Errorf("the plan does not say %q:\n%s", want, shown)
		}
	}
	next := []string{"next  oakum remediate rotate draft p", "next  oakum remediate rotate orders-database-url --dry-run   (postgres: user shop_app, ",
		"next  oakum remediate rotate orders-aws --dry-run   (aws-iam-key: account 123456789012; in orders/aws/access_key_id and orders/aws/secret_access_key)",
		"next  oakum remediate rotate orders-npm-token --dry-run   (npm-token; in orders/npm/token)", "next  oakum remediate rotate orders-session-secret --dry-run   (generic; ", "next  by hand (generic-secret): "}
	for what, said := range map[string]string{"apply": l.ok("remediate", "apply", plan), "status": l.ok("remediate", "status")} {
		for _, want := range next {
			if !strings.Contains(said, want) {
				t.Errorf("the %s does not say %q:\n%s", what, want, said)
			}
		}
		if n := strings.Count(said, "MOVED_NOT_ROTATED"); n != 5 {
			t.Errorf("the %s calls %d secrets moved and not rotated:\n%s", what, n, said)
		}
	}
	l.proposed(t)

	file := filepath.Join(run, "oakum-rotations.yaml")
	l.ok("remediate", "rotate", "draft")
	text := string(must(os.ReadFile(file)))
	for _, v := range strings.Fields(strings.ReplaceAll(env, "=", " ")) {
		if len(v) > 30 && strings.Contains(text, v) || strings.Contains(text, password) {
			t.Errorf("the draft holds a value:\n%s", text)
		}
	}
	cmd, said := l.command("remediate", "rotate", "draft")
	if err := cmd.Run(); err == nil || !strings.Contains(said.String(), "--out") || string(must(os.ReadFile(file))) != text {
		t.Errorf("a draft over a file that is there: %v\n%s", err, said)
	}
	cmd, said = l.command("remediate", "rotate", "orders-database-url", "--dry-run")
	if err := cmd.Run(); err == nil || !strings.Contains(said.String(), "admin") {
		t.Errorf("an order of what is not complete: %v\n%s", err, said)
	}
	l.env = append(l.env, "DB_ADMIN="+pg.Password)
	text = strings.Replace(text, "mode: single-user", "mode: single-user\n      sslmode: disable\n      admin: {username: "+pg.User+", password: env:DB_ADMIN}\n    accept_blip: true\n    accept_unseen: true", 1)
	text = strings.Replace(text, "kind: npm-token", "kind: npm-token\n    accept_unseen: true", 1)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := l.ok("remediate", "rotate", "orders-database-url", "--dry-run"); !strings.Contains(said, "shop_app@"+pg.Address) || !strings.Contains(said, "Nothing was changed") {
		t.Errorf("the order of a draft:\n%s", said)
	}
	if said := l.ok("remediate", "rotate", "orders-npm-token", "--dry-run"); !strings.Contains(said, "get a new credential from you") {
		t.Errorf("the order of a draft:\n%s", said)
	}
	l.ordered(t)
	if _, err := pg.Ask("shop_app", password, "shop", "SELECT 1"); err != nil {
		t.Errorf("a draft changed the password: %v", err)
	}
	if said := l.ok("remediate", "status"); strings.Count(said, "MOVED_NOT_ROTATED") != 5 {
		t.Errorf("after drafts and orders the status is\n%s", said)
	}
}

// ordered: all that can be ordered is, at once, for review; the others say what they lack.
func (l *laptop) ordered(t *testing.T) {
	t.Helper()
	cmd, said := l.command("remediate", "rotate", "--all", "--dry-run", "--out", "orders")
	if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != notAtItsEnd || !strings.Contains(said.String(), "2 rotations of 4 ordered") {
		t.Errorf("all orders of a draft: %v\n%s", err, said)
	}
	for _, want := range []string{"orders-session-secret  not ordered: ", "with: {check: ", "orders-aws  not ordered: ", "set AWS_REGION"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("they do not say %q:\n%s", want, said)
		}
	}
	for _, name := range []string{"orders-database-url", "orders-npm-token"} {
		file := filepath.Join("orders", name+".json")
		if again := l.ok("remediate", "rotate", file, "--dry-run"); !strings.Contains(again, " of "+name+" ") || !strings.Contains(said.String(), "oakum remediate rotate "+file+" --approve ") {
			t.Errorf("the order of %s is\n%s", name, again)
		}
	}
	for _, args := range [][]string{{"--all"}, {"--all", "--dry-run", "orders-aws"}, {}} {
		if cmd, said := l.command(append([]string{"remediate", "rotate"}, args...)...); cmd.Run() == nil {
			t.Errorf("rotate %q ends well\n%s", args, said)
		}
	}
}

// proposed: the report says of each secret what rotates it.
func (l *laptop) proposed(t *testing.T) {
	t.Helper()
	var r filed
	if err := json.Unmarshal([]byte(l.ok("remediate", "report", "--format", "json")), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Accounts) != 5 {
		t.Errorf("the report has %d secrets", len(r.Accounts))
	}
	for _, a := range r.Accounts {
		if a.State != remediate.Moved || a.Rotator == "" || !strings.HasPrefix(a.Next, "oakum remediate rotate draft p") || !strings.HasSuffix(a.Next, " --dry-run") {
			t.Errorf("the report says of %s that it is %s; next %q by %q", a.Title, a.State, a.Next, a.Rotator)
		}
	}
	for _, format := range []string{"text", "html"} {
		if said := l.ok("remediate", "report", "--format", format); strings.Count(said, "oakum remediate rotate orders-aws --dry-run") != 2 {
			t.Errorf("the report as %s does not propose the key's rotation:\n%s", format, said)
		}
	}
}
