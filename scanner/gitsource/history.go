package gitsource

import (
	"bytes"
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/gitsource/gitdir"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
)

// History yields every blob and message of the object database, the names of
// refs and the messages of reflogs, and what submodules that are not checked
// out leave unread.
func (r *Repo) History() scanner.Source { return sourceFunc(r.history) }

// walkState is a walk over everything, class by class: first all commits and
// trees are walked, then what was found is yielded. It takes two passes because
// a blob's paths, and whether anything leads to it, are known only at the end.
// It keeps about 150 bytes an object (measured on git's own 850,000).
type walkState struct {
	r      *Repo
	lost   *losses
	g      *graph
	w      *walker
	orders [classes][]int32
	all    bool                // compare with every parent of a merge, not its first alone
	head   map[id]struct{}     // blobs at HEAD
	sizes  map[id]int64        // of the blobs that are there
	lasts  map[int32]leak.Seen // by commit, as far as somebody asked
	gaps   []*leak.Gap
	passed func(id) bool // of commits and tags: nothing is in their text; nil: not known
}

func (r *Repo) history(e *emitter) {
	s := r.newWalk(e.stopped)
	refs, logs := s.names()
	all := s.survey()
	s.commits(refs, logs, func() []id { return slices.Concat(all.tags, all.commits) })
	s.walkTrees()
	s.lastSeen()
	s.strays(all)
	if e.stopped() {
		return
	}
	s.head = r.atHead("")
	e.gaps(s.allGaps()...)
	s.emit(e, refs, logs)
	r.submodules(e, s.w.links, e.pass)
}

// names reads refs and logs.
func (s *walkState) names() ([]gitdir.Ref, []gitdir.Reflog) {
	refs, gaps := s.r.dir.Refs()
	s.gaps = append(s.gaps, gaps...)
	logs, gaps := s.r.dir.Reflogs()
	s.gaps = append(s.gaps, gaps...)
	return refs, logs
}

// allGaps is what is told of the repository as a whole, before any text.
func (s *walkState) allGaps() []*leak.Gap {
	return slices.Concat(s.r.dir.Gaps, s.r.db.Gaps(), s.gaps, s.r.horizon(), s.lost.all())
}

func (r *Repo) newWalk(stop func() bool) *walkState {
	lost := newLosses(r)
	return &walkState{r: r, lost: lost, g: newGraph(r, lost, stop), w: newWalker(r, lost), sizes: map[id]int64{}, lasts: map[int32]leak.Seen{}}
}

// classOf tells by its name what a ref is worth. What a reset or a rebase left
// behind is no more than a reflog's entry: git itself does not count it as a
// root, and the user who has just reset a leak away should not be refused again.
func classOf(name string) class {
	switch base := path.Base(name); {
	case strings.HasSuffix(name, "refs/stash"):
		return inStash
	case strings.HasPrefix(name, "refs/notes/"):
		return inNotes
	case base == "ORIG_HEAD" || base == "REBASE_HEAD" || base == "AUTO_MERGE":
		return inReflog
	}
	return inRefs
}

// commits builds the graph of what refs, indexes and logs lead to, class after
// class: what is reached by a branch and a stash is the branch's. What nothing
// leads to comes last: it is among all, the commits and tags that there are, those
// that are known by then or without them.
func (s *walkState) commits(refs []gitdir.Ref, logs []gitdir.Reflog, all func() []id) {
	_, branch := s.r.dir.Head()
	refs = byWorth(refs, branch)
	for c := range inNowhere {
		for _, ref := range refs {
			switch {
			case classOf(ref.Name) != c:
			case c == inReflog: // gc keeps nothing for ORIG_HEAD and its like either
				s.logged(ref.ID, c, ref.Name)
			default:
				s.g.add(ref.ID, c, ref.Name)
			}
		}
		for _, log := range logs {
			if isStash := strings.HasSuffix(log.Ref, "refs/stash"); c != inReflog && (c != inStash || !isStash) {
				continue
			}
			for _, l := range log.Lines {
				s.logged(l.IDs[0], c, log.Ref)
				s.logged(l.IDs[1], c, log.Ref)
			}
		}
		s.orders[c] = s.g.order(c)
	}
	for _, h := range all() {
		s.g.add(h, inNowhere, "")
	}
	s.orders[inNowhere] = s.g.order(inNowhere)
}

// byWorth orders refs by what they tell a reader: the current branch, branches,
// remote ones, tags, the rest. The first that leads to a commit is named.
func byWorth(refs []gitdir.Ref, branch string) []gitdir.Ref {
	worth := func(name string) int {
		if name == "refs/heads/"+branch {
			return -1
		}
		for i, prefix := range []string{"refs/heads/", "refs/remotes/", "refs/tags/"} {
			if strings.HasPrefix(name, prefix) {
				return i
			}
		}
		return 3
	}
	refs = slices.Clone(refs)
	slices.SortStableFunc(refs, func(a, b gitdir.Ref) int { return cmp.Compare(worth(a.Name), worth(b.Name)) })
	return refs
}

// logged follows a reflog's entry, or ORIG_HEAD. Git lets them name objects that gc
// has taken: such an entry is no loss.
func (s *walkState) logged(h id, c class, ref string) {
	if s.r.db.Has(h) {
		s.g.add(h, c, ref)
	}
}

// walkTrees walks the trees of all commits, class by class.
func (s *walkState) walkTrees() {
	for c := range classes {
		s.class(c)
	}
}

// class walks the trees of the commits of class c.
func (s *walkState) class(c class) {
	s.w.walkCommits(s.g, s.orders[c], s.all)
	s.w.class = c
	for _, t := range s.g.targets {
		if t.class == c {
			s.w.target(t)
		}
	}
	if c == inIndex {
		s.gaps = append(s.gaps, s.r.eachIndexed(s.w.indexed)...)
	}
}

