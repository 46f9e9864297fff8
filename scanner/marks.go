package scanner

import (
	"slices"

	"github.com/oakum-sec/oakum/leak"
)

// Marks are the places of a text at which a scan has to look, and those which a
// change far away may make such. They are not changed once they are made, and may
// be shared. nil is none.
type Marks struct {
	anchors []anchor       // by at, one for a place
	encoded [kinds][]int32 // where text begins that decodes to something to tell
	all     bool           // regions will not do
	unknown bool           // anchors and encoded say nothing of the text
}

// anchor is a rules.Anchor, or several at one place.
type anchor struct {
	at          int32
	left, right uint16 // of rules.MaxReach and some bytes at most
	live        bool
}

// nextTo is how many bytes may lie between two places in one region: to look at
// them costs less than to begin anew.
const nextTo = 128

// Regions are the stretches of the text in which everything begins that a scan of
// all of it would tell; none: it would tell nothing. whole: no less than all of it
// will do.
func (m *Marks) Regions() (regions []leak.Span, whole bool) {
	if m == nil || m.all {
		return nil, m != nil
	}
	for _, at := range m.places() {
		start := int64(at)
		if n := len(regions); n > 0 && start-regions[n-1].End <= nextTo {
			regions[n-1].End = start + 1
		} else {
			regions = append(regions, leak.Span{Start: start, End: start + 1})
		}
	}
	return regions, false
}

// places lists where a scan has to look, in order.
func (m *Marks) places() (list []int32) {
	for i := range m.anchors {
		if m.anchors[i].live {
			list = append(list, m.anchors[i].at)
		}
	}
	for _, more := range m.encoded {
		list = append(list, more...)
	}
	slices.Sort(list)
	return list
}

// tooMany tells whether m is more than is worth keeping.
func (m *Marks) tooMany() bool {
	most := len(m.anchors)
	for _, list := range m.encoded {
		most = max(most, len(list))
	}
	return most > maxPlaces
}

func (m *Marks) empty() bool {
	return len(m.anchors) == 0 && len(m.encoded[0])+len(m.encoded[1])+len(m.encoded[2]) == 0 && !m.all && !m.unknown
}

// equal compares what two texts of the same kind are marked with.
func (m *Marks) equal(o *Marks) bool {
	if m.all != o.all || !slices.Equal(m.anchors, o.anchors) {
		return false
	}
	for kind := range kinds {
		if !slices.Equal(m.encoded[kind], o.encoded[kind]) {
			return false
		}
	}
	return true
}

// clone makes m's lists its own.
func (m *Marks) clone() *Marks {
	c := &Marks{anchors: slices.Clone(m.anchors), all: m.all}
	for kind := range kinds {
		c.encoded[kind] = slices.Clone(m.encoded[kind])
	}
	return c
}

// Unknown are the marks of a text that could not be probed: nothing less than a scan
// of it will do, and nothing can be inherited from them.
func Unknown() *Marks { return &Marks{unknown: true, all: true} }
