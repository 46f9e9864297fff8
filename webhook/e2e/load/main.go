// Command load measures the admission server as an API server would use it: reviews over
// TLS on loopback, from several connections at once. It is what `make bench-webhook` runs.
//
// The server is a process of its own with GOMAXPROCS=1, held to one core where taskset is
// there; this program has the others. Throughput comes from a closed loop, where any error
// ends the run; latency from an open loop at 30 % of that rate, each counted from when the
// review was due, so that a stall is not hidden by the questions that it kept from being
// asked (coordinated omission). Resident memory is the process's peak (VmHWM), which the
// sizes and connections before have a part in.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
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
	only := flag.String("only", "", "measure this size alone, as \"64 kB\"")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	stayAway()
	if err := run(ctx, options{*program, *span, *through, *maps, *only}); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	program string
	span    time.Duration
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

func measure(ctx context.Context, s *server, o options) error {
	fmt.Printf("ready after %v; one core for the server (%d here), %v a cell\n\n", s.Ready.Round(time.Millisecond), cores, o.span)
	fmt.Println("| review | connections | reviews/s | asked/s | p50 | p99 | most |\n|---|---|---|---|---|---|---|")
	missed := 0
	for _, size := range sizes {
		if o.only != "" && o.only != size.name {
			continue
		}
		body, err := review(size.bytes, false)
		if err != nil {
			return err
		}
		for _, connections := range []int{10, 50, 200, 500} {
			late, full, err := cell(ctx, s, body, connections, o.span)
			if err != nil {
				return fmt.Errorf("%s at %d connections: %w", size.name, connections, err)
			}
			fmt.Printf("| %s | %d | %.0f | %.0f | %s | %s | %s |\n", size.name, connections, full.rate(), full.rate()*share,
				ms(late.quantile(0.5)), ms(late.quantile(0.99)), ms(late.quantile(1)))
			if late.quantile(0.99) > size.p99 || size.bytes == sizes[0].bytes && full.rate() < leastRate {
				missed++
			}
		}
	}
	resident, err := s.resident("VmHWM")
	if err != nil {
		return err
	}
	file, err := s.resident("RssFile")
	if err != nil {
		return err
	}
	fmt.Printf("\nresident at most: %.0f MiB, of which the program's own file %.0f MiB\n", resident, file)
	if resident > mostResident {
		missed++
	}
	fmt.Printf("cells beyond what we promise: %d\n", missed)
	return nil
}

// cell measures a size at a number of connections in both loops.
func cell(ctx context.Context, s *server, body []byte, connections int, span time.Duration) (late, full *outcome, err error) {
	t, err := newTarget(s.url, s.CA, connections)
	if err != nil {
		return nil, nil, err
	}
	defer t.client.CloseIdleConnections()
	closed(ctx, t, body, connections, span/6) // connections are made, and code is warm
	full = closed(ctx, t, body, connections, span)
	if err := full.err(); err != nil {
		return nil, nil, err
	}
	runtime.GC()
	late = open(ctx, t, body, connections, full.rate()*share, span)
	return late, full, late.err()
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond)) }
