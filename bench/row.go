package main

import (
	"fmt"
	"time"

	"github.com/oakum-sec/oakum/bench/process"
)

// row is a line of the table: a program beside the one that it is compared with.
type row struct {
	what    string
	name    string
	cost    process.Cost
	against string
	than    process.Cost
	ratio   float64
	bar     string // what is asked of it, "" where nothing is
	over    bool
}

func (r row) String() string {
	s := fmt.Sprintf("%-34s %-22s %8.1f ms wall %8.1f ms cpu %6.1f MB", r.what, r.name, ms(r.cost.Wall), ms(r.cost.CPU), mb(r.cost.Peak))
	if r.against != "" {
		s += fmt.Sprintf(" | %-16s %8.1f ms wall %8.1f ms cpu %6.1f MB | ratio %5.2f", r.against, ms(r.than.Wall), ms(r.than.CPU), mb(r.than.Peak), r.ratio)
	}
	if r.bar != "" {
		verdict := "holds"
		if r.over {
			verdict = "MISSED"
		}
		s += fmt.Sprintf(" | bar %s: %s", r.bar, verdict)
	}
	return s
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
func mb(n int64) float64         { return float64(n) / (1 << 20) }
