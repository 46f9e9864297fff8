package pack

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// fanSize is the size of a fan-out table: for each first byte of an id how many
// objects have that one or a smaller one, in four bytes.
const fanSize = 256 * 4

// names are sorted ids as an index holds them, and finds them where they lie.
type names struct {
	fan     [256]uint32 // the fan-out table: a copy, so that it stays as it was checked
	records []byte
	stride  int // size of a record
	skip    int // what stands in it before the id
	format  object.Format
}

// setFan takes the fan-out table, which has to rise and to stay within the records.
func (n *names) setFan(table []byte) error {
	last := uint32(0)
	for i := range n.fan {
		next := binary.BigEndian.Uint32(table[4*i:])
		if next < last {
			return fmt.Errorf("%w: its fan-out table falls", ErrIndex)
		}
		n.fan[i], last = next, next
	}
	if int64(len(n.records)) < int64(last)*int64(n.stride) {
		return fmt.Errorf("%w: it ends before the last of %d objects", ErrIndex, last)
	}
	return nil
}

func (n *names) len() int { return int(n.fan[255]) }

func (n *names) raw(pos int) []byte {
	at := pos*n.stride + n.skip
	return n.records[at : at+n.format.Size()]
}

func (n *names) id(pos int) object.ID { return object.FromBytes(n.raw(pos)) }

// guesses is how often find guesses by the ids' values, which are hashes and so
// lie evenly: three guesses among a million find the cache line. After that it
// halves, so that made up ids cost no more than those of an ordinary search.
const guesses = 4

// find is the position of id, or the one where it would stand.
func (n *names) find(id object.ID) (pos int, ok bool) {
	lo, hi := 0, int(n.fan[id[0]])
	if id[0] > 0 {
		lo = int(n.fan[id[0]-1])
	}
	size := n.format.Size()
	key := binary.BigEndian.Uint64(id[:])
	from := uint64(id[0]) << 56 // of the ids in [lo, hi) the least value, and the largest
	to := from | math.MaxUint64>>8
	for turn := 0; lo < hi; turn++ {
		mid := lo + (hi-lo)/2
		if turn < guesses && from < to {
			mid = lo + share(key-from, to-from, hi-lo)
		}
		switch c := bytes.Compare(n.raw(mid), id[:size]); {
		case c == 0:
			return mid, id == n.id(mid)
		case c < 0:
			lo, from = mid+1, min(binary.BigEndian.Uint64(n.raw(mid)), key)
		default:
			hi, to = mid, max(binary.BigEndian.Uint64(n.raw(mid)), key)
		}
	}
	return lo, false
}

// share is the place among n that lies as part does in whole: part ≤ whole, 0 <
// whole; less than n.
func share(part, whole uint64, n int) int {
	if part == whole {
		return n - 1
	}
	high, low := bits.Mul64(part, uint64(n))
	at, _ := bits.Div64(high, low, whole) // high < part < whole, or part and high are 0
	return min(int(at), n-1)
}
