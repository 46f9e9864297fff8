package main

import (
	"fmt"
	"time"

	"github.com/oakum-sec/oakum/bench/process"
)

// bar is something that is asked of oakum, and what was measured.
type bar struct{ asks, measured, verdict string }

// smallPack is up to where a repository counts as small, in KiB: a pack of 7 MB
// and its index.
const smallPack = 8 << 10

// bars compares with what is asked. A bar that could not be measured says so.
func (s *session) bars(all []*contender) []bar {
	r := ruler{all}
	of := 0.35
	if s.collected {
		of = 0.5
	}
	list := []bar{
		r.ratio(detectionRow, catFileRow, wall, 0.25), r.ratio(detectionRow, indexRow, wall, 0.12),
		r.ratio(historyRow, catFileRow, wall, of),
		r.ratio(detectionRow, turboRow, wall, 1./8), r.ratio(detectionRow, turboRow, cpu, 1./8),
		r.ratio(historyRow, turboRow, wall, 1./6), r.ratio(historyRow, turboRow, cpu, 1./6),
		r.most(historyRow, "anonymous memory", 150, "MB", func(c process.Cost) float64 { return mb(c.Anon) }),
		r.took(rangeRow, 300*time.Millisecond), r.took(stateRow, 50*time.Millisecond),
	}
	if s.repo.facts.PackKiB <= smallPack {
		list = append(list, r.took(historyRow, 150*time.Millisecond))
	}
	return list
}

// respect is one of the things that a run costs.
type respect struct {
	name string
	of   func(process.Cost) time.Duration
}

var (
	wall = respect{"wall", func(c process.Cost) time.Duration { return c.Wall }}
	cpu  = respect{"CPU", func(c process.Cost) time.Duration { return c.CPU }}
)

type ruler struct{ rows []*contender }

// ended is the row, where it ended well.
func (r ruler) ended(name string) *contender {
	if c := named(r.rows, name); c != nil && c.ended() {
		return c
	}
	return nil
}

func (r ruler) ratio(ours, theirs string, by respect, most float64) bar {
	asks := fmt.Sprintf("%s ≤ %.3f × %s, %s", ours, most, theirs, by.name)
	o, t := r.ended(ours), r.ended(theirs)
	if o == nil || t == nil {
		return unmeasured(asks)
	}
	ratio := by.of(o.cost()).Seconds() / by.of(t.cost()).Seconds()
	return bar{asks, fmt.Sprintf("%.3f (%.1f × less)", ratio, 1/ratio), verdict(ratio <= most)}
}

func (r ruler) took(ours string, most time.Duration) bar {
	return r.most(ours, "wall", ms(most), "ms", func(c process.Cost) float64 { return ms(c.Wall) })
}

func (r ruler) most(ours, what string, most float64, unit string, of func(process.Cost) float64) bar {
	asks := fmt.Sprintf("%s: %s ≤ %.0f %s", ours, what, most, unit)
	o := r.ended(ours)
	if o == nil || of(o.cost()) == 0 {
		return unmeasured(asks)
	}
	n := of(o.cost())
	return bar{asks, fmt.Sprintf("%.1f %s", n, unit), verdict(n <= most)}
}

func unmeasured(asks string) bar { return bar{asks, "–", "not measured"} }

func verdict(holds bool) string {
	if holds {
		return "holds"
	}
	return "MISSED"
}
