package pack_test

import (
	"bytes"
	"sync"
	"testing"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

// ledger is a visitor that notes what it is told of each object: how often, and
// whether the text is the one that the id names.
type ledger struct {
	t      testing.TB
	forest *pack.Forest
	format object.Format
	kind   object.Kind
	jobs   int
	hold   int64 // bytes of texts that a worker may hold; 0: as many as ever
	large  bool  // whether there may be large ones

	mu    sync.Mutex
	told  map[object.ID]int
	right map[object.ID]bool
	lost  map[object.ID]error
	wrong []object.ID
}

// handed is what the ledger gives to an object's deltas: a copy of its text.
type handed struct{ text []byte }

func (l *ledger) Visit(_ int, t *pack.Text, base *handed) *handed {
	id := l.forest.ID(t.Node)
	right := sum(l.format, l.kind, t.Data) == id
	l.copies(t, base)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told[id]++
	if right {
		l.right[id] = true
	} else {
		l.wrong = append(l.wrong, id)
	}
	return &handed{bytes.Clone(t.Data)}
}

// copies holds what a text says of its base against the base itself.
func (l *ledger) copies(t *pack.Text, base *handed) {
	if t.Delta != (base != nil) || t.Delta && len(base.text) != t.Base {
		l.t.Errorf("a delta %v of %d bytes is handed base %v", t.Delta, t.Base, base != nil)
		return
	}
	end := 0
	for _, c := range t.Copies {
		switch {
		case !t.Delta, c.At < end, c.Len <= 0, c.From < 0, c.At+c.Len > len(t.Data), c.From+c.Len > len(base.text),
			!bytes.Equal(t.Data[c.At:c.At+c.Len], base.text[c.From:c.From+c.Len]):
			l.t.Errorf("%+v is no copy", c)
			return
		}
		end = c.At + c.Len
	}
}

// Large is told of nothing where all texts are small: a head that says otherwise is
// damaged.
func (l *ledger) Large(_ int, node int32, size int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := l.forest.ID(node)
	l.told[id]++
	if !l.large {
		l.t.Errorf("%s, of %d bytes, is large", id, size)
	}
}

func (l *ledger) Lost(_ int, node int32, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := l.forest.ID(node)
	l.told[id]++
	l.lost[id] = err
}

// walked is what five walks, one for each kind, tell of a database of small texts.
func walked(t testing.TB, format object.Format, files []*pack.File, loose []pack.Loose) (*ledger, error) {
	t.Helper()
	l := newLedger(t, format)
	l.jobs = 2
	return l, l.read(files, loose)
}

func newLedger(t testing.TB, format object.Format) *ledger {
	return &ledger{t: t, format: format, jobs: 1, told: map[object.ID]int{}, right: map[object.ID]bool{}, lost: map[object.ID]error{}}
}

func (l *ledger) read(files []*pack.File, loose []pack.Loose) (err error) {
	l.t.Helper()
	if l.forest, err = pack.Plant(files, loose, l.jobs); err != nil {
		return err
	}
	for l.kind = object.Unknown; l.kind <= object.Tag; l.kind++ {
		opt := pack.WalkOptions{Jobs: l.jobs, Kind: l.kind, Whole: 1 << 20}
		if l.hold > 0 {
			opt = opt.Holding(l.hold)
		}
		if err := pack.Walk(l.t.Context(), l.forest, opt, l); err != nil {
			return err
		}
	}
	return pack.Guard(func() error {
		for n := range int32(l.forest.Len()) {
			if id := l.forest.ID(n); l.told[id] != 1 {
				l.t.Errorf("%s is told %d times", id, l.told[id])
			}
		}
		return nil
	})
}
