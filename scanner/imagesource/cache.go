package imagesource

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// Cache keeps what was told of layers from one scan to the next, by the digest of
// their bytes as they are served or stored. It is asked from several goroutines. What
// it holds is of one set of rules and one set of options: that is for its maker to see to.
// See docs/design/013-layer-cache.md.
type Cache interface {
	Has(digest string) bool // cheap; Get may still have none
	Get(digest string) (*Record, bool)
	Put(digest string, r *Record) // what it cannot keep it drops; it must not keep r.Told.Events' Secrets
}

// Record is what there is to know of a layer without reading it. Places in it have
// neither image nor layer.
type Record struct {
	Told        scanner.Told
	Files, Gone []uint64 // see names; sorted
}

// memo is a layer that remembers itself by the Source's cache.
type memo struct{ *layer }

// Recall is what an earlier scan told of the layer. A registry serves by digest, and
// so nothing is asked for; an archive is believed once its bytes have that digest.
func (m memo) Recall(ctx context.Context) (scanner.Told, bool) {
	if m.digest == "" || !m.cache.Has(m.digest) {
		return scanner.Told{}, false
	}
	if sum, err := m.sum(ctx); err != nil || sum != m.digest {
		return scanner.Told{}, false
	}
	r, ok := m.cache.Get(m.digest)
	if !ok {
		return scanner.Told{}, false
	}
	for _, n := range r.Files {
		m.files[n] = struct{}{}
	}
	for _, n := range r.Gone {
		m.gone[n] = struct{}{}
	}
	for i := range r.Told.Events {
		moved(&r.Told.Events[i], m.at[0].image, m.digest)
	}
	return r.Told, true
}

// passing are gaps for which the same bytes may be read the next time.
var passing = []string{leak.GapUnreadable, leak.GapChanged, leak.GapInterrupt}

// Keep hands the cache what was told, if that was about all of the layer.
func (m memo) Keep(told scanner.Told) {
	digest := m.read.digest(m.digest)
	if digest == "" {
		return
	}
	kept := told
	kept.Events = make([]scanner.Event, len(told.Events))
	for i, e := range told.Events {
		if e.Gap != nil && slices.Contains(passing, e.Gap.Code) {
			return
		}
		kept.Events[i] = copied(e)
		moved(&kept.Events[i], "", "")
	}
	m.cache.Put(digest, &Record{Told: kept, Files: sorted(m.files), Gone: sorted(m.gone)})
}

// copied is an event that shares nothing with e that anybody changes.
func copied(e scanner.Event) scanner.Event {
	if e.Gap != nil {
		g := *e.Gap
		return scanner.Event{Gap: &g}
	}
	f := *e.Finding
	f.Notes = slices.Clone(f.Notes)
	if f.Suppressed != nil {
		s := *f.Suppressed
		f.Suppressed = &s
	}
	return scanner.Event{Finding: &f}
}

// moved puts what is told into a layer of an image.
func moved(e *scanner.Event, image, layer string) {
	at := func(p leak.Place) leak.Place {
		if file, ok := p.(leak.ImageFile); ok {
			file.Image, file.Layer = image, layer
			return file
		}
		return p
	}
	if e.Gap != nil {
		e.Gap.Place = at(e.Gap.Place)
		return
	}
	e.Finding.Place = at(e.Finding.Place)
}

func sorted(set map[uint64]struct{}) []uint64 { return slices.Sorted(maps.Keys(set)) }

// Good tells whether what was told is still so now.
func (r *Record) Good(now time.Time) bool { return r.Told.Until.IsZero() || now.Before(r.Told.Until) }
