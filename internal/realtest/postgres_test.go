package realtest

import (
	"strings"
	"testing"
	"time"
)

func TestPostgres(t *testing.T) {
	p := StartPostgres(t)
	p.Do(t, "CREATE DATABASE shop;")
	p.Do(t, "CREATE TABLE orders (n INT); INSERT INTO orders VALUES (41), (42);")
	if got := p.Do(t, "SELECT max(n), current_setting('server_version_num')::int / 10000 FROM orders"); got != "42|15\n" {
		t.Errorf("it answers %q", got)
	}
	if _, err := p.Ask(p.User, p.Password+"x", "postgres", "SELECT 1"); err == nil || !strings.Contains(err.Error(), "password authentication failed") {
		t.Errorf("with a wrong password: %v", err)
	}
	if got := p.Do(t, "SELECT left(rolpassword, 13) FROM pg_authid WHERE rolname = 'postgres'"); got != "SCRAM-SHA-256\n" {
		t.Errorf("the password is kept as %q", got)
	}
}

func TestReplicatedPostgres(t *testing.T) {
	p, standby := StartReplicatedPostgres(t)
	p.Do(t, "CREATE TABLE orders (n INT); INSERT INTO orders VALUES (42)")
	shows(t, "42|t\n", func() (string, error) {
		return standby.Ask(p.User, p.Password, "postgres", "SELECT n, pg_is_in_recovery() FROM orders")
	})
}

// shows waits until a server has heard from another one.
func shows(t *testing.T, want string, ask func() (string, error)) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		got, err := ask()
		if got == want {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("it answers %q, %v", got, err)
		}
	}
}
