package rules

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sources is the Go standard library's text, up to 64 MB of it, as files.
func sources(b *testing.B) (files [][]byte, size int64) {
	b.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		b.Skip("no go command: ", err)
	}
	err = filepath.WalkDir(filepath.Join(strings.TrimSpace(string(root)), "src"), func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || size > 64<<20 {
			return err
		}
		text, err := os.ReadFile(name)
		files, size = append(files, text), size+int64(len(text))
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return files, size
}

// shipped is the Set of the built-in rules.
func shipped(b *testing.B) *Set {
	b.Helper()
	s, err := Compile(builtinRules(b))
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// BenchmarkPrefilter is the floor: positions, confirmed, and nothing asked.
func BenchmarkPrefilter(b *testing.B) {
	files, size := sources(b)
	s := shipped(b)
	w, hits := newWorker(s), 0
	count := func(int, int) { hits++ }
	b.SetBytes(size)
	for b.Loop() {
		hits = 0
		for _, text := range files {
			s.filter.Scan(text, 0, len(text), &w.scratch, count)
		}
	}
	b.ReportMetric(float64(hits)/float64(size)*1e6, "hits/MB")
}

// BenchmarkAppend is the whole first stage.
func BenchmarkAppend(b *testing.B) {
	files, size := sources(b)
	s := shipped(b)
	var matches []Match
	found := 0
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		found = 0
		for _, text := range files {
			matches = s.Append(matches[:0], text)
			found += len(matches)
		}
	}
	b.ReportMetric(float64(found), "matches")
}

// BenchmarkRules is what more rules cost. All rules and 150 of them take turns, and of
// each file the least time counts, so that it can be measured on a busy machine. Of the 150 one is
// the assignment matcher, which has the most hits; the others are evenly spread.
func BenchmarkRules(b *testing.B) {
	files, size := sources(b)
	all := shipped(b)
	ids := make([]string, 0, len(all.entries))
	for _, r := range all.Rules() {
		ids = append(ids, r.ID)
	}
	kept := map[string]bool{"generic-secret": true}
	for i := range 149 {
		kept[ids[i*len(ids)/149]] = true
	}
	few, err := all.Only(func(id string) bool { return kept[id] })
	if err != nil {
		b.Fatal(err)
	}
	sets := [2]*Set{few, all}
	least := [2][]time.Duration{make([]time.Duration, len(files)), make([]time.Duration, len(files))}
	var matches []Match
	b.SetBytes(2 * size)
	for turn := 0; b.Loop(); turn++ {
		for i, text := range files {
			for k := range sets {
				k ^= (turn + i) & 1 // the first one finds the text cold
				began := time.Now()
				matches = sets[k].Append(matches[:0], text)
				if spent := time.Since(began); turn == 0 || spent < least[k][i] {
					least[k][i] = spent
				}
			}
		}
	}
	var sum [2]time.Duration
	for k, s := range sets {
		for _, d := range least[k] {
			sum[k] += d
		}
		b.ReportMetric(float64(size)/sum[k].Seconds()/1e9, fmt.Sprintf("GB/s-%d-rules", len(s.entries)))
	}
	b.ReportMetric(sum[0].Seconds()/sum[1].Seconds(), "all/150")
}
