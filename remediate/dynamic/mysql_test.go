package dynamic_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/internal/realtest"
)

// TestMariaDB is TestPostgres with a MariaDB, whose users are given the grants themselves.
func TestMariaDB(t *testing.T) {
	m := realtest.StartMariaDB(t)
	password, admin := rand.Text(), rand.Text()
	m.Do(t, `CREATE DATABASE shop; CREATE TABLE shop.orders (id INT, item TEXT); CREATE TABLE shop.cards (id INT, number TEXT); CREATE TABLE shop.secret (n INT); CREATE ROLE reports;
		CREATE PROCEDURE shop.close_day() SELECT 1; GRANT SELECT ON shop.secret TO reports;
		CREATE USER shop_app IDENTIFIED BY '`+password+`'; GRANT SELECT, INSERT ON shop.orders TO shop_app; GRANT SELECT (id) ON shop.cards TO shop_app;
		GRANT EXECUTE ON PROCEDURE shop.close_day TO shop_app; GRANT reports TO shop_app; SET DEFAULT ROLE reports FOR shop_app;
		CREATE USER dba IDENTIFIED BY '`+admin+`'; GRANT ALL PRIVILEGES ON *.* TO dba WITH GRANT OPTION; GRANT reports TO dba WITH ADMIN OPTION;`)
	b := newBench(t, admin)
	s := settings(t, `version: 1
database:
  {name: shop, kind: mysql, address: "`+m.Address+`", tls: "off", admin: {user: dba, password: ref+vault://secret/dba#/password}}
user: shop_app
role: {name: api-role}
rotate_root: true
retire: true`+readers)
	plan, text := b.plan(t, s)
	if plan.Conflicts() > 0 || !strings.Contains(text, "INSERT, SELECT ON `shop`.`orders`") {
		t.Fatalf("the plan is\n%s", text)
	}
	if err := b.tools.Apply(t.Context(), s, plan.Hash); err != nil {
		t.Fatalf("%v\n%s", err, b.said)
	}
	if _, err := m.Ask("shop_app", password, "SELECT 1"); err == nil || !strings.Contains(err.Error(), "locked") {
		t.Errorf("the old user: %v", err)
	}
	lease := b.read(t, "database/creds/api-role")
	user, secret := lease.Data["username"].(string), lease.Data["password"].(string)
	if out, err := m.Ask(user, secret, "INSERT INTO shop.orders VALUES (1, 'rope'); SELECT COUNT(*) FROM shop.orders; SELECT COUNT(id) FROM shop.cards; CALL shop.close_day(); SELECT COUNT(*) FROM shop.secret"); err != nil || out != "1\n0\n1\n0\n" {
		t.Errorf("the user that Vault made gets %q, %v", out, err)
	}
	for _, forbidden := range []string{"SELECT number FROM shop.cards", "DELETE FROM shop.orders", "CREATE USER x"} {
		if _, err := m.Ask(user, secret, forbidden); err == nil {
			t.Errorf("%s is allowed", forbidden)
		}
	}
	if err := b.vault.Sys().RevokeWithContext(t.Context(), lease.LeaseID); err != nil {
		t.Fatal(err)
	}
	if n := m.Do(t, "SELECT COUNT(*) FROM mysql.user WHERE User LIKE 'v-%'"); n != "0\n" {
		t.Errorf("%s users are left after their leases", n)
	}
	if err := b.tools.Undo(t.Context(), s); err != nil {
		t.Fatalf("%v\n%s", err, b.said)
	}
	if users := m.Do(t, "SELECT COUNT(*) FROM mysql.user WHERE User LIKE 'oakum%' OR User LIKE 'v-%'"); users != "0\n" {
		t.Errorf("after it was taken back there are %s users of ours", users)
	}
	if _, err := m.Ask("shop_app", password, "SELECT 1"); err != nil {
		t.Error(err)
	}
}
