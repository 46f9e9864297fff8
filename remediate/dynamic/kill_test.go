package dynamic_test

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/remediate/disk"
	"github.com/oakum-sec/oakum/remediate/dynamic"
	"github.com/oakum-sec/oakum/remediate/journal"
)

var errKilled = errors.New("killed")

// TestKilled ends runs at records of their journal, at random, and goes on: an apply
// comes to where it would have come, and an undo leaves nothing.
func TestKilled(t *testing.T) {
	p := realtest.StartPostgres(t)
	shopIn(t, p)
	b := newBench(t, p.Password)
	s := postgresSettings(t, p, "rotate_root: true\nretire: true\n")
	plan, _ := b.plan(t, s)
	random, kills := rand.New(rand.NewPCG(10, 5)), 0
	until := func(act func() error) {
		t.Helper()
		for at := 1; ; at++ {
			left := random.IntN(2) + at // the records of what is done already come first
			b.tools.Disk.Watch = func(step disk.Step) error {
				if step.Path == journal.Name && step.Op == "write" && !step.Done {
					if left--; left < 0 {
						return errKilled
					}
				}
				return nil
			}
			err := act()
			if err == nil {
				return
			}
			if !errors.Is(err, errKilled) {
				t.Fatalf("killed at record %d, and then: %v", at, err)
			}
			kills++
		}
	}
	until(func() error { return b.tools.Apply(t.Context(), s, plan.Hash) })
	if plan, text := b.plan(t, s); plan.Conflicts() > 0 || strings.Count(text, " = ") < 11 {
		t.Errorf("after all kills the plan is\n%s", text)
	}
	lease := b.read(t, "database/creds/api-role")
	ask(t, p, lease.Data["username"].(string), lease.Data["password"].(string), "SELECT * FROM orders")
	until(func() error { return b.tools.Undo(t.Context(), s) })
	if roles := p.Do(t, "SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles WHERE rolname !~ '^pg_'"); roles != "owner postgres readers shop_app\n" {
		t.Errorf("after it was taken back there are %s", roles)
	}
	if kills < 20 {
		t.Errorf("only %d kills", kills)
	}
	t.Logf("killed %d times", kills)
}

// TestLostReplies has each request that changes something in Vault fail twice: once it
// does not arrive, and once it does and its answer is lost.
func TestLostReplies(t *testing.T) {
	p := realtest.StartPostgres(t)
	shopIn(t, p)
	b := newBench(t, p.Password)
	at, err := url.Parse(b.bao.Address)
	if err != nil {
		t.Fatal(err)
	}
	vault, times := httputil.NewSingleHostReverseProxy(at), map[string]int{}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request := r.Method + " " + r.URL.Path
		times[request]++ // one client, one request at a time
		switch {
		case r.Method == http.MethodGet || r.URL.Query().Has("list") || strings.Contains(r.URL.Path, "revoke-self") || times[request] > 2:
			vault.ServeHTTP(w, r)
		case times[request] == 2:
			vault.ServeHTTP(httptest.NewRecorder(), r)
			w.WriteHeader(http.StatusBadGateway)
		default:
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	defer front.Close()
	getenv := b.tools.Getenv
	b.tools.Getenv = func(name string) string {
		if name == "VAULT_ADDR" {
			return front.URL
		}
		return getenv(name)
	}
	s := postgresSettings(t, p, "rotate_root: true\nretire: true\n")
	s.Readers = map[string]dynamic.Reader{"job": s.Readers["job"]}
	plan, _ := b.plan(t, s)
	failed := 0
	until := func(act func() error) {
		t.Helper()
		for ; failed < 100; failed++ {
			err := act()
			if err == nil {
				return
			}
			if !strings.Contains(err.Error(), "Bad Gateway") {
				t.Fatal(err)
			}
		}
	}
	until(func() error { return b.tools.Apply(t.Context(), s, plan.Hash) })
	lease := b.read(t, "database/creds/api-role")
	ask(t, p, lease.Data["username"].(string), lease.Data["password"].(string), "SELECT * FROM orders")
	until(func() error { return b.tools.Undo(t.Context(), s) })
	for end := time.Now().Add(5 * time.Second); p.Do(t, "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'v-%'") != "0\n" && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
	}
	if roles := p.Do(t, "SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles WHERE rolname !~ '^pg_'"); roles != "owner postgres readers shop_app\n" {
		t.Errorf("after it was taken back there are %s", roles)
	}
	if failed < 15 {
		t.Errorf("only %d requests failed", failed)
	}
	t.Logf("%d requests failed", failed)
}
