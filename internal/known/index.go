package known

import (
	"cmp"
	"math/bits"
	"slices"
	"sync"
)

// Sizes of values, in bytes.
const (
	MinSize = 8       // a shorter one is a word that stands everywhere
	MaxSize = 8 << 10 // the largest private keys and service accounts, twice over
	MaxMany = 1 << 20 // how many values an index holds

	windowSize = 16 // of a value so long or longer a part is enough to be suspicious
)

// Short tells whether a value of so many bytes is found as a word alone.
func Short(size int) bool { return size < windowSize }

// record is what an index has of one value.
type record struct {
	print uint32 // Key.print of its window, or of all of it where it is short
	size  uint16 // of the value
	at    uint16 // where its window begins
	bits  uint8  // estimated strength
	plain bool   // no escaping changes its window
	loud  uint8  // which of the floors the bytes of its first hashes are above
	name  uint32 // which of the names
	tag   [tagSize]byte
}

func (r *record) short() bool { return r.size < windowSize }

// valid tells whether the window lies in the value.
func (r *record) valid() bool {
	inside := r.at+windowSize <= r.size || r.short() && r.at+window8 <= r.size
	return r.size >= MinSize && r.size <= MaxSize && int(r.loud) < len(floors) && inside
}

// kind is plain and loud in a byte.
func (r *record) kind() byte { return byte(ofBool(r.plain)) | r.loud<<1 }

func (r *record) setKind(b byte) { r.plain, r.loud = b&1 != 0, b>>1 }

// Index is a set of values that can be looked for. Find may be called from many
// goroutines; Add and Remove may not, nor beside Find.
type Index struct {
	key     *Key
	filter  filter
	records []record // by print, then name
	names   []string // sorted
	seal    []byte   // of the file it was read from
	search  search
	built   sync.Once
	spare   sync.Pool // of *finder
}

// New makes an empty index.
func New(key *Key) *Index { return &Index{key: key, filter: newFilter(0)} }

// Seal is the same for the same content alone: the nonce and the checksum of the file
// that the index was read from. It tells nothing of the content.
func (x *Index) Seal() []byte { return x.seal }

// Len is how many values there are.
func (x *Index) Len() int { return len(x.records) }

// search is what is made of the records when a text is looked at for the first time.
type search struct {
	sifts     [2]sift  // of short values, of others
	first     []uint32 // records of a value of the print's upper bits begin there
	slotShift int
	floor     byte    // no byte of a first hash is below
	lengths   uint16  // of short values: bit n for n bytes
	words     places  // where they begin
	escaped   places  // of those that escaping changes
	short     bool    // there are short values
	long      bool    // and others
	altered   [2]bool // and of either some that escaping changes
}

// places tells of short values where the bytes begin in them that the first hash is
// of, as bits, and for each such place of which sizes they are.
type places struct {
	starts uint16
	sizes  [windowSize - MinSize]uint16
}

func (p *places) add(r *record) {
	p.starts |= 1 << r.at
	p.sizes[r.at] |= 1 << r.size
}

// sift is a bitmap of records' prints: what passed the filter by accident is asked once
// more, at the cost of a look at a cache that a large index still fits into.
type sift struct {
	words []uint64
	shift int
}

// siftLogs are logarithms of how many bits a record has there: short values are asked
// for several times at a place.
var siftLogs = [2]int{6, 4}

func newSift(records, log int) sift {
	many := bits.Len(uint(max(records, 64)-1)) + log
	return sift{make([]uint64, 1<<many/64), 32 - many}
}

func (s *sift) add(print uint32) {
	at := print >> s.shift
	s.words[at/64] |= 1 << (at % 64)
}

func (s *sift) has(print uint32) bool {
	at := print >> s.shift
	return s.words[at/64]>>(at%64)&1 != 0
}

// ready builds the search, once.
func (x *Index) ready() *search {
	x.built.Do(x.build)
	return &x.search
}

func (x *Index) build() {
	n := max(len(x.records), 16)
	many := bits.Len(uint(n - 1))
	s := &x.search
	short := 0
	for i := range x.records {
		short += ofBool(x.records[i].short())
	}
	s.sifts = [2]sift{newSift(short, siftLogs[0]), newSift(len(x.records)-short, siftLogs[1])}
	s.first = make([]uint32, 1<<many+1)
	s.slotShift = 32 - many
	s.floor = floors[0]
	for i := range x.records {
		r := &x.records[i]
		s.floor = min(s.floor, floors[r.loud])
		s.sifts[1-ofBool(r.short())].add(r.print)
		s.first[r.print>>s.slotShift+1]++
		if r.short() {
			s.short = true
			s.words.add(r)
			s.lengths |= 1 << r.size
			if !r.plain {
				s.altered[0] = true
				s.escaped.add(r)
			}
		} else {
			s.long = true
			s.altered[1] = s.altered[1] || !r.plain
		}
	}
	for i := range len(s.first) - 1 {
		s.first[i+1] += s.first[i]
	}
}

// with are the records of a print: none, as a rule.
func (x *Index) with(print uint32, known *sift) []record {
	if !known.has(print) {
		return nil
	}
	s := &x.search
	slot := print >> s.slotShift
	some := x.records[s.first[slot]:s.first[slot+1]]
	for len(some) > 0 && some[0].print != print {
		some = some[1:]
	}
	n := 0
	for n < len(some) && some[n].print == print {
		n++
	}
	return some[:n]
}

// sort puts records in order after names or records changed.
func (x *Index) sort() {
	slices.SortFunc(x.records, func(a, b record) int {
		return cmp.Or(cmp.Compare(a.print, b.print), slices.Compare(a.tag[:], b.tag[:]), cmp.Compare(a.name, b.name))
	})
	x.built = sync.Once{}
	x.search = search{}
}

// Remove takes the values of a name out and tells how many those were. Their bits
// stay in the filter, where they cost a little time.
func (x *Index) Remove(name string) int {
	i, ok := slices.BinarySearch(x.names, name)
	if !ok {
		return 0
	}
	had := len(x.records)
	x.records = slices.DeleteFunc(x.records, func(r record) bool { return r.name == uint32(i) })
	x.names = slices.Delete(x.names, i, i+1)
	for j := range x.records {
		if x.records[j].name > uint32(i) {
			x.records[j].name--
		}
	}
	x.sort()
	return had - len(x.records)
}

// Entry is what may be told of the values of one name.
type Entry struct {
	Name   string
	Values int
	Bytes  [2]int // of the shortest and of the longest
	Bits   [2]int // of strength, of the weakest and of the strongest
}

// Entries lists the names, in order.
func (x *Index) Entries() []Entry {
	list := make([]Entry, len(x.names))
	for i, name := range x.names {
		list[i] = Entry{Name: name, Bytes: [2]int{MaxSize, 0}, Bits: [2]int{maxBits, 0}}
	}
	for i := range x.records {
		r := &x.records[i]
		e := &list[r.name]
		e.Values++
		e.Bytes = [2]int{min(e.Bytes[0], int(r.size)), max(e.Bytes[1], int(r.size))}
		e.Bits = [2]int{min(e.Bits[0], int(r.bits)), max(e.Bits[1], int(r.bits))}
	}
	return list
}
