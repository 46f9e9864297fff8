package sourcetest

import (
	"bytes"
	"context"
	"io"
	"iter"
	"strings"
	"sync"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/scanner"
)

// Memory is a Source of texts that are in memory already. It is also the
// simplest Narrowing one: it probes each text by itself.
type Memory []Text

// Text is a name and its content.
type Text struct {
	Name    string
	Content []byte
}

var _ scanner.Narrowing = Memory{}

// Blobs yields the texts as files.
func (m Memory) Blobs(context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		for _, t := range m {
			if !yield(t.blob(), nil) {
				return
			}
		}
	}
}

func (t Text) blob() scanner.Blob {
	return scanner.Blob{Place: leak.File{Name: t.Name}, Size: int64(len(t.Content)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(t.Content)), nil }}
}

// Plain is m as a source that is no Narrowing one.
func (m Memory) Plain() scanner.Source { return plain{m} }

type plain struct{ scanner.Source }

// Narrow probes the texts, each worker a part of them.
func (m Memory) Narrow(ctx context.Context, n scanner.Narrower) error {
	return m.narrow(ctx, n, func(p *scanner.Probe, t, _ Text, _ *scanner.Marks) *scanner.Marks { return p.Text(t.Content) })
}

// narrow has each worker go over a part of m, from its end to its begin, so that
// ranks come in no order. mark is handed the text before, too, and its marks.
func (m Memory) narrow(ctx context.Context, n scanner.Narrower, mark func(p *scanner.Probe, t, base Text, marks *scanner.Marks) *scanner.Marks) error {
	var workers sync.WaitGroup
	jobs := n.Jobs()
	for worker := range jobs {
		workers.Go(func() {
			probe, base := n.Probe(), Text{}
			var marks *scanner.Marks
			for i := (worker+1)*len(m)/jobs - 1; i >= worker*len(m)/jobs && ctx.Err() == nil; i-- {
				marks = mark(probe, m[i], base, marks)
				base = m[i]
				m[i].tell(ctx, n, probe, worker, int64(i), marks)
			}
		})
	}
	workers.Wait()
	return ctx.Err()
}

// tell does with a marked text what its marks say.
func (t Text) tell(ctx context.Context, n scanner.Narrower, p *scanner.Probe, worker int, rank int64, marks *scanner.Marks) {
	regions, whole := marks.Regions()
	switch {
	case whole:
		n.Look(ctx, worker, rank, t.blob(), t.Content, nil)
	case len(regions) > 0:
		n.Look(ctx, worker, rank, t.blob(), t.Content, regions)
	case t.named(n.Set(), p):
		n.Look(ctx, worker, rank, t.blob(), t.Content, []leak.Span{})
	default:
		n.Seen(1, int64(len(t.Content)))
	}
}

// named tells whether there is something to tell of t's name.
func (t Text) named(set *rules.Set, p *scanner.Probe) bool {
	for component := range strings.SplitSeq(t.Name, "/") {
		if p.Name([]byte(component)) {
			return true
		}
	}
	return len(set.Files(rules.Subject{Paths: []string{t.Name}})) > 0
}
