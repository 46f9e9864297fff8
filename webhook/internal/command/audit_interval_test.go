package command_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/webhook/internal/command"
	"github.com/oakum-sec/oakum/webhook/internal/fakeapi"
)

// spoken is what a program writes while a test reads it.
type spoken struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *spoken) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *spoken) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// With --interval what a round finds is no end: the audit goes on until it is stopped,
// and that is exit code 0. What cannot be meant is refused.
func TestAuditGoesOn(t *testing.T) {
	s := fakeapi.New(t, resources...)
	s.Add(t, namespace("bank"), deployment(1, "bank", "web"))
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(kubeconfig, []byte(kubeconfigOf(s)), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var out, words spoken
	ended := make(chan int)
	go func() {
		ended <- cli.Run(ctx, command.Program(), []string{"oakum-webhook", "webhook", "audit", "--interval", "1h", "--kubeconfig", kubeconfig}, []string{"HOME=" + t.TempDir()},
			cli.Stdio{In: strings.NewReader(""), Out: &out, Err: &words})
	}()
	for end := time.Now().Add(time.Minute); !strings.Contains(words.String(), "the next one is in 1h0m0s"); time.Sleep(10 * time.Millisecond) {
		select {
		case code := <-ended:
			t.Fatalf("it ended by itself: exit %d\n%s", code, words.String())
		default:
		}
		if time.Now().After(end) {
			t.Fatalf("no round came to its end: %s", words.String())
		}
	}
	stop()
	if code := <-ended; code != 0 || !strings.Contains(out.String(), "1 denied") {
		t.Errorf("exit %d\n%s%s", code, out.String(), words.String())
	}
	if code, _, words := run(t, s, "webhook", "audit", "--interval", "5s"); code != 2 || !strings.Contains(words, "a minute at least") {
		t.Errorf("exit %d\n%s", code, words)
	}
}
