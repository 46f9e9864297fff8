// Command load measures the admission server as an API server would use it: reviews over
// TLS on loopback, from several connections at once. It is what `make bench-webhook` runs.
//
// The server is a process of its own with GOMAXPROCS=1, held to one core where taskset is
// there; this program has the others. Throughput comes from a closed loop, where any error
// ends the run; latency from an open loop at 30 % of that rate, each counted from when the
// review was due, so that a stall is not hidden by the questions that it kept from being
// asked (coordinated omission). That loop runs several times: where both cores of a rented
// machine are busy, its host takes two percent of them away, ten milliseconds at a time. The
// best of the runs counts, and the worst stands beside it, with what the server's own clock says. Resident memory is the process's peak (VmHWM), which the
// sizes and connections before have a part in.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

// sizes are of a usual pod, a large one, ten containers of four hundred variables, and
// about what etcd takes at most.
var sizes = []struct {
	name  string
	bytes int
	p99   time.Duration // what we promise
}{
	{"4 kB", 4 << 10, 5 * time.Millisecond},
	{"64 kB", 64 << 10, 5 * time.Millisecond},
	{"390 kB", 390 << 10, 60 * time.Millisecond},
	{"1.5 MB", 1500 << 10, 60 * time.Millisecond},
}

// What else we promise.
const (
	leastRate    = 1500 // reviews a second, of 4 kB, on one core
	mostResident = 128  // MiB
	share        = 0.3  // of the closed loop's rate, asked by the open one
)

func main() {
	program := flag.String("webhook", "", "path of oakum-webhook")
	span := flag.Duration("span", 3*time.Second, "how long each cell is measured, in each loop")
	through := flag.Int("pods", 0, "so many pairs of pods are made through a real API server, with and without the webhook")
	maps := flag.Int("configmaps", 0, "so many ConfigMaps are made, and the memory that they cost is told")
	runs := flag.Int("runs", 3, "how often each cell's latency is measured, the best of which counts")
	only := flag.String("only", "", "measure this size alone, as \"64 kB\"")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	stayAway()
	if err := run(ctx, options{*program, *span, *runs, *through, *maps, *only}); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	program string
	span    time.Duration
	runs    int
	pairs   int
	maps    int
	only    string
}

// run starts a control plane and measures against it what is asked for: the server lists
// its namespaces and ConfigMaps, as everywhere.
func run(ctx context.Context, o options) error {
	if o.program == "" {
		return errors.New("-webhook is the path of oakum-webhook (make build)")
	}
	plane, err := startPlane()
	if err != nil {
		return err
	}
	defer plane.Stop()
	switch {
	case o.maps > 0:
		return slope(ctx, plane, o.program, o.maps)
	case o.pairs > 0:
		return throughAPIServer(ctx, plane, o.program, o.pairs)
	}
	s, err := startServer(plane, o.program)
	if err != nil {
		return err
	}
	return errors.Join(measure(ctx, s, o), s.stop())
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond)) }
