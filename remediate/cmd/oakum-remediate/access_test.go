package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/internal/cli"
)

const accessSample = `version: 1
aws: {account: "123456789012", region: eu-west-1}
secrets:
  mysql: {store: awssecrets, name: prod/mysql, suffix: AbCdEf}
readers:
  orders: {reads: [mysql], as: {ecs: {}}}
`

// typed runs the command line as a user types it.
func typed(t *testing.T, args ...string) (code int, out, words string) {
	t.Helper()
	var o, e bytes.Buffer
	code = cli.Run(t.Context(), program(), append([]string{"oakum-remediate"}, args...), []string{"HOME=" + t.TempDir()}, cli.Stdio{In: strings.NewReader(""), Out: &o, Err: &e})
	return code, o.String(), e.String()
}

func TestAccessCommand(t *testing.T) {
	dir := t.TempDir()
	file, policies := filepath.Join(dir, "access.yaml"), filepath.Join(dir, "policies")
	if err := os.WriteFile(file, []byte(accessSample), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, words := typed(t, "remediate", "access", "compile", file); code != 0 || !strings.Contains(out, "# orders.iam-policy.json\n") || !strings.Contains(out, "secret:prod/mysql-AbCdEf") {
		t.Errorf("compile: %d\n%s%s", code, out, words)
	}
	if code, out, words := typed(t, "remediate", "access", "check", file); code != 0 || !strings.HasPrefix(out, "sufficient and least: 2 policies, ") {
		t.Errorf("check: %d\n%s%s", code, out, words)
	}
	for range 2 { // the same again is no conflict
		if code, _, words := typed(t, "remediate", "access", "compile", file, "-o", policies); code != 0 {
			t.Fatalf("compile -o: %d %s", code, words)
		}
	}
	policy := filepath.Join(policies, "orders.iam-policy.json")
	text, err := os.ReadFile(policy)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(policy, bytes.Replace(text, []byte("mysql-AbCdEf"), []byte("*"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := typed(t, "remediate", "access", "check", file, "--dir", policies); code != 1 || !strings.Contains(out, "orders.iam-policy.json: not least: it allows secretsmanager:GetSecretValue on ") {
		t.Errorf("check --dir: %d\n%s", code, out)
	}
	if code, _, words := typed(t, "remediate", "access", "compile", file, "-o", policies); code != 2 || !strings.Contains(words, "differs") {
		t.Errorf("compile over an edited file: %d %s", code, words)
	}
	if code, _, words := typed(t, "remediate", "access", "check", filepath.Join(dir, "nowhere.yaml")); code != 2 || words == "" {
		t.Errorf("no file: %d %q", code, words)
	}
}
