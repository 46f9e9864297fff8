package gitsource

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// Memory is what one Narrow leaves to the next: which objects a Probe has looked
// at, and where the scanner had to look in some. It holds ids, sizes and offsets, no
// text. Of objects that are no longer there the next Narrow's knows nothing.
//
// It is worth something with the same rules and options only. Ids are believed: a
// Memory of another repository, where somebody may have stored another text under
// an id, must not be used. Nor is damage noticed that came to an object later: it
// was looked at when it was whole.
//
// Four objects in ten are files or messages, which take 40 bytes each here, and 24
// when they are stored.
type Memory struct {
	format  object.Format
	seen    []remembered // by id, once sort was called
	flags   []flag       // what remembered.flag means
	buckets []int32      // where in seen the ids begin whose first two bytes are at least so much
}

// remembered is an object whose text was looked at.
type remembered struct {
	id   id
	size uint32 // in bytes; what is larger than WalkOptions.Whole is read each time
	flag int32  // in flags, -1: nothing is in it
}

const bucketCount = 1 << 16

// sort orders what was seen, each object once, and makes it searchable.
func (m *Memory) sort() {
	slices.SortFunc(m.seen, func(a, b remembered) int {
		return cmp.Or(cmp.Compare(binary.BigEndian.Uint64(a.id[:]), binary.BigEndian.Uint64(b.id[:])), compareIDs(a.id, b.id))
	})
	m.seen = slices.CompactFunc(m.seen, func(a, b remembered) bool { return a.id == b.id })
	m.buckets = make([]int32, bucketCount+1)
	for i := range m.seen {
		m.buckets[int(binary.BigEndian.Uint16(m.seen[i].id[:]))+1]++
	}
	for i := range bucketCount {
		m.buckets[i+1] += m.buckets[i]
	}
}

// find is what is remembered of h, nil where that is nothing. A nil Memory, and
// one that is not sorted, remembers nothing.
func (m *Memory) find(h id) *remembered {
	if m == nil || m.buckets == nil {
		return nil
	}
	first := binary.BigEndian.Uint16(h[:])
	some := m.seen[m.buckets[first]:m.buckets[int(first)+1]]
	i, ok := slices.BinarySearchFunc(some, h, func(r remembered, h id) int { return bytes.Compare(r.id[:], h[:]) })
	if !ok {
		return nil
	}
	return &some[i]
}

// MarshalBinary implements encoding.BinaryMarshaler: format, how many, their ids,
// their sizes (4 bytes each, big endian); how many are flagged, and of each how many
// places after the one before it stands, then what it is: 0 flagged as a whole, 1 to
// be read, else two more than its regions, and of each how far after the one before
// it begins and how long it is. Numbers are binary.Uvarint's.
func (m *Memory) MarshalBinary() ([]byte, error) {
	m.sort()
	b := binary.AppendUvarint([]byte{byte(m.format)}, uint64(len(m.seen)))
	b = slices.Grow(b, len(m.seen)*(m.format.Size()+4))
	flagged := 0
	for i := range m.seen {
		b = append(b, m.seen[i].id[:m.format.Size()]...)
		if m.seen[i].flag >= 0 {
			flagged++
		}
	}
	for i := range m.seen {
		b = binary.BigEndian.AppendUint32(b, m.seen[i].size)
	}
	b = binary.AppendUvarint(b, uint64(flagged))
	last := 0
	for i := range m.seen {
		if at := m.seen[i].flag; at >= 0 {
			b = m.flags[at].append(binary.AppendUvarint(b, uint64(i-last)))
			last = i
		}
	}
	return b, nil
}

const (
	markWhole = iota
	markRead
	markRegions
)

func (f *flag) append(b []byte) []byte {
	switch {
	case f.read:
		return binary.AppendUvarint(b, markRead)
	case f.regions == nil:
		return binary.AppendUvarint(b, markWhole)
	}
	b = binary.AppendUvarint(b, uint64(markRegions+len(f.regions)))
	end := int64(0)
	for _, r := range f.regions {
		b = binary.AppendUvarint(b, uint64(r.Start-end))
		b = binary.AppendUvarint(b, uint64(r.End-r.Start))
		end = r.End
	}
	return b
}

// covers tells whether regions lie within a text of that size.
func covers(regions []leak.Span, size int) bool {
	return len(regions) == 0 || regions[len(regions)-1].End <= int64(size)
}
