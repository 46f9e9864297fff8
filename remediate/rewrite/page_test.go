package rewrite

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/remediate/rewrite/platform"
)

var update = flag.Bool("update", false, "write docs/references.md's table anew")

// shown are the cases of docs/references.md: what stands there is what comes out.
func shown() []one {
	vault := Options{Options: platform.Options{Kubernetes: Kubernetes{Via: platform.ViaExternalSecret}}}
	return []one{
		{name: ".env", before: "DB_PASSWORD=«hunter2x»   # orders\n"},
		{name: "config.json", before: "{\n  \"db\": { \"user\": \"app\", \"password\": \"«hunter2x»\" }\n}\n"},
		{name: "config.yaml", before: "db:\n  url: dsn app/«hunter2x»@db # orders\n"},
		{name: "src/db.ts", before: "const pool = createPool({ user: 'app', password: '«hunter2x»' })\n"},
		{name: "app.py", before: "import sys\n\nurl = f\"dsn {user}/«hunter2x»@db\"\n"},
		{name: "Dockerfile", before: "FROM node:24\nARG NPM_TOKEN=«NPM_TOKEN::hunter2x»\nRUN npm config set t \"$NPM_TOKEN\"\n"},
		{name: "compose.yaml", before: "services:\n  db:\n    image: mariadb:11\n    environment:\n      MARIADB_PASSWORD: «hunter2x»\n"},
		{name: "main.tf", before: "resource \"aws_db_instance\" \"db\" {\n  password = \"«hunter2x»\"\n}\n"},
		{name: ".github/workflows/deploy.yml", before: "jobs:\n  deploy:\n    steps:\n      - run: ./deploy --password '«hunter2x»'\n"},
		{name: "deploy.yaml", opts: vault, before: deployment},
		{name: "task.json", opts: withARN, before: "{\"containerDefinitions\": [{\n  \"environment\": [{\"name\": \"A\", \"value\": \"1\"}, {\"name\": \"DB_PASSWORD\", \"value\": \"«hunter2x»\"}]\n}]}\n"},
	}
}

// TestReferencesPage holds docs/references.md to what the rewriter does.
func TestReferencesPage(t *testing.T) {
	const page = "../../docs/references.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), "(in remediate/) -->\n")
	_, tail, ok2 := strings.Cut(rest, "<!-- end -->")
	if !ok || !ok2 {
		t.Fatal("the page has no place for the table")
	}
	var table strings.Builder
	for _, c := range shown() {
		plain, edits := marked(t, c.before)
		res, err := File(c.name, []byte(plain), edits, c.opts)
		if err != nil || len(res.Refused) > 0 {
			t.Fatalf("%s: %v %v", c.name, res.Refused, err)
		}
		fmt.Fprintf(&table, "\n`%s`\n\n```text\n%s```\n\n```text\n%s```\n", c.name, plain, res.Content)
		for _, f := range res.Files {
			fmt.Fprintf(&table, "\nand `%s`\n\n```yaml\n%s```\n", f.Name, f.Content)
		}
	}
	want := head + "(in remediate/) -->\n" + table.String() + "\n<!-- end -->" + tail
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want != string(text) && !*update {
		t.Error("docs/references.md shows what the rewriter does not do: look, and run this test with -update")
	}
}
