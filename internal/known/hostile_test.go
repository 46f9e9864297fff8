package known

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// hostileTexts are what costs most: nothing but candidates.
func hostileTexts(window, v []byte, size int) map[string][]byte {
	repeat := func(b []byte) []byte { return bytes.Repeat(b, size/len(b)+1)[:size] }
	return map[string][]byte{
		"zeros":       make([]byte, size),
		"digits":      repeat([]byte("0")),
		"letters":     repeat([]byte("aB3x")),
		"backslashes": repeat([]byte(`\`)),
		"percents":    repeat([]byte("%41")),
		"a window":    repeat(window),
		"its begin":   repeat(window[:8]),
		"the value":   repeat(v),
		"half of it":  repeat(v[:len(v)/2+windowSize]),
		"escaped":     repeat(append([]byte(`\\\\`), window...)),
	}
}

// TestHostile: the work for a text grows with its length, whatever is in it. What is
// counted is how often a place is told of, and that the time is bearable is told by
// the test's end; BenchmarkHostile has the figures.
func TestHostile(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 16))
	v := value(r, 2000)
	x := New(testKey(t, 5))
	if _, _, err := x.Add([]Candidate{{"v", leak.NewSecret(v)}, {"w", leak.NewSecret(value(r, 12))}}, true); err != nil {
		t.Fatal(err)
	}
	at, _ := window(v)
	for name, text := range hostileTexts(v[at:at+windowSize], v, 1<<16) {
		hits := 0
		x.Find(text, 0, len(text), func(k scanner.KnownHit) { hits++ })
		most := len(text)/windowSize + 1
		if hits > most {
			t.Errorf("%s: %d hits in %d bytes", name, hits, len(text))
		}
		if (name == "a window" || name == "the value") && hits < most/200 {
			t.Errorf("%s: %d hits: the text does not do what it is for", name, hits)
		}
	}
}

// BenchmarkHostile is the speed of Find on such texts.
func BenchmarkHostile(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 16))
	v := value(r, MaxSize)
	x := many(b, 1000)
	if _, _, err := x.Add([]Candidate{{"v", leak.NewSecret(v)}}, true); err != nil {
		b.Fatal(err)
	}
	at, _ := window(v)
	for name, text := range hostileTexts(v[at:at+windowSize], v, 1<<16) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				x.Find(text, 0, len(text), func(scanner.KnownHit) {})
			}
		})
	}
}
