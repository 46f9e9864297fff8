package prefilter

import "encoding/binary"

// Filter finds literals in a text, all at once. Every literal is known by two
// grams of four bytes at neighbouring offsets, so that looking at every second
// position finds one of them. Grams are folded (| 0x20) and hashed into a table
// of 256 KB; positions that pass are written down without a branch, asked a second
// question and confirmed, a block at a time. The table is large for what passes by
// accident: each such position costs about as much as three that do not, and with 1,160
// literals 3.7 % of a text's bytes pass, of 64 KB twice as many. That does 1.5 GB/s a core,
// of which a look at every second position takes two thirds, whatever the table's size
// (32 KB to 256 KB: the same); a bitmap was slower by half for its shifts, a branch a
// position by more. An automaton over bytes does 0.2 to 0.7 (BenchmarkPrefilter, 2026-11-24).
//
// Literals of four and three bytes have no second gram, or none at all, of their
// own: theirs take in the byte that follows or precedes, for each one that the
// regexps allow there.
type Filter struct {
	passes  [1 << 18]uint8    // by the upper 18 bits of the hash: 1 for a gram's. A byte each, though a bit would do: no shift
	second  [1 << 14]uint32   // by 19 bits of another hash, for what passed the first
	buckets [1<<15 + 1]uint32 // first gram of each value of the upper 15
	grams   []gram            // by bucket
	words   []word            // by literal
	besides [][2]Border       // by literal: what may stand before and behind it
	span    int               // how far behind a literal's begin its last gram ends
}

type gram struct {
	bytes  uint32 // folded
	word   uint16
	offset int8 // of the gram in the literal
}

// word is a literal made for comparing: its first eight bytes at once, the rest
// one by one.
type word struct {
	value, fold, mask uint64 // (text | fold) & mask == value
	Literal
}

const (
	blockSize = 8160 // bytes a sweep looks at: a multiple of six
	padding   = 8    // and reads beyond
	foldAll   = 0x2020202020202020
	foldGram  = 0x20202020
	gramHash  = 0x9E3779B1 // 2^32 / the golden ratio: Knuth's multiplicative hash
	siftHash  = 0x85EBCA6B // any other odd number; this is MurmurHash3's
)

// block is a stretch of text, or of its end with zeros behind.
type block = [blockSize + padding]byte

// found lists positions in a block.
type found = [4096]uint32

// Scratch is what a search needs to write in, 24 KB. It belongs to one goroutine.
type Scratch struct {
	tail  block
	found found
}

// sweep lists the even positions among the first size bytes of b at which the
// gram of a literal may stand. It may list up to five bytes' more.
func (p *Filter) sweep(b *block, size int, out *found) []uint32 {
	k := 0
	t := &p.passes
	for i := 0; i < blockSize && i < size; i += 6 {
		v := binary.LittleEndian.Uint64(b[i:i+8]) | foldAll
		out[k&4095] = uint32(i)
		k += int(t[uint32(v)*gramHash>>14])
		out[k&4095] = uint32(i + 2)
		k += int(t[uint32(v>>16)*gramHash>>14])
		out[k&4095] = uint32(i + 4)
		k += int(t[uint32(v>>32)*gramHash>>14])
	}
	return out[:k&4095]
}

// sift drops most of the positions that passed by accident: one in eleven does, with
// the 20,000 grams that seven hundred rules have.
func (p *Filter) sift(b *block, positions []uint32) []uint32 {
	k := 0
	for _, i := range positions {
		h := (binary.LittleEndian.Uint32(b[i:i+4]) | foldGram) * siftHash
		positions[k] = i
		k += int(p.second[h>>13&0x3fff] << (h >> 27) >> 31)
	}
	return positions[:k]
}

// confirm tells hit of the literals that stand at the positions that sweep listed
// in b, which is text[at:] with zeros behind the text's end.
func (p *Filter) confirm(b *block, at int, positions []uint32, text []byte, hit func(word, at int)) {
	for _, i := range positions {
		bytes := binary.LittleEndian.Uint32(b[i:i+4]) | foldGram
		bucket := bytes * gramHash >> 17
		for _, g := range p.grams[p.buckets[bucket]:p.buckets[bucket+1]] {
			if g.bytes != bytes {
				continue
			}
			start := at + int(i) - int(g.offset)
			if start >= 0 && p.stands(int(g.word), text, start) {
				hit(int(g.word), start)
			}
		}
	}
}

