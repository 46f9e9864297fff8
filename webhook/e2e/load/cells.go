package main

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"
)

// cell is a size at a number of connections, measured.
type cell struct {
	full *outcome   // of the closed loop
	late []*outcome // of each open loop, the best first
	slow float64    // the share of these reviews that took over 5 ms by the server's own clock, from the header to the answer
}

func (c *cell) p99(i int) time.Duration { return c.late[i].quantile(0.99) }

func (c *cell) String() string {
	last := len(c.late) - 1
	most := time.Duration(0)
	for _, o := range c.late {
		most = max(most, o.quantile(1))
	}
	return fmt.Sprintf("| %.0f | %.0f | %s | %s | %s | %s | %.2f %% |", c.full.rate(), c.full.rate()*share,
		ms(c.late[0].quantile(0.5)), ms(c.p99(0)), ms(c.p99(last)), ms(most), 100*c.slow)
}

// measure asks with each size over each number of connections, and counts what is beyond
// what we promise.
func measure(ctx context.Context, s *server, o options) error {
	fmt.Printf("ready after %v; one core for the server (%d here), %v a loop, latency %d times\n\n", s.Ready.Round(time.Millisecond), cores, o.span, o.runs)
	fmt.Println("| review | connections | reviews/s | asked/s | p50 | p99 | p99, worst run | most | over 5 ms in the server |\n|---|---|---|---|---|---|---|---|---|")
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
			c, err := measured(ctx, s, body, connections, o)
			if err != nil {
				return fmt.Errorf("%s at %d connections: %w", size.name, connections, err)
			}
			fmt.Printf("| %s | %d %s\n", size.name, connections, c)
			if c.p99(0) > size.p99 || size.bytes == sizes[0].bytes && c.full.rate() < leastRate {
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

// measured measures a cell in both loops.
func measured(ctx context.Context, s *server, body []byte, connections int, o options) (*cell, error) {
	t, err := newTarget(s.url, s.CA, connections)
	if err != nil {
		return nil, err
	}
	defer t.client.CloseIdleConnections()
	closed(ctx, t, body, connections, o.span/6) // connections are made, and code is warm
	c := &cell{full: closed(ctx, t, body, connections, o.span)}
	if err := c.full.err(); err != nil {
		return nil, err
	}
	fast, all, err := s.within5ms()
	if err != nil {
		return nil, err
	}
	for range max(1, o.runs) {
		runtime.GC()
		late := open(ctx, t, body, connections, c.full.rate()*share, o.span)
		if err := late.err(); err != nil {
			return nil, err
		}
		c.late = append(c.late, late)
	}
	slices.SortFunc(c.late, func(a, b *outcome) int { return cmp.Compare(a.quantile(0.99), b.quantile(0.99)) })
	fastThen, allThen, err := s.within5ms()
	c.slow = 1 - (fastThen-fast)/max(1, allThen-all)
	return c, err
}
