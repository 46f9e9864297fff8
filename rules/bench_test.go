package rules

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
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
