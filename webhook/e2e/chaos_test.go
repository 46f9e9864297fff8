package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// replicas are two webhooks behind what stands for a Service.
type replicas struct {
	*Balancer
	authority *Authority
	certs     string // the folder that both take their certificate from
	config    string
	both      []*Webhook
}

func (c *cluster) replicas(t *testing.T, config string) *replicas {
	t.Helper()
	a, err := NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	r := &replicas{authority: a, certs: t.TempDir(), config: config}
	r.issue(t, time.Now().Add(time.Hour))
	for range 2 {
		r.both = append(r.both, c.replica(t, r))
	}
	if r.Balancer, err = NewBalancer(r.both[0].Address, r.both[1].Address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func (c *cluster) replica(t *testing.T, r *replicas) *Webhook {
	t.Helper()
	return c.webhook(t, WebhookOptions{Authority: r.authority, CertDir: r.certs, Config: r.config, Args: []string{"--drain", "1500ms"}})
}

func (r *replicas) issue(t *testing.T, until time.Time) {
	t.Helper()
	if err := r.authority.Issue(r.certs, until); err != nil {
		t.Fatal(err)
	}
}

// open is how many reviews the API server let pass because it could not ask.
func (c *cluster) open(t *testing.T) float64 {
	t.Helper()
	return c.metric(t, "apiserver_admission_webhook_fail_open_count", `name="pods.oakum-sec.github.io"`)
}

// What fails while users make pods, some with a key: nothing without one is denied, and
// nothing with one comes in, but where the API server was told to let it (failurePolicy
// Ignore) and counted that.
func TestChaosClosed(t *testing.T) {
	c := start(t, PlaneOptions{})
	shop := c.namespace(t, "shop", nil)
	r := c.replicas(t, "failureMode: closed")
	c.asks(t, Asked{Port: r.Port(), CA: r.authority.PEM, Policy: admissionv1.Fail})
	c.untilDenied(t, shop)
	s := c.storm(t, shop, 6)
	s.during(2*time.Second).calm(t, "nothing fails")
	s.check(t, c, "a replica is killed", func() {
		if err := r.both[0].Kill(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		r.Set(r.both[1].Address) // as a Service does when it has noticed
		s.during(time.Second).calm(t, "one is left")
		r.both[0] = c.replica(t, r)
		r.Set(r.both[0].Address, r.both[1].Address)
	})
	s.check(t, c, "a replica is told to end", func() { r.leaves(t, c, s) })
	s.check(t, c, "the certificate is renewed", func() { r.renewed(t, s) })
	s.check(t, c, "the certificate ends", func() { r.expired(t, c, s, shop) })
	s.check(t, c, "both are killed", func() {
		for _, w := range r.both {
			if err := w.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		if n := s.during(2 * time.Second); n.admitted+n.leaked > 0 || n.failed == 0 {
			t.Errorf("nobody is there: %s", n)
		}
	})
	if got := c.open(t); got != 0 {
		t.Errorf("%v reviews failed open", got)
	}
}

// leaves ends a replica as a node does: it says that it is not ready, is given time to be
// taken out of the Service, and answers what it has.
func (r *replicas) leaves(t *testing.T, c *cluster, s *storm) {
	before := s.count()
	ended := make(chan error, 1)
	go func() { ended <- r.both[0].Stop(patience) }()
	for r.both[0].IsReady() {
		time.Sleep(10 * time.Millisecond)
	}
	r.Set(r.both[1].Address)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	after := s.count()
	if after.failed != before.failed || after.erred != before.erred {
		t.Errorf("a replica that was told to end left reviews unanswered: %s, then %s", &before, &after)
	}
	r.both[0] = c.replica(t, r)
	r.Set(r.both[0].Address, r.both[1].Address)
}

// renewed has a new certificate served to new connections, and no review is lost.
func (r *replicas) renewed(t *testing.T, s *storm) {
	until := time.Now().Add(2 * time.Hour).Truncate(time.Second)
	before := s.count()
	r.issue(t, until)
	for _, w := range r.both {
		eventually(t, "the new certificate is read", func() bool {
			got, err := w.Metric("oakum_webhook_cert_expiry_seconds")
			return err == nil && int64(got) == until.Unix()
		})
	}
	s.during(time.Second).calm(t, "a new certificate")
	if after := s.count(); after.failed != before.failed || after.erred != before.erred {
		t.Errorf("reviews were lost: %s, then %s", &before, &after)
	}
}

// expired: a certificate that is over is trusted by nobody, until there is another one.
func (r *replicas) expired(t *testing.T, c *cluster, s *storm, namespace string) {
	r.issue(t, time.Now().Add(-time.Minute))
	for _, w := range r.both {
		eventually(t, "a replica whose certificate is over is not ready", func() bool { return !w.IsReady() })
	}
	r.Cut() // connections that are open go on
	s.during(500 * time.Millisecond)
	if n := s.during(time.Second); n.admitted+n.leaked+n.denied > 0 || n.failed == 0 {
		t.Errorf("with a certificate that is over: %s", n)
	}
	r.issue(t, time.Now().Add(time.Hour))
	for _, w := range r.both {
		eventually(t, "it is ready again", w.IsReady)
	}
	c.untilDenied(t, namespace)
	s.during(time.Second).calm(t, "after it was renewed")
}

// The same where the webhook's configuration says Ignore: what comes in was counted.
func TestChaosOpen(t *testing.T) {
	c := start(t, PlaneOptions{})
	shop := c.namespace(t, "shop", nil)
	r := c.replicas(t, "")
	c.asks(t, Asked{Port: r.Port(), CA: r.authority.PEM, Policy: admissionv1.Ignore})
	c.untilDenied(t, shop)
	s := c.storm(t, shop, 6)
	s.during(2*time.Second).calm(t, "nothing fails")
	s.check(t, c, "a replica is killed", func() {
		if err := r.both[0].Kill(); err != nil {
			t.Fatal(err)
		}
		s.during(2 * time.Second)
		r.Set(r.both[1].Address)
	})
	s.check(t, c, "both are killed", func() {
		if err := r.both[1].Kill(); err != nil {
			t.Fatal(err)
		}
		if n := s.during(2 * time.Second); n.leaked == 0 || n.failed > 0 {
			t.Errorf("nobody is there, and that is ignored: %s", n)
		}
	})
	s.check(t, c, "one is back", func() {
		r.both[0] = c.replica(t, r)
		r.Set(r.both[0].Address)
		c.untilDenied(t, shop)
	})
}

// An API server that is started again finds the webhook, and the webhook it.
func TestChaosAPIServer(t *testing.T) {
	c := start(t, PlaneOptions{})
	var revived *Process
	t.Cleanup(func() {
		if revived != nil {
			revived.Kill()
		}
	})
	shop := c.namespace(t, "shop", nil)
	w := c.webhook(t, WebhookOptions{Config: "failureMode: closed"})
	c.asks(t, Asked{Port: portOf(t, w.Address), CA: w.CA, Policy: admissionv1.Fail})
	c.untilDenied(t, shop)
	again := c.killAPIServer(t)
	time.Sleep(time.Second)
	if !w.IsReady() {
		t.Error("without the API server, what the webhook knows is what it knew: it is to stay ready")
	}
	revived = again()
	c.untilDenied(t, shop)
	if _, err := c.create(t, pod(shop, "clean", nil), metav1.CreateOptions{}); err != nil {
		t.Errorf("a pod without keys: %v", err)
	}
	lax := c.namespace(t, "lax", map[string]string{"oakum-sec.github.io/enforce": "off"})
	eventually(t, "a namespace that came later is known", func() bool {
		_, err := c.create(t, pod(lax, "leaky", leakyEnv(4)), metav1.CreateOptions{DryRun: []string{"All"}})
		return err == nil
	})
}

// killAPIServer ends the API server as a crash does, and gives what starts it again as it
// was: envtest's own start would make another authority, whom nobody trusts.
func (c *cluster) killAPIServer(t *testing.T) (again func() *Process) {
	t.Helper()
	pid, args := c.apiServer(t)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	return func() *Process {
		p, err := StartProcess(filepath.Join(c.dir, "apiserver.log"), args[0], args[1:]...)
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "the API server is there again", func() bool {
			_, err := c.Client.CoreV1().RESTClient().Get().AbsPath("/readyz").DoRaw(t.Context())
			return err == nil
		})
		return p
	}
}

// apiServer finds the process of this test's own, by the port that it was given.
func (c *cluster) apiServer(t *testing.T) (pid int, args []string) {
	t.Helper()
	port := "--secure-port=" + c.Env.ControlPlane.GetAPIServer().SecureServing.Port
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		args := strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
		if args[0] != c.parts.APIServer || !slices.Contains(args, port) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			t.Fatal(err)
		}
		return pid, args
	}
	t.Fatal("there is no API server")
	return 0, nil
}

// A webhook that may not list namespaces is never ready; who asks it anyway gets what the
// failure mode says.
func TestChaosNotSynced(t *testing.T) {
	c := start(t, PlaneOptions{})
	for mode, want := range map[string]int{"open": 200, "closed": 500} {
		w := c.webhook(t, WebhookOptions{Config: "failureMode: " + mode, Unready: true, Account: "nobody"})
		eventually(t, "it listens", func() bool { return w.asked(nil) == nil })
		body := reviewOf(t, pod("shop", "leaky", leakyEnv(1)))
		status, answer, err := w.post("/pods", body)
		if err != nil || status != want {
			t.Errorf("%s: status %d, %v: %s", mode, status, err, answer)
		}
		if w.IsReady() {
			t.Errorf("%s: it is ready", mode)
		}
		if got, err := w.Metric("oakum_admission_failed_total", `mode="`+mode+`"`, `reason="not-ready"`); err != nil || got < 1 {
			t.Errorf("%s: counted %v, %v", mode, got, err)
		}
		if mode == "open" && !admittedUnseen(t, answer) {
			t.Errorf("open: %s", answer)
		}
	}
}

// check runs an event while the storm goes on, lets it calm down, and checks what must
// hold whatever fell over.
func (s *storm) check(t *testing.T, c *cluster, what string, event func()) {
	t.Helper()
	open, before := c.open(t), s.count()
	event()
	after := s.count()
	n := after.since(&before)
	n.right(t, what, c.open(t)-open)
}
