package trace

import (
	"math/rand/v2"
	"slices"
	"sync"
)

// edge is what is kept of an entry: the number of what it names in the roster of
// its role, and its name's number times four with the role.
type edge struct {
	thing int32
	as    uint32
}

func link(thing, name int32, as role) edge { return edge{thing, uint32(name)<<2 | uint32(as)} }

func (e edge) role() role  { return role(e.as & 3) }
func (e edge) name() int32 { return int32(e.as >> 2) }

// A list of edges is cut into chunks behind every edge of which closes is true
// (one in four), so that lists that differ in one edge differ in one chunk, and
// equal chunks are stored once. Four is where the references (4 bytes) and what a
// change copies (chunks of 8-byte edges, with 14 bytes around each) weigh the same
// for the 34 edges that git's own trees have when a twentieth of its blobs is wanted.
const (
	chunkMean = 4
	chunkMax  = 16
)

func (e edge) closes() bool { return uint32(e.thing)*0x9E3779B1>>16%chunkMean == 0 }

// chunks stores the chunks of all lists. What is stored stays, by its number, which
// differs from run to run: nobody can make trees whose chunks all fall into one slot.
type chunks struct {
	seed   uint64
	shards [shardCount]shard
}

func newChunks() *chunks { return &chunks{seed: rand.Uint64()} }

const (
	shardBits  = 6 // so many that workers seldom wait for each other
	shardCount = 1 << shardBits
)

type shard struct {
	mu    sync.Mutex
	edges []edge
	ends  []uint32 // of each chunk, in edges
	table []uint32 // by hash: number of a chunk, plus one
}

// intern gives the number of the chunk that has these edges.
func (c *chunks) intern(edges []edge) int32 {
	h := hash(edges, c.seed)
	n := uint32(h % shardCount)
	return int32(c.shards[n].intern(edges, c.seed, uint32(h>>32))<<shardBits | n)
}

// get is a chunk. Nothing may be interned at the same time.
func (c *chunks) get(n int32) []edge { return c.shards[n%shardCount].chunk(uint32(n) >> shardBits) }

func hash(edges []edge, seed uint64) uint64 {
	h := seed + uint64(len(edges))
	for _, e := range edges {
		h = (h ^ uint64(uint32(e.thing)) ^ uint64(e.as)<<32) * 0x9E3779B97F4A7C15
		h ^= h >> 29
	}
	return h
}

func (s *shard) intern(edges []edge, seed uint64, hash uint32) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if 4*(len(s.ends)+1) > 3*len(s.table) {
		s.grow(seed)
	}
	i := s.seek(hash, func(k uint32) bool { return slices.Equal(s.chunk(k), edges) })
	if s.table[i] == 0 {
		s.edges = append(s.edges, edges...)
		s.ends = append(s.ends, uint32(len(s.edges)))
		s.table[i] = uint32(len(s.ends))
	}
	return s.table[i] - 1
}

// seek goes from hash's slot of the table to the first that is free or right.
func (s *shard) seek(hash uint32, right func(k uint32) bool) uint32 {
	mask := uint32(len(s.table) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		if k := s.table[i]; k == 0 || right(k-1) {
			return i
		}
	}
}

func (s *shard) grow(seed uint64) {
	s.table = make([]uint32, max(64, 2*len(s.table)))
	for k := range uint32(len(s.ends)) {
		i := s.seek(uint32(hash(s.chunk(k), seed)>>32), func(uint32) bool { return false })
		s.table[i] = k + 1
	}
}

func (s *shard) chunk(k uint32) []edge {
	from := uint32(0)
	if k > 0 {
		from = s.ends[k-1]
	}
	return s.edges[from:s.ends[k]]
}
