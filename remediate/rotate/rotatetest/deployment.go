package rotatetest

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/testdata/apps/orders"
)

// deployment is the sample service behind a load balancer, as a platform rolls it out: a
// process has its credential from the store when it begins, and keeps it. The next one
// gets the requests once it listens; the last one is ended when those that it has are
// answered.
type deployment struct {
	dir    string
	store  store.Driver
	env    []string
	web    *httptest.Server
	toldAt time.Time // when the newest process got its first request

	mu  sync.RWMutex
	now *instance
}

// instance is one process of the service.
type instance struct {
	http.Handler                   // by which it is reached
	has          rotate.Credential // from its beginning
	busy         sync.WaitGroup    // with requests
	end          func()
}

func deploy(t *testing.T, st store.Driver, env []string) *deployment {
	t.Helper()
	realtest.Find(t, "node")
	d := &deployment{dir: t.TempDir(), store: st, env: append([]string{"PATH=" + os.Getenv("PATH"), "PORT=0"}, env...)}
	if err := orders.Write(d.dir, 1); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(realtest.Find(t, "node-libraries"), filepath.Join(d.dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	if err := d.roll(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.now.end() })
	d.web = httptest.NewServer(d)
	t.Cleanup(d.web.Close)
	return d
}

// ServeHTTP passes a request on to the newest process.
func (d *deployment) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.RLock()
	i := d.now
	i.busy.Add(1)
	d.mu.RUnlock()
	defer i.busy.Done()
	i.ServeHTTP(w, r)
}

// roll starts a process with what the store has now, and ends the one before it.
func (d *deployment) roll(ctx context.Context) error {
	_, value, err := d.store.Read(ctx, entry, "")
	if err != nil {
		return err
	}
	c, err := rotate.Form{}.Read(value, []string{rotate.Username, rotate.Password})
	if err != nil {
		return err
	}
	next, err := d.start(c)
	if err != nil {
		return err
	}
	d.mu.Lock()
	last := d.now
	d.now, d.toldAt = next, time.Now()
	d.mu.Unlock()
	if last != nil {
		last.busy.Wait()
		last.end()
	}
	return nil
}

// start starts a process, which listens once it has asked its database.
func (d *deployment) start(c rotate.Credential) (*instance, error) {
	cmd := exec.Command("node", "server.js")
	cmd.Dir, cmd.Env = d.dir, append([]string{"DB_USER=" + store.Plain(c[rotate.Username]), "DB_PASSWORD=" + store.Plain(c[rotate.Password])}, d.env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	end := func() {
		kill := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
		defer kill.Stop()
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	port, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if !ok {
		end()
		return nil, fmt.Errorf("the service does not start: %q", line)
	}
	return &instance{Handler: httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "127.0.0.1:" + port}), has: c, end: end}, nil
}

func (d *deployment) String() string { return "the service" }
func (d *deployment) Risk() string   { return "none" }

// Done tells whether its process has the new credential.
func (d *deployment) Done(_ context.Context, u consumer.Update) (bool, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.now.has.Equal(u.New), nil
}

func (d *deployment) Do(ctx context.Context, _ consumer.Update) error { return d.roll(ctx) }

func (d *deployment) Undo(ctx context.Context, _ consumer.Update) error { return d.roll(ctx) }
