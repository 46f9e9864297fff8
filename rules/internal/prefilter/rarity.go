package prefilter

import (
	_ "embed"
	"math"
	"sort"
	"strings"
)

//go:generate go run rarity_gen.go

// rarityTable says how rare pairs of bytes are in source text, in eighths of a
// bit: 64 × 64 pairs, then 64 single bytes. Bytes are folded as the prefilter
// does it (| 0x20, the top bit dropped). rarity_gen.go counts it over the Go
// standard library's sources.
//
//go:embed rarity.bin
var rarityTable string

// rareByte is b's place among the 64 folded bytes.
func rareByte(b byte) int { return int(b&0x1f | b&0x40>>1) }

// tripleTable lists the frequent ones of three bytes in a row: three bytes each, see
// rarity_gen.go. Pairs alone make words out to be ten to a thousand times as rare as
// they are: "rvic" by its pairs stands once in three million bytes.
//
//go:embed triples.bin
var tripleTable string

// leastTriple is how rare a triple is at least that is not in tripleTable, in bits.
const leastTriple = 17.75

// triple is how rare three bytes are, as places among the 64, in bits.
func triple(a, b, c int) float64 {
	key := uint32(64*64*a + 64*b + c)
	i := sort.Search(len(tripleTable)/3, func(i int) bool { return tripleAt(i)>>6 >= key })
	if i < len(tripleTable)/3 {
		if v := tripleAt(i); v>>6 == key {
			return 2 + float64(v&63)/4
		}
	}
	return max(leastTriple, pair(a, b)+pair(b, c)-single(b))
}

func tripleAt(i int) uint32 {
	t := tripleTable[3*i : 3*i+3]
	return uint32(t[0])<<16 | uint32(t[1])<<8 | uint32(t[2])
}

func pair(a, b int) float64 { return float64(rarityTable[64*a+b]) / 8 }
func single(a int) float64  { return float64(rarityTable[64*64+a]) / 8 }

// rarity is how rare a string is: -log2 of its share of all positions, as a chain of
// triples. Eight bytes are looked at: beyond that the chain says nothing.
func rarity(s string) (sum float64) {
	var p [8]int
	n := min(len(s), len(p))
	for i := range n {
		p[i] = rareByte(s[i])
	}
	switch n {
	case 0:
		return 0
	case 1:
		return single(p[0])
	}
	sum = pair(p[0], p[1])
	for i := 2; i < n; i++ {
		sum += max(0, triple(p[i-2], p[i-1], p[i])-pair(p[i-2], p[i-1]))
	}
	return sum
}

// What a literal costs, in nanoseconds a byte of text. A hit costs about 60 ns,
// a false candidate of the prefilter 3; each gram takes one of 2^17 places that
// half of all positions are looked up in.
const (
	hitCost  = 60.0
	gramCost = 3.0 / (1 << 18)
)

// common are words of which a table of pairs thinks too little: names of hosts that
// import paths and licences are full of. Their shares of all positions are those in
// the deltas of moby, where "github" alone was half of all hits.
var common = map[string]float64{"github": 1.1e-3, "google": 2e-4}

// cost estimates what it takes to look for l. Repetitive literals (AAAA, ----)
// come in runs, which the table of pairs can't know: they count as eight times
// as frequent.
func (l *Literal) cost() float64 {
	hits := math.Exp2(-rarity(l.Text))
	for word, share := range common {
		if strings.Contains(l.Text, word) || strings.Contains(word, l.Text) {
			hits = max(hits, share)
		}
	}
	if l.repetitive() {
		hits *= 8
	}
	grams := 2.0
	switch len(l.Text) {
	case 3:
		grams = 80
	case 4:
		grams = 40
	}
	return hits*hitCost + grams*gramCost
}

func (l *Literal) repetitive() bool {
	var seen ByteSet
	distinct := 0
	for i := range len(l.Text) {
		if c := l.Text[i]; !seen.Has(c) {
			seen.Add(c)
			distinct++
		}
	}
	return distinct < 3 && len(l.Text) > 3
}

// Cost estimates what it takes to look for lits, in nanoseconds a byte of text.
func Cost(lits []Literal) (sum float64) {
	for i := range lits {
		sum += lits[i].cost()
	}
	return sum
}

// Settle chooses where in l the prefilter's two grams begin: at the anchor and
// the offset behind it, the rarest place. Shorter literals have no choice.
func (l *Literal) Settle() {
	best, least := 0, math.Inf(1)
	for i := 0; i+5 <= len(l.Text); i++ {
		share := math.Exp2(-rarity(l.Text[i:i+4])) + math.Exp2(-rarity(l.Text[i+1:i+5]))
		if l.Text[i+1] == l.Text[i+2] && l.Text[i+2] == l.Text[i+3] {
			share *= 64 // runs: see cost
		}
		if share < least {
			best, least = i, share
		}
	}
	l.Place = best + 1
}

func (l *Literal) anchor() int { return l.Place - 1 }
