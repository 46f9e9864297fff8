package trace

import (
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

// stepper reads trees, those that are deltas in step with their base. It is one
// goroutine's.
type stepper struct {
	ids   *recent
	size  int // of an id, in bytes
	words *lexicon
	listing
	broken bool                             // the tree does not parse to its end
	token  func(as role, thing, node int32) // is told of entries whose name is one
}

// read lists a tree, whose base is listed in old where it has one; nil: it has none.
//
// What makes this exact: pos is where an entry begins, always, for it is where the
// last one ended. If in a copied stretch it is where an entry of the base begins as
// well, then both have the same entries from there on, up to the one that crosses
// the end of the stretch.
func (s *stepper) read(t *pack.Text, old, f *folder) {
	s.begin(f)
	s.broken = false
	b, copies := t.Data, t.Copies
	for pos := 0; pos < len(b) && !s.broken; {
		for len(copies) > 0 && copies[0].At+copies[0].Len <= pos {
			copies = copies[1:]
		}
		if old != nil && len(copies) > 0 && copies[0].At <= pos && s.begins(t.Old, pos-copies[0].At+copies[0].From, old) {
			pos = s.follow(b, pos, copies[0], old)
		} else {
			pos = s.entry(b, pos)
		}
	}
	s.end()
}

// maxReach is how far back begins goes. Eight entries take some 300 bytes; a name of
// a megabyte is not read again for each byte that is copied out of it.
const maxReach = 4 << 10

// begins tells whether an entry of the base begins at pos. It may say no where one
// does: then the next entry is looked up, which costs time and changes nothing.
func (s *stepper) begins(base []byte, pos int, old *folder) bool {
	i := old.at(pos)
	if i < len(old.items) && int(old.items[i].start) == pos {
		return true
	}
	if i == 0 || pos-int(old.items[i-1].start) > maxReach {
		return false
	}
	at, ok := int(old.items[i-1].start), true
	for at < pos && ok {
		_, at, ok = parse(base[:pos], at, s.size)
	}
	return ok && at == pos
}

// follow takes over what the base has from pos to the end of a copied stretch, and
// with it the entry that crosses that. It gives where the next one begins.
func (s *stepper) follow(b []byte, pos int, c pack.Copied, old *folder) int {
	shift := c.At - c.From
	end := c.At + c.Len
	first, last := old.at(pos-shift), old.at(end-shift)-1 // the last one may cross the end
	if first <= last {
		s.inherit(old, first, last, shift)
		pos = int(old.items[last].start) + shift
		_, next, ok := parse(b, pos, s.size)
		if !ok || next > end {
			return s.entry(b, pos)
		}
		s.inherit(old, last, last+1, shift)
		pos = next
	}
	for pos < end { // entries that the base does not keep
		_, next, ok := parse(b, pos, s.size)
		if !ok || next > end {
			return s.entry(b, pos)
		}
		s.pass(pos)
		pos = next
	}
	return pos
}

// entry looks the entry at pos up, and gives where it ends.
func (s *stepper) entry(b []byte, pos int) int {
	e, end, ok := parse(b, pos, s.size)
	if !ok {
		s.broken = true
		return len(b)
	}
	thing, node := s.ids.look(e.role, object.FromBytes(e.id))
	w := s.words.look(e.name)
	if w.token {
		s.token(e.role, thing, node)
	}
	if thing == passed {
		s.pass(pos)
	} else {
		s.add(pos, link(thing, s.words.number(w), e.role))
	}
	return end
}
