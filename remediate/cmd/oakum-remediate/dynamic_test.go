//go:build !windows

package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/internal/realtest"
)

// These tests take a database user with a fixed password to one that a program borrows
// from Vault, by oakum's commands, and watch it come and go.

// lender is a database with such a user, and a Vault.
type lender struct {
	dir      string
	env      []string
	bao      realtest.OpenBao
	password string // the fixed one
	users    func(t *testing.T) string
	login    func(user, password string) error
}

func newLender(t *testing.T) *lender {
	t.Helper()
	l := &lender{dir: t.TempDir(), bao: realtest.StartOpenBao(t, ""), password: rand.Text()}
	l.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + l.dir, "OAKUM_STATE_DIR=" + l.dir, "VAULT_ADDR=" + l.bao.Address, "VAULT_TOKEN=" + l.bao.Token}
	return l
}

// settings writes dynamic.yaml, with users that live for three seconds and six at most.
func (l *lender) settings(t *testing.T, database, more string) {
	t.Helper()
	text := "version: 1\ndatabase: {name: shop, tls: \"off\", " + database + ", admin: {user: dba, password: ref+vault://secret/dba#/password}}\nuser: shop_app\n" +
		"role: {name: api-role, default_ttl: 3s, max_ttl: 6s}\n" + more
	if err := os.WriteFile(filepath.Join(l.dir, "dynamic.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// oakum runs a command in the folder and gives what it prints.
func (l *lender) oakum(t *testing.T, args ...string) string {
	t.Helper()
	t.Chdir(l.dir)
	var all bytes.Buffer
	if code := cli.Run(t.Context(), program(), append([]string{"oakum-remediate"}, args...), l.env, cli.Stdio{In: strings.NewReader(""), Out: &all, Err: &all}); code != 0 {
		t.Fatalf("oakum %s: exit code %d\n%s", strings.Join(args, " "), code, all.String())
	}
	if strings.Contains(all.String(), l.password) {
		t.Errorf("oakum %s shows the fixed password", strings.Join(args, " "))
	}
	return all.String()
}

// admin makes who the admin's password is for, and puts it where the settings refer to.
func (l *lender) admin(t *testing.T) (password string) {
	t.Helper()
	password = rand.Text()
	l.vault(t, http.MethodPost, "secret/data/dba", map[string]any{"data": map[string]string{"password": password}})
	return password
}

// vault asks as root.
func (l *lender) vault(t *testing.T, method, path string, body any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, l.bao.Address+"/v1/"+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Vault-Token", l.bao.Token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode >= 300 {
		t.Fatalf("%s %s: %s", method, path, resp.Status)
	}
}

func onPostgres(t *testing.T) *lender {
	t.Helper()
	l, p := newLender(t), realtest.StartPostgres(t)
	p.Do(t, `CREATE TABLE orders (n INT); INSERT INTO orders VALUES (42); CREATE ROLE shop_app LOGIN PASSWORD '`+l.password+`'; GRANT SELECT ON orders TO shop_app;
		CREATE ROLE dba SUPERUSER LOGIN PASSWORD '`+l.admin(t)+`'`)
	l.settings(t, `kind: postgresql, database: postgres, address: "`+p.Address+`"`, "")
	l.users = func(t *testing.T) string { return p.Do(t, "SELECT rolname FROM pg_roles WHERE rolname LIKE 'v-%'") }
	l.login = func(user, password string) error {
		_, err := p.Ask(user, password, "postgres", "SELECT n FROM orders")
		return err
	}
	return l
}

func onMariaDB(t *testing.T) *lender {
	t.Helper()
	l, m := newLender(t), realtest.StartMariaDB(t)
	m.Do(t, `CREATE DATABASE shop; CREATE TABLE shop.orders (n INT); CREATE USER shop_app IDENTIFIED BY '`+l.password+`'; GRANT SELECT ON shop.orders TO shop_app;
		CREATE USER dba IDENTIFIED BY '`+l.admin(t)+`'; GRANT ALL PRIVILEGES ON *.* TO dba WITH GRANT OPTION`)
	l.settings(t, `kind: mysql, address: "`+m.Address+`"`, "")
	l.users = func(t *testing.T) string { return m.Do(t, "SELECT User FROM mysql.user WHERE User LIKE 'v-%'") }
	l.login = func(user, password string) error {
		_, err := m.Ask(user, password, "SELECT n FROM shop.orders")
		return err
	}
	return l
}

// TestBorrowed runs a program with a user that it borrows. It lives while the program
// does, beyond its time; at its longest time the program is started again with another
// one; after the program's end there is none. The program sees no token of Vault.
func TestBorrowed(t *testing.T) {
	for name, start := range map[string]func(*testing.T) *lender{"PostgreSQL": onPostgres, "MariaDB": onMariaDB} {
		t.Run(name, func(t *testing.T) {
			l := start(t)
			if out := l.oakum(t, "remediate", "dynamic", "apply", "dynamic.yaml", "--dry-run"); !strings.Contains(out, "1 + make") || l.users(t) != "" {
				t.Fatalf("the plan is\n%s", out)
			}
			l.oakum(t, "remediate", "dynamic", "apply", "dynamic.yaml")
			r := l.run(t, `echo "$DB_USER $DB_PASSWORD" >> users; env > environment; trap 'touch ended; exit 7' TERM; while :; do sleep 0.05; done`)
			first := l.eventually(t, "users", 1)
			if err := l.login(first[0], first[1]); err != nil || l.users(t) != first[0]+"\n" {
				t.Fatalf("there is %q, and a login as %s: %v", l.users(t), first[0], err)
			}
			time.Sleep(4 * time.Second) // longer than it would live unrenewed
			if err := l.login(first[0], first[1]); err != nil {
				t.Errorf("the lease was not renewed: %v", err)
			}
			second := l.eventually(t, "users", 2)
			if err := l.login(second[0], second[1]); err != nil || second[0] == first[0] {
				t.Errorf("at its longest time %s was given for %s: %v", second[0], first[0], err)
			}
			if text, err := os.ReadFile(filepath.Join(l.dir, "environment")); err != nil || strings.Contains(string(text), l.bao.Token) || strings.Contains(string(text), "VAULT_TOKEN") {
				t.Errorf("the program sees Vault's token, %v", err)
			}
			r.Process.Signal(syscall.SIGTERM)
			r.Wait()
			if code := r.ProcessState.ExitCode(); code != 7 {
				t.Errorf("exit code %d", code)
			}
			if _, err := os.Stat(filepath.Join(l.dir, "ended")); err != nil {
				t.Errorf("the program did not end by itself: %v", err)
			}
			if users := l.users(t); users != "" {
				t.Errorf("after its end there are %q", users)
			}
			if l.login(second[0], second[1]) == nil {
				t.Error("its user logs in after its end")
			}
			l.oakum(t, "remediate", "dynamic", "undo", "dynamic.yaml")
			status := l.oakum(t, "remediate", "dynamic", "status", "dynamic.yaml")
			if n := strings.Count(status, "\n"); n < 4 || strings.Count(status, "  undone ") != n {
				t.Errorf("after it was taken back the status is\n%s", status)
			}
			if events := l.oakum(t, "remediate", "dynamic", "status", "dynamic.yaml", "--export"); strings.Count(events, `"specversion":"1.0"`) < 20 {
				t.Errorf("the journal is exported as\n%s", events)
			}
		})
	}
}

// TestBorrowedFile has a program told of its new user by a signal, with a file that holds
// both fields of it: the program goes on, and the old user lives until it has read it.
func TestBorrowedFile(t *testing.T) {
	l := onPostgres(t)
	l.oakum(t, "remediate", "dynamic", "apply", "dynamic.yaml")
	const reference = "ref+vault://database/creds/api-role#/"
	if err := os.WriteFile(filepath.Join(l.dir, "settings"), []byte(reference+"username "+reference+"password\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := l.start(t, nil, "run", "--copy", "SETTINGS=settings", "--on-change", "SIGHUP", "--", "sh", "-c",
		`trap 'cat "$SETTINGS" >> users' HUP; trap 'exit 0' TERM; cat "$SETTINGS" >> users; echo $$ >> pids; while :; do sleep 0.05; done`)
	first := l.eventually(t, "users", 1)
	second := l.eventually(t, "users", 2)
	for _, user := range [][]string{first, second} {
		if err := l.login(user[0], user[1]); err != nil {
			t.Error(err)
		}
	}
	l.eventually(t, "pids", 1) // it was not started again
	r.Process.Signal(syscall.SIGTERM)
	r.Wait()
	if users := l.users(t); users != "" || first[0] == second[0] || r.ProcessState.ExitCode() != 0 {
		t.Errorf("after %q and %q, and exit code %d, there are %q", first[0], second[0], r.ProcessState.ExitCode(), users)
	}
}

// run starts oakum run with a shell's script.
func (l *lender) run(t *testing.T, script string) *exec.Cmd {
	t.Helper()
	env := []string{"DB_USER=ref+vault://database/creds/api-role#/username", "DB_PASSWORD=ref+vault://database/creds/api-role#/password"}
	return l.start(t, env, "run", "--", "sh", "-c", script)
}

// start starts oakum, with more in its environment.
func (l *lender) start(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Dir, cmd.Stderr = l.dir, os.Stderr
	cmd.Env = slices.Concat([]string{asProgram + "=1"}, env, l.env)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
	})
	return cmd
}

// eventually is the last of so many lines in a file, in words.
func (l *lender) eventually(t *testing.T, file string, lines int) []string {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		text, _ := os.ReadFile(filepath.Join(l.dir, file))
		if all := strings.Split(strings.TrimSpace(string(text)), "\n"); len(all) == lines && bytes.HasSuffix(text, []byte("\n")) {
			return strings.Fields(all[lines-1])
		}
	}
	t.Fatalf("%s does not get %d lines", file, lines)
	return nil
}
