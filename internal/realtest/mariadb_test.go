package realtest

import (
	"testing"
	"time"
)

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
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		got, err := replica.Ask("root", "", "SELECT n, @@GLOBAL.read_only FROM shop.orders")
		if got == "42\t1\n" {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the replica answers %q, %v\n%s", got, err, replica.Do(t, "SHOW SLAVE STATUS"))
		}
	}
}
