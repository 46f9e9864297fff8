package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/bench/process"
)

func ended(name string, wall, cpu time.Duration) *contender {
	return &contender{name: name, costs: []process.Cost{{Wall: 2 * wall, CPU: cpu, Anon: 1 << 20}, {Wall: wall, CPU: 2 * cpu, Anon: 2 << 20}}}
}

// The table has a line of each row, also of those that did not run or not to
// their end, and ratios of those that did.
func TestTables(t *testing.T) {
	died := ended("git log -p", time.Second, time.Second)
	died.costs[0].Exit, died.costs[0].Failed, died.costs[0].Said = 128, true, "fatal: a | b"
	all := []*contender{
		{name: detectionRow, missing: errors.New("no flag")},
		ended(historyRow, time.Second, 3*time.Second), ended(catFileRow, 4*time.Second, 6*time.Second), died,
	}
	s := &session{record: &record{NotRun: map[string]string{detectionRow: "no flag"}}, repo: &repository{}}
	s.repo.facts.PackKiB = smallPack + 1
	table := s.tables(all)
	for _, want := range []string{
		"| oakum, detection only | | | | | | | | not run: no flag |",
		"| oakum | 1.000 | 3.000 | 0 | 2 | – | 0 | – |  |",
		"| git cat-file | 4.000 | 6.000 | 0 | 2 | – | 0 | 0.250 / 0.500 |  |",
		`| git log -p | 1.000 | 1.000 | 0 | 2 | – | 128 | – | did not do all of it: fatal: a \| b |`,
		"| oakum ≤ 0.350 × git cat-file, wall | 0.250 (4.0 × less) | holds |",
		"| oakum, detection only ≤ 0.250 × git cat-file, wall | – | not measured |",
	} {
		if !strings.Contains(table, want+"\n") {
			t.Errorf("the table lacks\n%s\nit is\n%s", want, table)
		}
	}
}

func TestBarsAreMissed(t *testing.T) {
	s := &session{repo: &repository{}}
	missed := 0
	for _, b := range s.bars([]*contender{ended(historyRow, time.Second, time.Second), ended(catFileRow, time.Second, time.Second), ended(rangeRow, time.Second, 0)}) {
		if b.verdict == "MISSED" {
			missed++
		}
	}
	if missed != 3 { // beside cat-file, the range, and for its small pack
		t.Errorf("%d bars missed, expected 3", missed)
	}
}

func TestReadCounts(t *testing.T) {
	for text, want := range map[string]string{
		`{"findings":[{},{}],"gaps":[{}]}`: "2 1", `{"findings":[]}`: "0 –", `{"other":1}`: "– –", `{"findings":null}`: "– –",
	} {
		name := filepath.Join(t.TempDir(), "report.json")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		n, err := readCounts(name)
		if got := found(n.findings) + " " + found(n.gaps); err != nil || got != want {
			t.Errorf("%s: %s, %v; expected %s", text, got, err, want)
		}
	}
	if _, err := readCounts(os.DevNull); err == nil {
		t.Error("an empty report was read")
	}
}

func TestNameOf(t *testing.T) {
	for path, want := range map[string]string{"/a/b": "b", "/a/b/.git": "b", "/a/b.git": "b", "/a/b+c/repo": "b+c"} {
		if got := nameOf(filepath.FromSlash(path)); got != want {
			t.Errorf("%s is called %s, expected %s", path, got, want)
		}
	}
}
