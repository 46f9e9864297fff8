package gitsource

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/gitsource/gitdir"
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
	all    bool            // compare with every parent of a merge, not its first alone
	head   map[id]struct{} // blobs at HEAD
	sizes  map[id]int64    // of the blobs that are there
	gaps   []*leak.Gap
}

func (r *Repo) history(e *emitter) {
	s := r.newWalk(e.stopped)
	if err := r.db.Load(); err != nil {
		s.gaps = append(s.gaps, r.dir.Gap("objects/pack", leak.GapUnreadable, err))
	}
	refs, gaps := r.dir.Refs()
	s.gaps = append(s.gaps, gaps...)
	logs, gaps := r.dir.Reflogs()
	s.gaps = append(s.gaps, gaps...)

	s.roots(refs, logs)
	s.strays()
	if e.stopped() {
		return
	}
	s.head = r.atHead()
	e.gaps(r.dir.Gaps...)
	e.gaps(r.db.Gaps()...)
	e.gaps(s.gaps...)
	e.gaps(r.horizon()...)
	e.gaps(s.lost.all()...)
	s.emit(e, refs, logs)
	r.submodules(e, s.w.links)
}

func (r *Repo) newWalk(stop func() bool) *walkState {
	lost := newLosses(r)
	return &walkState{r: r, lost: lost, g: newGraph(r, lost, stop), w: newWalker(r, lost), sizes: map[id]int64{}}
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

// roots walks what refs, indexes and logs lead to, class after class: what is
// reached by a branch and a stash is walked for the branch.
func (s *walkState) roots(refs []gitdir.Ref, logs []gitdir.Reflog) {
	for c := range inNowhere {
		for _, ref := range refs {
			if classOf(ref.Name) == c {
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
		s.class(c)
	}
}

// logged follows a reflog's entry. Git lets logs name objects that gc has
// taken: such an entry is no loss.
func (s *walkState) logged(h id, c class, ref string) {
	if s.r.db.Has(h) {
		s.g.add(h, c, ref)
	}
}

// class walks the trees of what was added to class c.
func (s *walkState) class(c class) {
	s.orders[c] = s.g.order(c)
	s.w.walkCommits(s.g, s.orders[c], s.all)
	s.w.class = c
	for _, t := range s.g.targets {
		if t.class == c {
			s.w.target(t)
		}
	}
	if c == inIndex {
		s.gaps = append(s.gaps, s.r.walkIndexes(s.w)...)
	}
}

// target walks a tree or notes a blob that a ref names without a commit.
func (w *walker) target(t target) {
	switch t.kind {
	case plumbing.BlobObject:
		w.blob(t.id, -1)
	case plumbing.TreeObject:
		w.walk(t.id, nil, "", 0)
	}
}

// survey is what the object database holds beyond what was walked.
type survey struct {
	commits, tags, blobs, broken []id
	trees                        map[id]bool
}

// survey goes over all objects. It also learns which blobs are there at all.
func (s *walkState) survey() (left survey) {
	left.trees = map[id]bool{}
	gaps := s.r.db.Each(func(h id, kind odb.Kind, size int64) {
		switch kind {
		case plumbing.CommitObject:
			if !s.g.known(h) {
				left.commits = append(left.commits, h)
			}
		case plumbing.TagObject:
			if !s.g.known(h) {
				left.tags = append(left.tags, h)
			}
		case plumbing.TreeObject:
			if s.w.trees[h] == nil {
				left.trees[h] = true
			}
		case plumbing.BlobObject:
			s.sizes[h] = size
			if _, ok := s.w.blobAt[h]; !ok {
				left.blobs = append(left.blobs, h)
			}
		default:
			left.broken = append(left.broken, h)
		}
	})
	s.gaps = append(s.gaps, gaps...)
	for _, list := range [][]id{left.commits, left.tags, left.blobs, left.broken} {
		slices.SortFunc(list, compareIDs) // Each has no order of its own
	}
	return left
}

// strays finds what nothing leads to: tags and commits, which have names for
// what they hold; then the trees that no tree holds, then blobs.
func (s *walkState) strays() {
	left := s.survey()
	for _, h := range slices.Concat(left.tags, left.commits) {
		s.g.add(h, inNowhere, "")
	}
	s.class(inNowhere)
	for _, h := range s.tops(left.trees) {
		s.w.walk(h, nil, "", 0)
	}
	for _, h := range left.blobs {
		s.w.blob(h, -1)
	}
	s.measure()
	for _, h := range left.broken {
		if _, _, err := s.r.db.Read(h); err != nil { // else another pack has it whole
			s.lost.add(err, h, "object", leak.GitBlob{Repo: s.r.name, Blob: h.String()})
		}
	}
}

// tops lists the trees left that are no other one's part: a part has its path
// from the tree around it.
func (s *walkState) tops(trees map[id]bool) (tops []id) {
	parts := map[id]bool{}
	for h := range trees {
		if s.w.trees[h] != nil {
			continue
		}
		raw, err := s.r.db.ReadTree(h)
		for e := (odb.Entry{}); err == nil && len(raw) > 0; {
			if e, raw, err = odb.NextEntry(raw); err == nil && e.IsTree() {
				parts[e.ID] = true
			}
		}
	}
	for h := range trees {
		if s.w.trees[h] == nil && !parts[h] {
			tops = append(tops, h)
		}
	}
	slices.SortFunc(tops, compareIDs)
	return tops
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

// atHead is the set of the blobs in HEAD's tree.
func (r *Repo) atHead() map[id]struct{} {
	blobs := map[id]struct{}{}
	head, ok := r.dir.Lookup("HEAD")
	if !ok {
		return blobs
	}
	c, err := r.db.ReadCommit(head)
	if err != nil {
		return blobs // told by the walk
	}
	seen := map[id]bool{}
	stack := []id{c.Tree}
	for len(stack) > 0 {
		h := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[h] {
			continue
		}
		seen[h] = true
		raw, err := r.db.ReadTree(h)
		for e := (odb.Entry{}); err == nil && len(raw) > 0; {
			if e, raw, err = odb.NextEntry(raw); err != nil {
				break
			}
			if e.IsTree() {
				stack = append(stack, e.ID)
			} else {
				blobs[e.ID] = struct{}{}
			}
		}
	}
	return blobs
}

func compareIDs(a, b id) int { return bytes.Compare(a[:], b[:]) }
