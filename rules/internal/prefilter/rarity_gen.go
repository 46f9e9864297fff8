//go:build ignore

// Counts the pairs of bytes in the Go standard library's sources into rarity.bin, and
// three bytes in a row, where they are frequent, into triples.bin.
package main

import (
	"io/fs"
	"log"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		log.Fatal(err)
	}
	var pairs [64 * 64]float64
	var triples [64 * 64 * 64]float64
	src := filepath.Join(strings.TrimSpace(string(root)), "src")
	err = filepath.WalkDir(src, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(name, "testdata") || filepath.Ext(name) != ".go" {
			return err
		}
		text, err := os.ReadFile(name)
		for i := 1; i < len(text); i++ {
			pairs[64*fold(text[i-1])+fold(text[i])]++
			if i > 1 {
				triples[64*64*fold(text[i-2])+64*fold(text[i-1])+fold(text[i])]++
			}
		}
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("rarity.bin", table(&pairs), 0o644); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("triples.bin", frequent(&triples), 0o644); err != nil {
		log.Fatal(err)
	}
}

// frequent lists the triples of up to 17.75 bits, in order: 18 bits that say which one,
// and 6 for how rare, in quarters of a bit above 2.
func frequent(triples *[64 * 64 * 64]float64) (out []byte) {
	total := 0.0
	for _, n := range triples {
		total += n
	}
	for i, n := range triples {
		if rare := math.Round(-4*math.Log2(n/total)) - 8; rare < 64 {
			v := uint32(i)<<6 | uint32(max(rare, 0))
			out = append(out, byte(v>>16), byte(v>>8), byte(v))
		}
	}
	return out
}

func fold(b byte) int { return int(b&0x1f | b&0x40>>1) }

func table(pairs *[64 * 64]float64) []byte {
	var single [64]float64
	total := 0.0
	for i := range pairs {
		pairs[i]++ // a pair that was not seen is rare, not impossible
		single[i/64] += pairs[i]
		total += pairs[i]
	}
	out := make([]byte, 0, len(pairs)+len(single))
	for _, n := range append(pairs[:], single[:]...) {
		out = append(out, byte(min(math.Round(-8*math.Log2(n/total)), 255)))
	}
	return out
}
