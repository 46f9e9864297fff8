package trace

// frame is a tree in whose middle a visit is.
type frame struct {
	tree, dir int32
	chunks    []int32 // to come
	edges     []edge  // of the chunk that it is at, to come
}

// visit goes over a tree, in the order of its entries, each folder where it
// stands: the order of a plain walk. Trees nest as deep as they like: no recursion.
func (t *Trace) visit(tree, dir int32, v Visit) {
	t.open(tree, dir)
	for len(t.stack) > 0 {
		f := &t.stack[len(t.stack)-1]
		switch {
		case len(f.edges) > 0:
			e := f.edges[0]
			f.edges = f.edges[1:]
			t.edge(e, spot{f.dir, e.name()}, v)
		case len(f.chunks) > 0:
			c := f.chunks[0]
			if f.chunks = f.chunks[1:]; t.trees.enterChunk(c, f.dir) {
				f.edges = t.chunks.get(c)
			}
		default:
			if t.bad[f.tree] {
				t.lost(f.tree, f.dir, ErrTree)
			}
			t.stack = t.stack[:len(t.stack)-1]
		}
	}
}

func (t *Trace) edge(e edge, at spot, v Visit) {
	switch e.role() {
	case aTree:
		if t.trees.has(e.thing) && t.paths.list[t.trees.first[e.thing]-1] == at {
			return // the common case, for less than looking the folder up
		}
		t.open(e.thing, t.paths.folder(at))
	case aLink:
		t.link(e.thing, t.paths.plain(at), v)
	default:
		t.files.note(e.thing, t.paths.plain(at), v)
	}
}

func (t *Trace) link(thing int32, at spot, v Visit) {
	if t.links.note(thing, at, v) {
		t.linkAt[at] = thing
	}
}

// open begins with a tree, unless it was visited at dir or cannot be.
func (t *Trace) open(tree, dir int32) {
	if !t.trees.enter(tree, dir) {
		return
	}
	l, err := t.list(tree)
	if err == nil && len(t.stack) > MaxDepth {
		err = errDeep
	}
	if err != nil {
		t.lost(tree, dir, err)
		return
	}
	t.stack = append(t.stack, frame{tree: tree, dir: dir, chunks: t.blocks.get(l)})
}

func (t *Trace) lost(tree, dir int32, err error) {
	t.opt.Lost(t.census.id(&t.census.trees, tree), t.paths.prefix(dir), err)
}

// list is the list of a tree. One that the walk did not come by is read, or not: git
// knows the empty tree without having it.
func (t *Trace) list(tree int32) (list, error) {
	for int(tree) >= len(t.lists) {
		t.lists = append(t.lists, unread)
	}
	if l := t.lists[tree]; l != unread {
		return l, nil
	}
	return t.readWhole(tree)
}
