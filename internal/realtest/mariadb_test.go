package realtest

import "testing"

func TestMariaDB(t *testing.T) {
	m := StartMariaDB(t)
	m.Do(t, "CREATE DATABASE shop; CREATE TABLE shop.orders (n INT); INSERT INTO shop.orders VALUES (41), (42);")
	if got := m.Do(t, "SELECT MAX(n) FROM shop.orders"); got != "42\n" {
		t.Errorf("it answers %q", got)
	}
}
