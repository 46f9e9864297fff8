package gitsource

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
)

// maxNamed is how many lost objects of a kind are named one by one; a cut
// pack can lose a million.
const maxNamed = 20

// losses gathers objects that could not be read while history was walked.
type losses struct {
	r     *Repo
	gaps  []*leak.Gap
	count map[string]int // by kind
	far   map[string]int // objects that a promisor remote holds, by kind
	first map[string]id
	seen  map[id]bool
}

func newLosses(r *Repo) *losses {
	return &losses{r: r, count: map[string]int{}, far: map[string]int{}, first: map[string]id{}, seen: map[id]bool{}}
}

// add notes that the object of a kind could not be read.
func (l *losses) add(err error, h id, kind string, place leak.Place) {
	if l.seen[h] {
		return
	}
	l.seen[h] = true
	if l.r.dir.Promisor && errors.Is(err, odb.ErrMissing) {
		if l.far[kind]++; l.far[kind] == 1 {
			l.first[kind] = h
		}
		return
	}
	if l.count[kind]++; l.count[kind] > maxNamed {
		return
	}
	code, class := odb.Code(err)
	l.gaps = append(l.gaps, &leak.Gap{Place: place, Class: class, Code: code, Why: err})
}

// all is every Gap: the named losses, then one for the rest of each kind, for
// what a partial clone left behind, and for a shallow clone's horizon.
func (l *losses) all() []*leak.Gap {
	gaps := l.gaps
	for _, kind := range slices.Sorted(maps.Keys(l.count)) {
		if n := l.count[kind] - maxNamed; n > 0 {
			gaps = append(gaps, l.r.dir.Gap("objects", leak.GapMissing, fmt.Errorf("%d more objects (%s) could not be read: run git fsck", n, kind)))
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(l.far)) {
		g := l.r.dir.Gap("objects", leak.GapPartial, fmt.Errorf("partial clone: %d objects (%s, as %s) are on the remote only: fetch them with git fetch --refetch --no-filter",
			l.far[kind], kind, l.first[kind]))
		g.Class = leak.Boundary
		gaps = append(gaps, g)
	}
	return gaps
}

// horizon is the Gap of a shallow clone, where it is one.
func (r *Repo) horizon() []*leak.Gap {
	if len(r.dir.Shallow) == 0 {
		return nil
	}
	ids := slices.Collect(maps.Keys(r.dir.Shallow))
	slices.SortFunc(ids, func(a, b id) int { return slices.Compare(a[:], b[:]) })
	named := ""
	for _, h := range ids[:min(len(ids), 5)] {
		named += " " + h.String()[:10]
	}
	if len(ids) > 5 {
		named += " …"
	}
	g := r.dir.Gap("shallow", leak.GapShallow, fmt.Errorf("shallow clone: what came before %d commits (%s) is not here: deepen it with git fetch --unshallow", len(ids), named[1:]))
	g.Class = leak.Boundary
	return []*leak.Gap{g}
}

// damage marks an error of ours as one about a damaged object.
func damage(err error) error { return fmt.Errorf("%w: %w", odb.ErrDamaged, err) }

// gapOf is the Gap for an object that could not be opened.
func (r *Repo) gapOf(err error, place leak.Place) *leak.Gap {
	code, class := odb.Code(err)
	if r.dir.Promisor && errors.Is(err, odb.ErrMissing) {
		code, class = leak.GapPartial, leak.Boundary
	}
	return &leak.Gap{Place: place, Class: class, Code: code, Why: err}
}
