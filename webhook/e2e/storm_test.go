package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// toll counts what became of pods with a key and of pods without.
type toll struct {
	admitted, denied, failed int      // of pods without a key
	leaked, refused, erred   int      // of pods with one: leaked are those that came in
	strange                  []string // errors that are neither
}

func (r *toll) String() string {
	return fmt.Sprintf("clean: %d admitted, %d denied, %d failed; with a key: %d admitted, %d denied, %d failed", r.admitted, r.denied, r.failed, r.leaked, r.refused, r.erred)
}

// storm has users make pods, dry, each with a key or without in turn, until it is stopped.
type storm struct {
	lock sync.Mutex
	now  toll
	end  context.CancelFunc
	all  sync.WaitGroup
}

func (c *cluster) storm(t *testing.T, namespace string, users int) *storm {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	s := &storm{end: end}
	clean, leaky := &unstructured.Unstructured{Object: pod(namespace, "clean", nil)}, &unstructured.Unstructured{Object: pod(namespace, "leaky", leakyEnv(11))}
	client := c.resource(t, clean)
	for u := range users {
		s.all.Go(func() {
			for i := u; ctx.Err() == nil; i++ {
				object := clean
				if i%2 == 0 {
					object = leaky
				}
				_, err := client.Create(context.WithoutCancel(ctx), object.DeepCopy(), metav1.CreateOptions{DryRun: []string{"All"}})
				s.note(i%2 == 0, err)
			}
		})
	}
	t.Cleanup(func() { s.stop() })
	return s
}

func (s *storm) note(leaky bool, err error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	n := &s.now
	fields := [2][3]*int{{&n.admitted, &n.denied, &n.failed}, {&n.leaked, &n.refused, &n.erred}}
	of := fields[0]
	if leaky {
		of = fields[1]
	}
	switch {
	case err == nil:
		*of[0]++
	case strings.Contains(err.Error(), "denied the request"):
		*of[1]++
	case strings.Contains(err.Error(), "failed calling webhook"):
		*of[2]++
	default:
		n.strange = append(n.strange, err.Error())
	}
}

// during lets the storm go on for a while and gives what happened in it.
func (s *storm) during(span time.Duration) *toll {
	before := s.count()
	time.Sleep(span)
	after := s.count()
	return after.since(&before)
}

// since is what came after before.
func (r *toll) since(before *toll) *toll {
	return &toll{
		admitted: r.admitted - before.admitted, denied: r.denied - before.denied, failed: r.failed - before.failed,
		leaked: r.leaked - before.leaked, refused: r.refused - before.refused, erred: r.erred - before.erred,
		strange: r.strange[len(before.strange):],
	}
}

// calm checks that all was decided, and rightly.
func (r *toll) calm(t *testing.T, what string) {
	t.Helper()
	t.Logf("%s: %s", what, r)
	if r.admitted == 0 || r.refused == 0 || r.denied+r.failed+r.leaked+r.erred+len(r.strange) > 0 {
		t.Errorf("%s: %s %q", what, r, r.strange)
	}
}

func (s *storm) count() toll {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.now
}

func (s *storm) stop() toll {
	s.end()
	s.all.Wait()
	return s.count()
}

// right checks what must hold whatever fell over: nothing without a key is denied, and
// nothing with one admitted but where the API server counted that it failed open.
func (r *toll) right(t *testing.T, what string, open float64) {
	t.Helper()
	t.Logf("%s: %s; failed open %.0f", what, r, open)
	switch {
	case r.denied > 0:
		t.Errorf("%s: pods without a key were denied", what)
	case float64(r.leaked) > open:
		t.Errorf("%s: %d pods with a key came in, and %.0f reviews failed open", what, r.leaked, open)
	case len(r.strange) > 0:
		t.Errorf("%s: %s", what, r.strange[0])
	}
}
