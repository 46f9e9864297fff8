package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/webhook/e2e"
)

// server is an oakum-webhook that is measured.
type server struct {
	*e2e.Webhook
	url string // of its pods hook
	dir string
}

// cores of this machine, asked before this program leaves one of them.
var cores = runtime.NumCPU()

// stayAway leaves the server's core to it: this program, and the control plane that it starts,
// run on the others. Its own collector, whose turns would be told as the server's, runs between
// cells alone, or at a gigabyte.
func stayAway() {
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(1 << 30)
	if taskset, err := exec.LookPath("taskset"); err == nil && cores > 1 {
		runtime.GOMAXPROCS(cores - 1) // two that share a core stand still while one waits for the other
		others := fmt.Sprintf("0-%d", cores-2)
		if out, err := exec.Command(taskset, "-a", "-p", "-c", others, strconv.Itoa(os.Getpid())).CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "load: going on with the server's core shared: %v: %s\n", err, out)
		}
	}
}

// memory is a limit of 128 MiB, less what Go does not count of it.
const memory = "GOMEMLIMIT=100MiB"

// startServer runs the program with one processor, held to the last core where taskset is
// there; the rest of this machine is the client's.
func startServer(plane *e2e.Plane, program string) (*server, error) {
	dir, err := os.MkdirTemp("", "oakum-load-")
	if err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	prefix := []string{"env", "GOMAXPROCS=1", memory}
	if taskset, err := exec.LookPath("taskset"); err == nil {
		prefix = append(prefix, taskset, "-c", strconv.Itoa(cores-1))
	}
	w, err := plane.StartWebhook(program, e2e.WebhookOptions{Dir: dir, Prefix: prefix})
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "webhook.log"))
		return nil, errors.Join(err, os.RemoveAll(dir), fmt.Errorf("%.2000s", log))
	}
	return &server{Webhook: w, url: "https://" + w.Address + "/pods", dir: dir}, nil
}

func (s *server) stop() error { return errors.Join(s.Stop(30*time.Second), os.RemoveAll(s.dir)) }

// resident is the process's memory in MiB: "VmRSS" now, "VmHWM" at most.
func (s *server) resident(which string) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Pid()))
	if err != nil {
		return 0, fmt.Errorf("read the server's memory: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, which+":"); ok {
			kB, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			return kB / 1024, err
		}
	}
	return 0, fmt.Errorf("read the server's memory: no %s", which)
}

// within5ms is how many reviews took no longer than that, of all that were answered.
func (s *server) within5ms() (within, all float64, err error) {
	const name = "oakum_admission_duration_seconds"
	if within, err = s.Metric(name+"_bucket", `le="0.005"`); err == nil {
		all, err = s.Metric(name + "_count")
	}
	return within, all, err
}

// slope tells what ConfigMaps cost: a server starts in a cluster without, and in one with
// so many of some 2 kB.
func slope(ctx context.Context, plane *e2e.Plane, program string, many int) error {
	without, _, err := settled(plane, program)
	if err != nil {
		return err
	}
	for i := range many {
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("settings-%05d", i)}, Data: map[string]string{
			"application.properties": leaktest.Must(uint64(i), strings.Repeat("{{word}}.{{word}}={{words 4}}\n", 50)),
		}}
		if _, err := plane.Client.CoreV1().ConfigMaps("default").Create(ctx, cm, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("make a ConfigMap: %w", err)
		}
	}
	with, ready, err := settled(plane, program)
	if err != nil {
		return err
	}
	fmt.Printf("%d ConfigMaps of 2 kB: resident %.0f MiB without, %.0f MiB with them (%.0f MiB for 10,000); ready after %v\n",
		many, without, with, (with-without)*10_000/float64(many), ready.Round(time.Millisecond))
	return nil
}

// settled is the memory of a server that has been ready for a while.
func settled(plane *e2e.Plane, program string) (resident float64, ready time.Duration, err error) {
	s, err := startServer(plane, program)
	if err != nil {
		return 0, 0, err
	}
	time.Sleep(5 * time.Second)
	resident, err = s.resident("VmRSS")
	return resident, s.Ready, errors.Join(err, s.stop())
}
