package gitsource

import (
	"cmp"
	"slices"
	"sync"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

// flag says of a text that the scanner has to look at it: in regions, where it is
// rebuilt for that; else it is opened and read as Blobs would have it read: what
// is too large to be rebuilt, what could not be, and what is no plain text.
type flag struct {
	node    int32
	regions []leak.Span // nil: all of it
	read    bool
}

// flags gathers what the workers of a pass flag.
type flags struct {
	mu   sync.Mutex
	list []flag
}

func (f *flags) add(x flag) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, x)
}

// sort orders the list by node, to be searched.
func (f *flags) sort() {
	slices.SortFunc(f.list, func(a, b flag) int { return cmp.Compare(a.node, b.node) })
}

// find is node's flag, or nil.
func (f *flags) find(node int32) *flag {
	i, ok := slices.BinarySearchFunc(f.list, node, func(x flag, n int32) int { return cmp.Compare(x.node, n) })
	if !ok {
		return nil
	}
	return &f.list[i]
}

// probing is what the passes over texts share: each text is probed, and flagged
// or counted.
type probing struct {
	n       scanner.Narrower
	forest  *pack.Forest
	recall  *recall // nil: nothing is remembered
	workers []probeWorker
	flags
}

// probeWorker is one goroutine's. Its counts are told now and then: a lock for
// each of a million texts would be felt.
type probeWorker struct {
	*scanner.Probe
	blobs, bytes int64 // that passed, not told yet
	told         int64 // blobs that were
	noted        []noted
	_            [64]byte // keeps the counts of two cores off one cache line
}

const tellEvery = 1000 // texts

func (t *narrowing) probing() *probing {
	p := &probing{n: t.n, forest: t.forest}
	if t.recalls() {
		p.recall = t.r.recall
	}
	for range t.n.Jobs() {
		p.workers = append(p.workers, probeWorker{Probe: t.n.Probe()})
	}
	return p
}

// marked notes what a text's marks say of it.
func (p *probing) marked(worker int, t *pack.Text, marks *scanner.Marks) {
	regions, whole := marks.Regions()
	switch {
	case whole:
		p.add(flag{node: t.Node})
	case len(regions) > 0:
		p.add(flag{node: t.Node, regions: regions})
	default:
		p.passed(worker, len(t.Data))
	}
}

// passed counts a text in which there is nothing.
func (p *probing) passed(worker, size int) {
	w := &p.workers[worker]
	w.bytes += int64(size)
	if w.blobs++; w.blobs == tellEvery {
		p.tell(w)
	}
}

func (p *probing) tell(w *probeWorker) {
	p.n.Seen(w.blobs, w.bytes)
	w.told += w.blobs
	w.blobs, w.bytes = 0, 0
}

// texts is how many the pass came by.
func (p *probing) texts() int64 {
	n := int64(len(p.list))
	for i := range p.workers {
		n += p.workers[i].told
	}
	return n
}

// finish ends a pass.
func (p *probing) finish() {
	for i := range p.workers {
		p.tell(&p.workers[i])
	}
	p.sort()
	p.remember()
}

// broke deals with a panic, a bug of ours that a text triggers: it is no reason not
// to look at the others. Reading will say what became of this one.
func (p *probing) broke(r any, worker int, node int32) {
	pack.Rethrow(r)
	p.workers[worker].Probe = p.n.Probe()
	p.add(flag{node: node, read: true})
}

// Large and Lost are told by pack.Walk: reading will say what there is to say.
func (p *probing) Large(_ int, node int32, _ int64) { p.add(flag{node: node, read: true}) }
func (p *probing) Lost(_ int, node int32, _ error)  { p.add(flag{node: node, read: true}) }

// blobPass probes blobs, those that are deltas where they differ from their base.
type blobPass struct{ *probing }

var _ pack.Visitor[*scanner.Marks] = blobPass{}

// Visit implements pack.Visitor.
func (p blobPass) Visit(worker int, t *pack.Text, base *scanner.Marks) (marks *scanner.Marks) {
	defer func() {
		if r := recover(); r != nil {
			p.broke(r, worker, t.Node)
			marks = scanner.Unknown()
		}
	}()
	probe := p.workers[worker].Probe
	p.note(worker, t.Node, len(t.Data))
	if t.Delta {
		marks = probe.Edited(base, t.Base, t.Data, t.Copies)
	} else {
		marks = probe.Text(t.Data)
	}
	if len(t.Data) <= maxPointer && pointer.Match(t.Data) {
		p.add(flag{node: t.Node, read: true})
	} else {
		p.marked(worker, t, marks)
	}
	return marks
}

// messagePass probes commits and tags, and keeps what commits say for the graph.
type messagePass struct {
	*probing
	kind   object.Kind
	parsed [][]parsed // by worker
}

// parsed is a commit that was read in passing.
type parsed struct {
	node int32
	odb.Commit
}

var _ pack.Visitor[struct{}] = (*messagePass)(nil)

func (t *narrowing) messagePass() *messagePass {
	p := &messagePass{probing: t.probing(), parsed: make([][]parsed, t.n.Jobs())}
	commits := 0
	for n := range int32(t.forest.Len()) {
		if t.forest.Kind(n) == object.Commit {
			commits++
		}
	}
	for i := range p.parsed { // lists that double take twice what a repository of a million objects is to take
		p.parsed[i] = make([]parsed, 0, commits/len(p.parsed)+commits/16)
	}
	return p
}

// Visit implements pack.Visitor.
func (p *messagePass) Visit(worker int, t *pack.Text, _ struct{}) (none struct{}) {
	defer func() {
		if r := recover(); r != nil {
			p.broke(r, worker, t.Node)
		}
	}()
	if p.kind == object.Commit {
		if c, err := odb.ParseCommit(t.Data); err == nil { // else the graph reads it, and hears what is wrong
			p.parsed[worker] = append(p.parsed[worker], parsed{t.Node, c})
		}
	}
	if !p.again(worker, t.Node) {
		p.note(worker, t.Node, len(t.Data))
		p.marked(worker, t, p.workers[worker].Text(t.Data))
	}
	return struct{}{}
}

// commitTable finds parsed commits. nil has none.
type commitTable struct {
	forest *pack.Forest
	list   []parsed
	at     []int32 // by node: place in list, plus one
}

func (p *messagePass) table(f *pack.Forest) *commitTable {
	t := &commitTable{f, slices.Concat(p.parsed...), make([]int32, f.Len())}
	p.parsed = nil
	for i := range t.list {
		t.at[t.list[i].node] = int32(i) + 1
	}
	return t
}

func (t *commitTable) find(h id) *odb.Commit {
	if t == nil {
		return nil
	}
	node, ok := t.forest.Find(h)
	if !ok || t.at[node] == 0 {
		return nil
	}
	return &t.list[t.at[node]-1].Commit
}
