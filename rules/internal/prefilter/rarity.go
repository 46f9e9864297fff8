package prefilter

import (
	_ "embed"
	"math"
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

// rarity is how rare a string is: -log2 of its share of all positions, as a chain
// of pairs. Eight bytes are looked at: beyond that the chain says nothing.
func rarity(s string) float64 {
	if len(s) == 0 {
		return 0
	}
	sum := int(rarityTable[64*64+rareByte(s[0])])
	for i := 1; i < min(len(s), 8); i++ {
		a, b := rareByte(s[i-1]), rareByte(s[i])
		sum += int(rarityTable[64*a+b]) - int(rarityTable[64*64+a])
	}
	return float64(sum) / 8
}

// What a literal costs, in nanoseconds a byte of text. A hit costs about 60 ns,
// a false candidate of the prefilter 3; each gram takes one of 2^17 places that
// half of all positions are looked up in.
const (
	hitCost  = 60.0
	gramCost = 3.0 / (1 << 18)
)

// cost estimates what it takes to look for l. Repetitive literals (AAAA, ----)
// come in runs, which the table of pairs can't know: they count as eight times
// as frequent.
func (l *Literal) cost() float64 {
	hits := math.Exp2(-rarity(l.Text))
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
