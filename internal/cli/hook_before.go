package cli

import (
	"bytes"
	"context"
	"io"
	"iter"
	"strconv"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/gitsource"
)

// before is the list of what stood in a file before the change: a change is
// judged by what it adds, not by the file that it touches. It suppresses a
// finding that one of the change's parents has under the same path.
type before struct {
	repo *gitsource.Repo
	scan func(src scanner.Source, sink func(scanner.Event) error) error
	ids  map[version]map[string]bool // of the findings in what was read already
}

type version struct{ rev, path string }

func newBefore(ctx context.Context, repo *gitsource.Repo, s *scanner.Scanner) *before {
	scan := func(src scanner.Source, sink func(scanner.Event) error) error {
		_, err := s.Scan(ctx, src, sink)
		return err
	}
	return &before{repo, scan, map[version]map[string]bool{}}
}

// Match is asked once a sighting.
func (b *before) Match(f *leak.Finding) *leak.Suppression {
	place, ok := f.Place.(leak.GitBlob)
	if !ok || place.Name == "" {
		return nil
	}
	for _, rev := range b.parents(f) {
		if b.findings(version{rev, place.Name})[f.ID] {
			return &leak.Suppression{Kind: leak.SuppressBaseline, Reason: "was there before this change", Where: rev + ":" + place.Name}
		}
	}
	return nil
}

// Unused: nobody wrote this list, so nobody has to tidy it.
func (b *before) Unused() []string { return nil }

// parents are what the commit that brought f stands on. A merge under way has
// more than HEAD.
func (b *before) parents(f *leak.Finding) (revs []string) {
	if f.Reach == leak.Staged {
		for _, rev := range []string{"HEAD", "MERGE_HEAD"} {
			if b.repo.Has(rev) {
				revs = append(revs, rev)
			}
		}
		return revs
	}
	if f.Origin == nil || f.Origin.Commit == "" {
		return nil
	}
	return parentsOf(b.repo, f.Origin.Commit)
}

func parentsOf(repo *gitsource.Repo, rev string) (revs []string) {
	for n := 1; ; n++ {
		parent := rev + "^" + strconv.Itoa(n)
		if !repo.Has(parent) {
			return revs
		}
		revs = append(revs, parent)
	}
}

// findings are the ids of what the old version of a file holds. What cannot be
// read holds nothing: then the finding counts.
func (b *before) findings(v version) map[string]bool {
	if ids, known := b.ids[v]; known {
		return ids
	}
	ids := map[string]bool{}
	b.ids[v] = ids
	text, err := b.repo.File(v.rev, v.path)
	if err != nil {
		return ids
	}
	old := oneText{leak.GitBlob{Name: v.path}, leak.Reachable, text}
	err = b.scan(old, func(e scanner.Event) error {
		if e.Finding != nil {
			ids[e.Finding.ID] = true
		}
		return nil
	})
	if err != nil {
		clear(ids)
	}
	return ids
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
