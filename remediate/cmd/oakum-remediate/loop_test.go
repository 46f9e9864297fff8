//go:build !windows

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

// loop is a project that leaks a database's password, with the database and a store.
type loop struct {
	*testing.T
	dir, state string
	env        []string
	leaked     string
	bao, log   string // its address, its own audit log
	db         *realtest.Postgres
}

func newLoop(t *testing.T) *loop {
	t.Helper()
	l := &loop{T: t, dir: filepath.Join(t.TempDir(), "shop"), state: t.TempDir(), leaked: leaktest.Must(31, `{{alnum 28}}`), db: realtest.StartPostgres(t)}
	l.log = filepath.Join(l.state, "audit.log")
	bao := realtest.StartOpenBao(t, "audit \"file\" \"main\" {\n  options { file_path = \""+l.log+"\" }\n}\n")
	l.bao = bao.Address
	l.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + l.state, "OAKUM_STATE_DIR=" + l.state, "VAULT_ADDR=" + bao.Address, "VAULT_TOKEN=" + bao.Token, "PG_ADMIN=" + l.db.Password}
	l.db.Do(t, "CREATE ROLE shop_app NOLOGIN; CREATE ROLE shop_a LOGIN IN ROLE shop_app PASSWORD '"+l.leaked+"'; CREATE TABLE orders (id int); INSERT INTO orders VALUES (1), (2); GRANT SELECT ON orders TO shop_app")
	l.write(".env", "PORT=8080\nDB_USER=shop_a\nDB_PASSWORD="+l.leaked+"\n")
	l.git("init", "-q", "-b", "main")
	l.commit("shop")
	return l
}

func (l *loop) write(name, text string) {
	l.Helper()
	file := filepath.Join(l.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		l.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		l.Fatal(err)
	}
}