// stands tells whether a literal is text[i:], between what may be beside it for any of
// those who look for it. In a run of one character it is that which says no.
func (p *Filter) stands(word int, text []byte, i int) bool {
	w := &p.words[word]
	end := i + len(w.Text)
	if end > len(text) {
		return false
	}
	whole := false
	if i+8 <= len(text) {
		if (binary.LittleEndian.Uint64(text[i:i+8])|w.fold)&w.mask != w.value {
			return false
		}
		whole = len(w.Text) <= 8
	}
	b := &p.besides[word]
	return b[0].takes(text, i-1) && b[1].takes(text, end) && (whole || w.in(text[i:end]))
}

// Scan tells hit of every literal that begins in text[from:to], roughly by
// position: literals whose grams lie at different offsets may swap. word is the
// literal's place in the list that New was given.
func (p *Filter) Scan(text []byte, from, to int, s *Scratch, hit func(word, at int)) {
	tail, out := &s.tail, &s.found
	last := min(to+p.span, len(text)) // grams of what begins before to lie before
	for at := from; at < last; at += blockSize {
		b := tail
		if at+len(tail) <= len(text) {
			b = (*block)(text[at:])
		} else {
			n := copy(tail[:min(last-at+padding, len(tail))], text[at:])
			clear(tail[n:min(n+6+padding, len(tail))])
		}
		p.confirm(b, at, p.sift(b, p.sweep(b, last-at, out)), text, hit)
	}
}

// New makes one for lits. besides tells, for each, what may stand
// before and behind it in any of the regexps that it is a literal of.
func New(lits []Literal, besides [][2]Border) *Filter {
	p := &Filter{words: make([]word, len(lits)), besides: besides}
	for i, l := range lits {
		p.words[i] = newWord(l)
		p.span = max(p.span, l.anchor()+5)
	}
	p.each(besides, func(g gram) {
		h, h2 := g.bytes*gramHash, g.bytes*siftHash
		p.passes[h>>14] = 1
		p.second[h2>>13&0x3fff] |= 1 << (31 - h2>>27)
		p.buckets[h>>17+1]++
	})
	for i := range len(p.buckets) - 1 {
		p.buckets[i+1] += p.buckets[i]
	}
	p.grams = make([]gram, p.buckets[len(p.buckets)-1])
	p.each(besides, func(g gram) { // fills each bucket from its end, which becomes its begin
		b := g.bytes * gramHash >> 17
		p.buckets[b+1]--
		p.grams[p.buckets[b+1]] = g
	})
	copy(p.buckets[:], p.buckets[1:])
	p.buckets[len(p.buckets)-1] = uint32(len(p.grams))
	return p
}

// Literals lists what is looked for.
func (p *Filter) Literals() []Literal {
	out := make([]Literal, len(p.words))
	for i := range p.words {
		out[i] = p.words[i].Literal
	}
	return out
}

// Size is how many bytes the word has, which Scan tells a hit of.
func (p *Filter) Size(word int) int { return len(p.words[word].Text) }

func newWord(l Literal) word {
	var value, fold, mask [8]byte
	for i := range min(len(l.Text), 8) {
		value[i], mask[i], fold[i] = l.Text[i], 0xff, l.Fold[i]<<5
	}
	u := binary.LittleEndian.Uint64
	return word{u(value[:]), u(fold[:]), u(mask[:]), l}
}

// each visits the grams of all words.
func (p *Filter) each(besides [][2]Border, visit func(gram)) {
	for i := range p.words {
		l, id := &p.words[i].Literal, uint16(i)
		t := l.Text
		switch len(t) {
		case 3:
			besides[i][0].each(func(b byte) { visit(gramOf(id, -1, b, t[0], t[1], t[2])) })
			besides[i][1].each(func(b byte) { visit(gramOf(id, 0, t[0], t[1], t[2], b)) })
		case 4:
			visit(gramOf(id, 0, t[0], t[1], t[2], t[3]))
			if before, after := &besides[i][0], &besides[i][1]; before.size() < after.size() && !before.Open {
				before.each(func(b byte) { visit(gramOf(id, -1, b, t[0], t[1], t[2])) })
			} else {
				after.each(func(b byte) { visit(gramOf(id, 1, t[1], t[2], t[3], b)) })
			}
		default:
			i := l.anchor()
			visit(gramOf(id, i, t[i], t[i+1], t[i+2], t[i+3]))
			visit(gramOf(id, i+1, t[i+1], t[i+2], t[i+3], t[i+4]))
		}
	}
}

func gramOf(id uint16, offset int, a, b, c, d byte) gram {
	bytes := uint32(a) | uint32(b)<<8 | uint32(c)<<16 | uint32(d)<<24
	return gram{bytes | foldGram, id, int8(offset)}
}