// lastSeen walks the trees of all commits again, from the newest to the oldest of
// each class: where a blob comes first now, it was there last.
func (s *walkState) lastSeen() {
	for c := range classes {
		seen := map[id]bool{}
		s.w.class = c
		for _, i := range slices.Backward(s.orders[c]) {
			if s.g.stop() {
				return
			}
			s.w.last(s.g.nodes[i].tree, i, seen)
		}
	}
}

// target walks a tree or notes a blob that a ref names without a commit.
func (w *walker) target(t target) {
	switch t.kind {
	case object.Blob:
		w.blob(t.id, -1)
	case object.Tree:
		w.walk(t.id, nil, "", 0)
	}
}

// survey is what the object database holds, in the order of ids. Broken are
// those that cannot be read.
type survey struct{ commits, tags, trees, blobs, broken []id }

// survey goes over all objects. It also learns which blobs are there at all.
func (s *walkState) survey() (all survey) {
	gaps := s.r.db.Each(func(h id, kind odb.Kind, size int64) {
		switch kind {
		case object.Commit:
			all.commits = append(all.commits, h)
		case object.Tag:
			all.tags = append(all.tags, h)
		case object.Tree:
			all.trees = append(all.trees, h)
		case object.Blob:
			s.sizes[h] = size
			all.blobs = append(all.blobs, h)
		default:
			all.broken = append(all.broken, h)
		}
	})
	s.gaps = append(s.gaps, gaps...)
	slices.SortFunc(all.broken, compareIDs)
	s.learn(&all)
	for _, list := range []*[]id{&all.commits, &all.tags, &all.trees, &all.blobs} {
		slices.SortFunc(*list, compareIDs) // Each has no order of its own
		*list = slices.Compact(*list)      // learn may know what is known
	}
	return all
}

// strays finds the trees that no commit leads to, and then the blobs.
func (s *walkState) strays(all survey) {
	for _, h := range s.tops(all.trees) {
		s.w.walk(h, nil, "", 0)
	}
	for _, h := range all.blobs {
		if _, ok := s.w.blobAt[h]; !ok {
			s.w.blob(h, -1)
		}
	}
	s.measure()
	for _, h := range all.broken {
		if _, _, err := s.r.db.Read(h); err != nil {
			s.lost.add(err, h, "object", leak.GitBlob{Repo: s.r.name, Blob: h.String()})
		}
	}
}

// tops lists the trees that were not walked and are no other such tree's part: a
// part has its path from the tree around it.
func (s *walkState) tops(trees []id) (tops []id) {
	trees = slices.DeleteFunc(slices.Clone(trees), func(h id) bool { return s.w.trees[h] != nil })
	parts := map[id]bool{}
	for _, h := range trees {
		raw, err := s.r.db.ReadTree(h)
		for e := (odb.Entry{}); err == nil && len(raw) > 0; {
			if e, raw, err = odb.NextEntry(raw, s.r.dir.Format); err == nil && e.IsTree() {
				parts[e.ID] = true
			}
		}
	}
	return slices.DeleteFunc(trees, func(h id) bool { return parts[h] })
}

// measure gives blobs the sizes that the survey saw, and those that it did not
// see a Gap.
func (s *walkState) measure() {
	for i := range s.w.blobs {
		b := &s.w.blobs[i]
		if size, ok := s.sizes[b.id]; ok {
			b.size = size
			continue
		}
		s.lose(b)
	}
	s.sizes = nil
}

// lose says why a blob that a tree names cannot be had.
func (s *walkState) lose(b *found) {
	_, _, err := s.r.db.Read(b.id) // for its words: missing, or damaged
	if err == nil {
		b.size = -1
		return
	}
	s.lost.add(err, b.id, "blob", s.place(b))
}

// place is b's first. A commit that nothing leads to is left out of it: its id
// would not be found in any log.
func (s *walkState) place(b *found) leak.GitBlob {
	p := leak.GitBlob{Repo: s.r.name, Blob: b.id.String()}
	if b.path >= 0 {
		p.Name = s.w.paths[b.path]
	}
	if b.commit >= 0 && b.class != inNowhere {
		p.Commit = s.g.nodes[b.commit].id.String()
	}
	return p
}

// atHead is the set of the blobs in the tree of a revision, of HEAD where it is "".
func (r *Repo) atHead(rev string) map[id]struct{} {
	blobs := map[id]struct{}{}
	head, err := r.headTree()
	if rev != "" {
		head, err = r.treeOf(rev)
	}
	if err != nil || head.IsZero() {
		return blobs // the walk tells why
	}
	r.eachBelow(head, map[id]bool{}, func(e odb.Entry) { blobs[e.ID] = struct{}{} })
	return blobs
}

// eachBelow hands over the entries that are no folders, of a tree and of the
// folders in it, those in seen left out: each tree is read once. One that can't be
// read has none: it is told where it is walked.
func (r *Repo) eachBelow(tree id, seen map[id]bool, use func(odb.Entry)) {
	for stack := []id{tree}; len(stack) > 0; {
		tree, stack = stack[len(stack)-1], stack[:len(stack)-1]
		if seen[tree] {
			continue
		}
		seen[tree] = true
		rest, err := r.db.ReadTree(tree)
		for e := (odb.Entry{}); err == nil && len(rest) > 0; {
			if e, rest, err = odb.NextEntry(rest, r.dir.Format); err != nil {
				break
			}
			if e.IsTree() {
				stack = append(stack, e.ID)
			} else {
				use(e)
			}
		}
	}
}

func compareIDs(a, b id) int { return bytes.Compare(a[:], b[:]) }
