package known

import (
	"crypto/rand"
	"encoding/binary"
	"math/bits"
)

// filter is a bitmap of the places at which a value may stand: a bit for the first
// hash (Key.slot) of eight bytes of each form of each value.
//
// Nothing in it says whose a bit is, and many are nobody's: it is filled up with
// random bits until one in 2^decoys is set. So who has the key as well and tries out
// what eight bytes of some form may be is told decoys bits at most, not the forty
// that a list of hashes would tell. The random bits are kept nowhere.
type filter struct {
	log     int // of the number of bits
	words   []uint64
	entries int // windows put in, as far as they are known
}

const (
	decoys      = 5  // bits that a window's bit may tell
	smallestLog = 12 // bits; half a kilobyte
	largestLog  = 28 // 32 MB
	// A filter grows when there are fewer bits than so many for an entry, and if it has
	// grown before to four times as many: growing doubles the bits that are set, so it
	// is to be seldom.
	crowded, roomy = 20, 80
)

func newFilter(entries int) filter {
	f := filter{log: smallestLog, words: make([]uint64, 1<<smallestLog/64)}
	f.reserve(entries)
	return f
}

// reserve makes room for so many more entries.
func (f *filter) reserve(more int) {
	if f.entries += more; f.entries*crowded <= 1<<f.log {
		return
	}
	log, enough := f.log, roomy
	if f.entries == more {
		enough = crowded
	}
	for f.entries*enough > 1<<log && log < largestLog {
		log++
	}
	f.grow(log)
}

// grow makes the filter larger: each bit becomes several, which are the slots of
// the same hashes with more of their bits.
func (f *filter) grow(log int) {
	if log <= f.log {
		return
	}
	larger := filter{log: log, words: make([]uint64, 1<<log/64), entries: f.entries}
	times := 1 << (log - f.log)
	for i, word := range f.words {
		for ; word != 0; word &= word - 1 {
			first := (i*64 + bits.TrailingZeros64(word)) * times
			for at := first; at < first+times; at++ {
				larger.set(uint64(at))
			}
		}
	}
	*f = larger
}

func (f *filter) set(at uint64) { f.words[at/64] |= 1 << (at % 64) }

// add puts a hash in.
func (f *filter) add(slot uint64) { f.set(slot >> (64 - f.log)) }

// ones is how many bits are set.
func (f *filter) ones() (n int) {
	for _, word := range f.words {
		n += bits.OnesCount64(word)
	}
	return n
}

// fill sets random bits until there are as many as decoys asks for.
func (f *filter) fill() error {
	missing := 1<<(f.log-decoys) - f.ones()
	random := make([]byte, 8*max(0, missing))
	if _, err := rand.Read(random); err != nil {
		return err
	}
	for ; len(random) > 0; random = random[8:] {
		f.add(binary.LittleEndian.Uint64(random))
	}
	return nil
}

// join takes over what another filter has.
func (f *filter) join(other *filter) {
	more := filter{other.log, append([]uint64(nil), other.words...), other.entries}
	f.grow(more.log)
	more.grow(f.log)
	for i, word := range more.words {
		f.words[i] |= word
	}
	f.entries += other.entries
	f.reserve(0)
}

// bytes are the bits, eight a byte.
func (f *filter) bytes() []byte {
	b := make([]byte, 0, 8*len(f.words))
	for _, w := range f.words {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return b
}

// read is the reverse, and tells whether b can be a filter's.
func (f *filter) read(b []byte, entries int) bool {
	log := bits.Len(uint(len(b))*8) - 1
	if log < smallestLog || log > largestLog || len(b) != 1<<log/8 || entries < 0 || entries > 1<<log {
		return false
	}
	*f = filter{log: log, words: make([]uint64, 1<<log/64), entries: entries}
	for i := range f.words {
		f.words[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return true
}
