package podsource

// slab hands out values of one type from blocks, a few allocations for thousands of
// values. Who reads one object after the other resets it between them, and allocates for
// the first alone.
type slab[T any] struct {
	blocks [][]T // used up to their lengths; those behind at are empty
	at     int
}

// Blocks double from firstBlock to largeBlock values: an object of a kilobyte has thirty
// nodes, one as large as etcd takes a hundred thousand.
const (
	firstBlock = 64
	largeBlock = 4096
)

// keptBlocks is how many blocks outlive an object: 5 MB of nodes, some 75,000, which an
// object of 1.5 MB has. What more a larger one needs is let go of.
const keptBlocks = 24

// room is a list of n zero values, with no room to spare: there are as many lists as
// mappings, and most are short.
func (s *slab[T]) room(n int) []T {
	if n > largeBlock/4 {
		return make([]T, n)
	}
	for ; s.at < len(s.blocks); s.at++ {
		if b := s.blocks[s.at]; cap(b)-len(b) >= n {
			s.blocks[s.at] = b[:len(b)+n]
			return b[len(b) : len(b)+n : len(b)+n]
		}
	}
	size := firstBlock
	if s.at > 0 {
		size = min(2*cap(s.blocks[s.at-1]), largeBlock)
	}
	size = max(size, n)
	s.blocks = append(s.blocks, make([]T, n, size))
	return s.blocks[s.at][:n:n]
}

// one is a zero value.
func (s *slab[T]) one() *T { return &s.room(1)[0] }

// reset takes all back that was handed out. Values are cleared: they refer to an object
// that nobody is to keep.
func (s *slab[T]) reset() {
	for i := range min(s.at+1, len(s.blocks)) {
		clear(s.blocks[i])
		s.blocks[i] = s.blocks[i][:0]
	}
	if len(s.blocks) > keptBlocks {
		clear(s.blocks[keptBlocks:])
		s.blocks = s.blocks[:keptBlocks]
	}
	s.at = 0
}
