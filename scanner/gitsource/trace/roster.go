package trace

import (
	"sync"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// Objects are the objects of a database by number, as *pack.Forest has them.
type Objects interface {
	Len() int
	ID(n int32) object.ID
	Kind(n int32) object.Kind
	Copy(n int32) bool
	Find(id object.ID) (int32, bool)
}

// roster gives numbers of its own, without holes, to objects of one role: those
// that are known beforehand, then strangers, as entries name them.
type roster struct {
	nodes []int32 // of the known ones

	mu        sync.Mutex
	strangers []object.ID // missing, or of another kind than the entries say
	at        map[object.ID]int32
}

func (r *roster) stranger(id object.ID) int32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	i, ok := r.at[id]
	if !ok {
		if r.at == nil {
			r.at = map[object.ID]int32{}
		}
		i = int32(len(r.nodes) + len(r.strangers))
		r.strangers = append(r.strangers, id)
		r.at[id] = i
	}
	return i
}

// census is what the numbers of objects are in the rosters.
type census struct {
	objects Objects
	// Of each object: its number in the roster of trees, times two; or in that of
	// files, times two and one; or one of the constants below.
	at           []int32
	trees, files roster
	links        roster // strangers all
}

const (
	passed = -1 - iota // a blob that nobody asks for
	other              // no tree and no blob; or a copy, whose number is its original's affair
)

// count fills the rosters: all trees, and the blobs that are wanted.
func count(objects Objects, wanted func(node int32) bool) *census {
	c := &census{objects: objects, at: make([]int32, objects.Len())}
	for n := range c.at {
		c.at[n] = other
	}
	for n := range int32(len(c.at)) {
		first := c.original(n)
		if c.at[first] != other { // the first copy that can be read is the one that counts
			continue
		}
		switch objects.Kind(n) {
		case object.Tree:
			c.at[first] = int32(len(c.trees.nodes)) * 2
			c.trees.nodes = append(c.trees.nodes, first)
		case object.Blob:
			if c.at[first] = passed; wanted(first) {
				c.want(first)
			}
		}
	}
	return c
}

// want puts a blob into the roster of files.
func (c *census) want(node int32) {
	c.at[node] = int32(len(c.files.nodes))*2 + 1
	c.files.nodes = append(c.files.nodes, node)
}

// forget forgets strangers. Their numbers come after those of the known.
func (c *census) forget() {
	for _, r := range []*roster{&c.trees, &c.files, &c.links} {
		r.strangers, r.at = nil, nil
	}
}

// original is the smallest number that has n's id.
func (c *census) original(n int32) int32 {
	if c.objects.Copy(n) {
		if first, ok := c.objects.Find(c.objects.ID(n)); ok {
			return first
		}
	}
	return n
}

// node is the object at place i of a roster, -1 for one that is not there.
func (c *census) node(r *roster, i int32) int32 {
	if int(i) < len(r.nodes) {
		return r.nodes[i]
	}
	if n, ok := c.objects.Find(r.strangers[int(i)-len(r.nodes)]); ok {
		return n
	}
	return -1
}

func (c *census) id(r *roster, i int32) object.ID {
	if int(i) < len(r.nodes) {
		return c.objects.ID(r.nodes[i])
	}
	return r.strangers[int(i)-len(r.nodes)]
}

// look finds the number of what an entry names among those of its role; node is
// the object itself, where it is there. number is passed for a blob that nobody
// asks for, and for nothing else.
func (c *census) look(as role, id object.ID) (number, node int32) {
	if as == aLink {
		return c.links.stranger(id), -1
	}
	node, at := c.find(&id)
	return c.number(as, &id, at), node
}

// tree is the number of a tree that is there, or that an entry named.
func (c *census) tree(id *object.ID) (number int32, ok bool) {
	if _, at := c.find(id); at >= 0 && at%2 == 0 {
		return at / 2, true
	}
	c.trees.mu.Lock()
	defer c.trees.mu.Unlock()
	number, ok = c.trees.at[*id]
	return number, ok
}

// find is the object with an id, and what is in census.at for it.
func (c *census) find(id *object.ID) (node, at int32) {
	if node, ok := c.objects.Find(*id); ok {
		return node, c.at[node]
	}
	return -1, other
}

func (c *census) number(as role, id *object.ID, at int32) int32 {
	switch {
	case as == aTree && at >= 0 && at%2 == 0, as == aFile && at >= 0 && at%2 == 1:
		return at / 2
	case as == aTree:
		return c.trees.stranger(*id)
	case at == passed:
		return passed
	}
	return c.files.stranger(*id)
}

// recent is a census that remembers the ids that one goroutine asked for last: of
// those in git's own trees, seven of ten come again soon, and a look into the table
// of all objects costs three misses of the processor's caches.
type recent struct {
	*census
	slot [1 << 13]struct {
		id   object.ID
		at   int32
		node int32 // plus two: 0 is an empty slot
	}
}

func (r *recent) look(as role, id object.ID) (number, node int32) {
	if as == aLink {
		return r.links.stranger(id), -1
	}
	s := &r.slot[(uint(id[0])|uint(id[1])<<8)%uint(len(r.slot))]
	if s.node == 0 || s.id != id {
		node, at := r.find(&id)
		s.id, s.at, s.node = id, at, node+2
	}
	return r.number(as, &id, s.at), s.node - 2
}
