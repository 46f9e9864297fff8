package known

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/sourcetest"
)

// sources is the Go standard library's text, up to 64 MB of it, as files.
func sources(b *testing.B) (files [][]byte, size int64) {
	b.Helper()
	//lint:ignore SA1019 a benchmark runs where it was built
	root := filepath.Join(runtime.GOROOT(), "src")
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || size > 64<<20 {
			return err
		}
		text, err := os.ReadFile(name)
		files, size = append(files, text), size+int64(len(text))
		return err
	})
	if err != nil || size == 0 {
		b.Skipf("no Go sources to scan: %d bytes, %v", size, err)
	}
	return files, size
}

// BenchmarkAppend is the first stage of a scan: the built-in rules alone, and with so
// many known secrets.
func BenchmarkAppend(b *testing.B) {
	files, size := sources(b)
	set := builtin.Set()
	for _, n := range []int{0, 1000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var index *Index
			if n > 0 {
				index = many(b, n)
			}
			var matches []rules.Match
			hits := 0
			use := func(scanner.KnownHit) { hits++ }
			b.SetBytes(size)
			for b.Loop() {
				for _, text := range files {
					matches = set.Append(matches[:0], text)
					if index != nil {
						index.Find(text, 0, len(text), use)
					}
				}
			}
			b.ReportMetric(float64(hits), "hits")
		})
	}
}

// BenchmarkScan is a whole scan, on one worker, with so many known secrets.
func BenchmarkScan(b *testing.B) {
	files, size := sources(b)
	var src sourcetest.Memory
	for i, text := range files {
		src = append(src, sourcetest.Text{Name: fmt.Sprintf("f%d.go", i), Content: text})
	}
	for _, n := range []int{0, 1000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			opt := scanner.Options{Jobs: 1}
			if n > 0 {
				opt.Known = many(b, n)
			}
			s := scanner.New(builtin.Set(), opt)
			b.SetBytes(size)
			for b.Loop() {
				if _, err := s.Scan(b.Context(), src.Plain(), func(scanner.Event) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkFind is the looking for known secrets alone.
func BenchmarkFind(b *testing.B) {
	files, size := sources(b)
	for _, n := range []int{1, 1000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			index, hits := many(b, n), 0
			use := func(scanner.KnownHit) { hits++ }
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				for _, text := range files {
					index.Find(text, 0, len(text), use)
				}
			}
		})
	}
}

// BenchmarkOpen is what a scan pays before it begins.
func BenchmarkOpen(b *testing.B) {
	key := testKey(b, 1)
	content, err := many(b, 100_000).Marshal()
	if err != nil {
		b.Fatal(err)
	}
	file := filepath.Join(b.TempDir(), "index")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		x, err := Open(file, key)
		if err != nil {
			b.Fatal(err)
		}
		x.ready()
	}
}
