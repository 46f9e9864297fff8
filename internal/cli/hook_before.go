package cli

import (
	"bytes"
	"context"
	"io"
	"iter"
	"sync"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/gitsource"
)

// before is the list of what stood in a file before the change: a change is
// judged by what it adds, not by the file that it touches. It suppresses a
// finding that one of the commits on which the change stands has under the same path.
// That one of the change's own commits has it is no word for it.
type before struct {
	repo *gitsource.Repo
	scan func(src scanner.Source, sink func(scanner.Event) error) error
	ends func() []string                      // revisions on which the change stands, found where they are asked for
	old  map[version]map[string]*leak.Finding // in what was read already, by id
}

type version struct{ rev, path string }

// newBefore is the list for a change; nil is what is staged.
func newBefore(ctx context.Context, repo *gitsource.Repo, change *gitsource.Selection, s *scanner.Scanner) *before {
	scan := func(src scanner.Source, sink func(scanner.Event) error) error {
		_, err := s.Scan(ctx, src, sink)
		return err
	}
	ends := sync.OnceValue(func() []string { return standsOn(repo, change) })
	return &before{repo, scan, ends, map[version]map[string]*leak.Finding{}}
}

// asChange has the job suppress what its change does not add. In a list that is asked
// later the same answer counts for nothing.
func (j *job) asChange(ctx context.Context) {
	t := j.target
	if t.repo == nil {
		return
	}
	s := scanner.New(j.config.set, j.options)
	j.config.lists = append(j.config.lists, newBefore(ctx, t.repo, t.change, s))
	if t.base != "" && t.head != "" {
		j.config.lists = append(j.config.lists, newMoved(ctx, t.repo, t.base, t.head, s))
	}
}

// Match is asked once a sighting.
func (b *before) Match(f *leak.Finding) *leak.Suppression {
	place, ok := f.Place.(leak.GitBlob)
	if !ok || place.Name == "" {
		return nil
	}
	for _, rev := range b.ends() {
		if old := b.findings(version{rev, place.Name})[f.ID]; old != nil && holds(old, f) {
			return &leak.Suppression{Kind: leak.SuppressBaseline, Reason: "was there before this change", Where: rev + ":" + place.Name}
		}
	}
	return nil
}

// Unused: nobody wrote this list, so nobody has to tidy it.
func (b *before) Unused() []string { return nil }

// standsOn are the commits that were there before the change and on which its own
// stand: of what is staged HEAD, and what is being merged into it. Where that cannot
// be told there are none: then what seems new counts.
func standsOn(repo *gitsource.Repo, change *gitsource.Selection) (revs []string) {
	if change != nil {
		fork, err := repo.Fork(*change)
		if err != nil {
			return nil
		}
		return fork.Edges
	}
	for _, rev := range []string{"HEAD", "MERGE_HEAD"} {
		if repo.Has(rev) {
			revs = append(revs, rev)
		}
	}
	return revs
}

// findings are those in the old version of a file. What cannot be read holds
// nothing: then the finding counts.
func (b *before) findings(v version) map[string]*leak.Finding {
	if old, known := b.old[v]; known {
		return old
	}
	old := map[string]*leak.Finding{}
	b.old[v] = old
	text, err := b.repo.File(v.rev, v.path)
	if err != nil {
		return old
	}
	err = b.scan(oneText{leak.GitBlob{Name: v.path}, leak.Reachable, text}, func(e scanner.Event) error {
		if f := e.Finding; f != nil && (old[f.ID] == nil || len(old[f.ID].Parts) < len(f.Parts)) {
			old[f.ID] = f
		}
		return nil
	})
	if err != nil {
		clear(old)
	}
	return old
}

// oneText is a source of one text in memory.
type oneText struct {
	place leak.Place
	reach leak.Reach
	text  []byte
}

func (o oneText) Blobs(context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		yield(scanner.Blob{Place: o.place, Reach: o.reach, Size: int64(len(o.text)), Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(o.text)), nil
		}}, nil)
	}
}