func (l *loop) git(args ...string) string {
	l.Helper()
	cmd := exec.Command("git", append([]string{"-C", l.dir, "-c", "user.name=Ada", "-c", "user.email=ada@example.com"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		l.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return string(out)
}

func (l *loop) commit(words string) { l.git("add", "-A"); l.git("commit", "-q", "-m", words) }

// oakum runs the program in the project's folder, and expects an exit code. Nothing that
// it says may hold the leaked value.
func (l *loop) oakum(want int, args ...string) string {
	l.Helper()
	l.Chdir(l.dir)
	var out bytes.Buffer
	code := cli.Run(l.Context(), program(), append([]string{"oakum-remediate"}, args...), l.env, cli.Stdio{In: strings.NewReader(""), Out: &out, Err: &out})
	if code != want {
		l.Fatalf("oakum %s: exit code %d, expected %d\n%s", strings.Join(args, " "), code, want, out.String())
	}
	if strings.Contains(out.String(), l.leaked) {
		l.Errorf("oakum %s shows the value", strings.Join(args, " "))
	}
	return out.String()
}

var approval = regexp.MustCompile(`--approve ([0-9a-f]{64})`)

// TestLoop is the whole of it, on a real PostgreSQL and a real OpenBao: a leak is found,
// moved, rotated; the scan is clean, the old value opens nothing any more, and hook and
// scan refuse that very value under any name, for ever.
func TestLoop(t *testing.T) {
	l := newLoop(t)
	l.oakum(1, "scan", "dir", ".")
	l.moved()
	l.oakum(0, "scan", "dir", ".")
	if status := l.oakum(0, "remediate", "status"); !strings.Contains(status, "MOVED_NOT_ROTATED") {
		t.Errorf("what was only moved reads\n%s", status)
	}

	dry := l.ordered("touch, restarted")
	for _, words := range []string{"Nothing was changed", "risk", "undo", "cannot be taken back", "shop_a", "verified from this machine and from where the shop runs"} {
		if !strings.Contains(dry, words) {
			t.Errorf("the dry run does not say %q:\n%s", words, dry)
		}
	}
	hash := approval.FindStringSubmatch(dry)[1]
	l.oakum(3, "remediate", "rotate", l.order()) // it waits for a word
	if out, err := l.db.Ask("shop_a", l.leaked, "postgres", "SELECT 1"); err != nil {
		t.Errorf("before anybody said yes the old password is refused: %v %s", err, out)
	}
	l.oakum(0, "remediate", "rotate", "resume", "--approve", hash)
	if _, err := l.db.Ask("shop_a", l.leaked, "postgres", "SELECT 1"); err == nil {
		t.Error("the leaked password still opens the database")
	}
	for file, what := range map[string]string{"restarted": "the program was not restarted", "tried": "the new credential was not tried where programs run"} {
		if _, err := os.Stat(filepath.Join(l.dir, file)); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if status := l.oakum(0, "remediate", "status"); !strings.Contains(status, "RETIRED") || strings.Contains(status, "MOVED_NOT_ROTATED") {
		t.Errorf("what is retired reads\n%s", status)
	}
	l.oakum(0, "scan", "dir", ".")
	l.serves()
	l.refusedForEver()
	l.accounted()
	l.reconciled()
}

// reconciled: the store's own log knows each operation that the journals tell of, by its
// id, and never a value; one that it does not know is told.
func (l *loop) reconciled() {
	l.Helper()
	if out := l.oakum(0, "remediate", "audit", "--vault-log", l.log, "--vault-device", "main"); !strings.Contains(out, "2 operations, 0 of them") || strings.Count(out, "by token") != 2 {
		l.Errorf("the audit says\n%s", out)
	}
	log, err := os.ReadFile(l.log)
	if err != nil || bytes.Contains(log, []byte(l.leaked)) {
		l.Errorf("the store's log holds the value, or is not there: %v", err)
	}
	early := filepath.Join(l.state, "early.log")
	if err := os.WriteFile(early, log[:bytes.IndexByte(log, '\n')+1], 0o600); err != nil {
		l.Fatal(err)
	}
	l.oakum(1, "remediate", "audit", "--vault-log", early, "--vault-device", "main")
}

// moved takes the password out of the project, and puts the user's name beside it in the
// store, as whoever keeps the store does.
func (l *loop) moved() {
	l.Helper()
	plan := filepath.Join(l.state, "plan.json")
	l.oakum(0, "remediate", "plan", ".", "--to", "vaultkv://secret", "--out", plan, "--in-place")
	l.oakum(0, "remediate", "apply", plan)
	l.commit("references")
	entry, _ := l.reference()
	l.vault("kv", "patch", "secret/"+entry, "username=shop_a")
}

func (l *loop) order() string { return filepath.Join(l.state, "order.json") }

// ordered writes what is rotated, and an order; restart is the command that the program
// is started anew with.
func (l *loop) ordered(restart string) (dry string) {
	l.Helper()
	entry, field := l.reference()
	l.write("oakum-rotations.yaml", fmt.Sprintf(`rotations:
- name: shop-db
  kind: postgres
  store: vaultkv://secret
  entry: %s
  form: {fields: {password: %s}}
  dwell: 0s
  watch: 0s
  scan: [%s]
  verify_from:
  - name: where the shop runs
    run: [sh, -c, 'grep -q ''"user":"shop_b"'' && touch tried']
    stdin: {user: username, password: password}
  consumers:
  - kind: command
    name: restart the shop
    run: [%s]
  with:
    addresses: [%s]
    database: postgres
    sslmode: disable
    admin: {username: %s, password: env:PG_ADMIN}
    users: [shop_a, shop_b]
    check: SELECT count(*) FROM orders
`, entry, field, l.dir, restart, l.db.Address, l.db.User))
	l.commit("what is rotated")
	return l.oakum(0, "remediate", "rotate", "shop-db", "--dry-run", "--out", l.order())
}

// reference is where the password is now.
func (l *loop) reference() (entry, field string) {
	l.Helper()
	text, err := os.ReadFile(filepath.Join(l.dir, ".env"))
	if err != nil {
		l.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^DB_PASSWORD=.*ref\+vault://secret/([^#?\s]+)[^#\s]*#/(\w+)`).FindSubmatch(text)
	if m == nil {
		l.Fatalf("no reference in %s", text)
	}
	return string(m[1]), string(m[2])
}

// vault calls OpenBao's own program.
func (l *loop) vault(args ...string) {
	l.Helper()
	cmd := exec.Command(realtest.Find(l.T, "openbao"), args...)
	cmd.Env = l.env
	for _, v := range l.env {
		cmd.Env = append(cmd.Env, strings.Replace(v, "VAULT_", "BAO_", 1))
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		l.Fatalf("bao %q: %v\n%s", args, err, out)
	}
}

// serves runs a program with the new credential, which reads it as any would.
func (l *loop) serves() {
	l.Helper()
	entry, field := l.reference()
	l.write(".env", fmt.Sprintf("PORT=8080\nDB_USER=ref+vault://secret/%s#/username\nDB_PASSWORD=ref+vault://secret/%[1]s#/%[2]s\n", entry, field))
	out := l.oakum(0, "run", "--env-file", ".env", "--", "sh", "-c", `printf '%s %s' "$DB_USER" "${#DB_PASSWORD}"`)
	if !strings.HasPrefix(out, "shop_b ") {
		l.Errorf("the program gets %q", out)
	}
}

// refusedForEver: the value is refused under a name that says nothing, by a scan, the
// hook and the scan of manifests, which has the webhook's eyes.
func (l *loop) refusedForEver() {
	l.Helper()
	l.write("notes.txt", "colour: "+l.leaked+"\n")
	l.git("add", "notes.txt")
	if out := l.oakum(1, "hook", "run", "pre-commit"); !strings.Contains(out, "notes.txt") {
		l.Errorf("the hook says\n%s", out)
	}
	l.oakum(1, "scan", "dir", "notes.txt")
	l.git("rm", "-q", "-f", "notes.txt")
	l.write("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: shop}\nspec:\n  containers:\n  - name: shop\n    image: shop\n    env: [{name: COLOUR, value: "+l.leaked+"}]\n")
	l.oakum(1, "scan", "k8s", "pod.yaml")
}

// accounted: the report has the secret's life from its first commit, and no value.
func (l *loop) accounted() {
	l.Helper()
	var r filed
	if err := json.Unmarshal([]byte(l.oakum(0, "remediate", "report", "--format", "json")), &r); err != nil {
		l.Fatal(err)
	}
	if len(r.Accounts) != 1 || r.Accounts[0].State != "RETIRED" || len(r.Accounts[0].Events) < 10 {
		l.Errorf("the report has %+v", r.Accounts)
	}
	if page := l.oakum(0, "remediate", "report", "--format", "html"); !strings.Contains(page, "RETIRED") {
		l.Error("the page does not say that it is retired")
	}
}
