package trace

// sights are where the objects of a roster were found, by number.
type sights struct {
	first   []spot // the path by which each came first
	visit   []Visit
	order   []int32 // numbers, as they were found
	more    map[int32][]spot
	further map[sight]struct{} // all that is in more
}

type sight struct {
	thing int32
	spot
}

// unseen is in the place of a first path of what was not found.
var unseen = spot{-2, -2}

func newSights() sights { return sights{more: map[int32][]spot{}, further: map[sight]struct{}{}} }

// note notes an object, and tells whether it was not known to be there.
func (n *sights) note(thing int32, at spot, v Visit) bool {
	for int(thing) >= len(n.first) {
		n.first, n.visit = append(n.first, unseen), append(n.visit, Visit{})
	}
	switch first := n.first[thing]; {
	case first == unseen:
		n.first[thing], n.visit[thing] = at, v
		n.order = append(n.order, thing)
		return true
	case first == at || at == nowhere || len(n.further) >= MaxFurther:
		return false
	}
	if _, known := n.further[sight{thing, at}]; known || len(n.more[thing]) >= MaxPaths {
		return false
	}
	n.further[sight{thing, at}] = struct{}{}
	n.more[thing] = append(n.more[thing], at)
	return true
}

// has tells whether an object was found.
func (n *sights) has(thing int32) bool { return int(thing) < len(n.first) && n.first[thing] != unseen }

// visits are the folders under which trees were visited.
type visits struct {
	first   []int32 // by tree: one more than the folder; 0 for none
	further map[spot]struct{}
	count   map[int32]int // of those, by tree
	chunks  [shardCount][]int32
}

func newVisits() visits { return visits{further: map[spot]struct{}{}, count: map[int32]int{}} }

func (n *visits) has(tree int32) bool { return int(tree) < len(n.first) && n.first[tree] != 0 }

// enter tells whether tree has yet to be visited at dir. Merges bring the same
// trees again and again, and a hostile one brings them ten billion times.
func (n *visits) enter(tree, dir int32) bool {
	for int(tree) >= len(n.first) {
		n.first = append(n.first, 0)
	}
	if n.first[tree] == 0 {
		n.first[tree] = dir + 1
		return true
	}
	at := spot{dir, tree}
	if _, known := n.further[at]; known || n.first[tree] == dir+1 || n.count[tree] >= MaxPaths || len(n.further) >= MaxFurther {
		return false
	}
	n.further[at] = struct{}{}
	n.count[tree]++
	return true
}

// enterChunk tells whether a chunk may have something new at dir: it has not, where
// that was the last folder in which it stood. This makes a long history cheap: of
// thirteen million edges in the trees of git's own, a tenth is looked at.
func (n *visits) enterChunk(chunk, dir int32) bool {
	last := &n.chunks[chunk%shardCount]
	k := int(uint32(chunk) >> shardBits)
	for k >= len(*last) {
		*last = append(*last, 0)
	}
	if (*last)[k] == dir+1 {
		return false
	}
	(*last)[k] = dir + 1
	return true
}
