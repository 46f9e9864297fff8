package realtest

import "testing"

func TestMariaDB(t *testing.T) {
	m := StartMariaDB(t)
	m.Do(t, "CREATE DATABASE shop; CREATE TABLE shop.orders (n INT); INSERT INTO shop.orders VALUES (41), (42);")
	if got := m.Do(t, "SELECT MAX(n) FROM shop.orders"); got != "42\n" {
		t.Errorf("it answers %q", got)
	}
}

func TestReplicatedMariaDB(t *testing.T) {
	m, replica := StartReplicatedMariaDB(t)
	m.Do(t, "CREATE DATABASE shop; CREATE TABLE shop.orders (n INT); INSERT INTO shop.orders VALUES (42);")
	shows(t, "42\t1\n", func() (string, error) {
		return replica.Ask("root", "", "SELECT n, @@GLOBAL.read_only FROM shop.orders")
	})
}
