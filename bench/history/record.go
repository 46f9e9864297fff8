package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/oakum-sec/oakum/bench/process"
)

// record is all that one call has seen: what the table was made of.
type record struct {
	Date       string            `json:"date"`
	Machine    string            `json:"machine"`
	Repository facts             `json:"repository"`
	Copies     []*cut            `json:"copies,omitempty"` // of -growth
	Jobs       int               `json:"jobs"`
	Turns      int               `json:"turns"`
	Versions   map[string]string `json:"versions"`
	Commands   map[string]string `json:"commands"` // by row; words in capitals stand for paths
	NotRun     map[string]string `json:"not_run"`  // rows that could not run, and why
	Runs       []single          `json:"runs"`     // in the order in which they ran
}

// single is one run of a row.
type single struct {
	Turn     int     `json:"turn"`
	Row      string  `json:"row"`
	WallMS   float64 `json:"wall_ms"`
	CPUMS    float64 `json:"cpu_ms"`
	Peak     int64   `json:"peak_bytes"`
	Anon     int64   `json:"anonymous_bytes"`
	Exit     int     `json:"exit"`
	Findings *int    `json:"findings,omitempty"`
	Gaps     *int    `json:"gaps,omitempty"`
	Failed   bool    `json:"failed,omitempty"`
	Said     string  `json:"said,omitempty"`
}

func (r *record) add(turn int, row string, c process.Cost, n counts) {
	r.Runs = append(r.Runs, single{turn + 1, row, ms(c.Wall), ms(c.CPU), c.Peak, c.Anon, c.Exit, n.findings, n.gaps, c.Failed, c.Said})
}

func (r *record) write(name string) error {
	b, err := json.MarshalIndent(r, "", " ")
	if err == nil {
		err = os.WriteFile(name, append(b, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("keep the runs: %w", err)
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
func mb(n int64) float64         { return float64(n) / (1 << 20) }

// counts are what a scanner's report holds.
type counts struct{ findings, gaps *int }

// readCounts reads a report in JSON. The reports of oakum, Kingfisher and
// Betterleaks all have a list called "findings"; "gaps" is oakum's.
func readCounts(file string) (counts, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return counts{}, err
	}
	var report struct {
		Findings *[]json.RawMessage `json:"findings"`
		Gaps     *[]json.RawMessage `json:"gaps"`
	}
	if err := json.Unmarshal(b, &report); err != nil {
		return counts{}, fmt.Errorf("read the report %s: %w", file, err)
	}
	return counts{length(report.Findings), length(report.Gaps)}, nil
}

func length(list *[]json.RawMessage) *int {
	if list == nil {
		return nil
	}
	n := len(*list)
	return &n
}
