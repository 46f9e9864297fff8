package scanner_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/sourcetest"
)

// goSources are up to max bytes of the Go distribution's own text, in memory: a
// corpus that every machine with this toolchain has.
func goSources(b *testing.B, max int) (src sourcetest.Memory, size int) {
	//lint:ignore SA1019 a benchmark runs where it was built
	root := filepath.Join(runtime.GOROOT(), "src")
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(p, ".syso") {
			return err
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		src, size = append(src, sourcetest.Text{Name: p, Content: text}), size+len(text)
		if size > max {
			return fs.SkipAll
		}
		return nil
	})
	if err != nil || size < max/2 {
		b.Skipf("no Go sources to scan: %d bytes, %v", size, err)
	}
	return src, size
}

// BenchmarkScan is the whole engine, all built-in rules and decoding, on one worker.
func BenchmarkScan(b *testing.B) {
	src, size := goSources(b, 64<<20)
	for name, opt := range map[string]scanner.Options{"all": {Jobs: 1}, "no decoding": {Jobs: 1, NoDecode: true}} {
		b.Run(name, func(b *testing.B) {
			s := scanner.New(builtin.Set(), opt)
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, err := s.Scan(b.Context(), src.Plain(), func(scanner.Event) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkLook is what a Narrowing source pays for texts that it has in memory,
// by how many of the regions' bytes lie between two regions of one.
func BenchmarkLook(b *testing.B) {
	src, size := goSources(b, 8<<20)
	for _, every := range []int{1 << 10, 16 << 10, 1 << 20} {
		regions := make([][]leak.Span, len(src))
		for i, text := range src {
			regions[i] = []leak.Span{}
			for at := 0; at < len(text.Content); at += every {
				regions[i] = append(regions[i], leak.Span{Start: int64(at), End: int64(at) + 1})
			}
		}
		b.Run(fmt.Sprintf("a region every %d bytes", every), func(b *testing.B) {
			s := scanner.New(builtin.Set(), scanner.Options{Jobs: 1})
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, err := s.Scan(b.Context(), regional{src, regions}, func(scanner.Event) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
