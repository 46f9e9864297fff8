package trace

// sweep goes over trees without asking where they stand: each is seen once.
type sweep struct {
	t      *Trace
	lists  []list // t's, as they were
	trees  bitset
	chunks [shardCount]bitset
	stack  []int32
}

// tree hands the files of a tree, and of those in it, to use. What was not read
// has none.
func (s *sweep) tree(tree int32, use func(file int32)) {
	s.push(tree)
	for len(s.stack) > 0 {
		tree := s.stack[len(s.stack)-1]
		s.stack = s.stack[:len(s.stack)-1]
		if int(tree) < len(s.lists) && s.lists[tree] != unread {
			s.list(tree, use)
		}
	}
}

func (s *sweep) list(tree int32, use func(file int32)) {
	s.t.adding.RLock()
	defer s.t.adding.RUnlock()
	for _, c := range s.t.blocks.get(s.lists[tree]) {
		if s.chunks[c%shardCount].set(int(uint32(c) >> shardBits)) {
			s.edges(c, use)
		}
	}
}

func (s *sweep) edges(chunk int32, use func(file int32)) {
	for _, e := range s.t.chunks.get(chunk) {
		switch e.role() {
		case aTree:
			s.push(e.thing)
		case aFile:
			use(e.thing)
		}
	}
}

func (s *sweep) push(tree int32) {
	if s.trees.set(int(tree)) {
		s.stack = append(s.stack, tree)
	}
}

// bitset is a set of numbers.
type bitset []uint64

// set adds i, and tells whether it was not in.
func (b *bitset) set(i int) bool {
	for i/64 >= len(*b) {
		*b = append(*b, 0)
	}
	w, bit := &(*b)[i/64], uint64(1)<<(i%64)
	if *w&bit != 0 {
		return false
	}
	*w |= bit
	return true
}

func (b bitset) has(i int) bool { return i/64 < len(b) && b[i/64]>>(i%64)&1 != 0 }
