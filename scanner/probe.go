package scanner

import (
	"math"
	"slices"

	"github.com/oakum-sec/oakum/rules"
)

// Probe finds out where a scan has to look, for less than the scan costs. It is
// one goroutine's.
//
// It looks for anchors, not for matches: literals at which a rule's automata
// accept, before it is settled which of several matches is the first one and
// whether its entropy or checksum does. Whether a place is an anchor depends on
// the bytes around it alone, so that an edited text has those of the old one where
// no change is near; a match depends on the match before it. Encoded text counts
// where there is a match in what it decodes to.
//
// So a scan that looks at the regions tells what a scan of the whole text tells,
// and a region in which it then tells nothing costs little.
type Probe struct {
	set  *rules.Set
	opt  Options
	all  bool // rules are not found by literals
	none *Marks

	// of the text at hand
	text     []byte
	windows  []stretched
	kept     []keeping
	around   []stretched // the windows of one kind of encoding
	found    []rules.Anchor
	marks    Marks
	kind     int
	use      func(encoded)  // note, bound once: binding allocates
	useKnown func(KnownHit) // noteKnown, likewise
}

// stretched is a stretch of a text.
type stretched struct{ from, to int }

// NewProbe makes a Probe of the rules that a Scanner would run, with the options
// that it would run them with.
func NewProbe(set *rules.Set, opt Options) *Probe {
	p := &Probe{set: set, opt: opt, all: set.NeedsWhole(), none: &Marks{unknown: true}}
	p.use, p.useKnown = p.note, p.noteKnown
	return p
}

// Text marks a text of which nothing is known.
func (p *Probe) Text(text []byte) *Marks { return p.Edited(nil, 0, text, nil) }

// beyond tells whether a text is not to be probed: nothing less than a scan will
// do, if only to say that it is too large.
func (p *Probe) beyond(text []byte) bool {
	return p.all || len(text) > math.MaxInt32 || p.opt.MaxSize > 0 && int64(len(text)) > p.opt.MaxSize
}

// wide marks a text in UTF-16: as a whole, by what it decodes to, which is half as
// long again at most.
func (p *Probe) wide(text []byte, k kind) *Marks {
	if len(text) > math.MaxInt32/2 {
		return &Marks{unknown: true, all: true}
	}
	plain := decodeUTF16(text[k.bom:], k.utf16)
	p.plan(0, plain, nil)
	if m := p.mark(nil, plain); !m.all && len(m.places()) == 0 {
		return p.none
	}
	return &Marks{unknown: true, all: true}
}

// maxPlaces is how many anchors, or places of one kind of encoding, a text may
// have: one with more is scanned whole, and so is what is made of it.
const maxPlaces = 1 << 16

// look appends the anchors in text[from:to], in order. It looks at so much at a time
// as keeps the list short.
func (p *Probe) look(from, to int) {
	for from < to && len(p.marks.anchors) <= maxPlaces {
		next := min(to, from+windowSize)
		p.found = p.set.AppendAnchors(p.found[:0], p.text, from, next)
		p.lookKnown(from, next)
		p.take()
		from = next
	}
}

// take makes anchors of found.
func (p *Probe) take() {
	slices.SortFunc(p.found, func(a, b rules.Anchor) int { return a.At - b.At })
	list := p.marks.anchors
	for _, f := range p.found {
		if n := len(list); n == 0 || int(list[n-1].at) != f.At {
			list = append(list, anchor{at: int32(f.At)})
		}
		a := &list[len(list)-1]
		a.live = a.live || f.Live
		a.left, a.right = max(a.left, uint16(f.Left)), max(a.right, uint16(f.Right))
	}
	p.marks.anchors = list
	if cap(p.found) > maxPlaces {
		p.found = nil
	}
}

// note keeps the place of encoded text if a scan would tell of what it holds.
func (p *Probe) note(e encoded) {
	if len(p.marks.encoded[p.kind]) <= maxPlaces && p.worth(&e, 1) {
		p.marks.encoded[p.kind] = append(p.marks.encoded[p.kind], int32(e.at))
	}
}

// worth tells whether a scan would tell of what e holds, depth encodings deep, as
// worker.encoded and tooDeep do.
func (p *Probe) worth(e *encoded, depth int) bool {
	if p.set.Hit(e.text, 0, len(e.text)) || p.opt.hasKnown(e.text) {
		return true
	}
	found := false
	eachEncoded(e.text, 0, len(e.text), func(deeper encoded) {
		switch {
		case found:
		case depth < maxDepth:
			found = p.worth(&deeper, depth+1)
		default:
			found = !deeper.escaped()
		}
	})
	return found
}

// far tells whether a region of a text that a scan looks at in several windows lies
// so far inside of a block of encoded text that its window may not show where that
// begins.
func (p *Probe) far(text []byte) bool {
	if len(text) <= windowSize {
		return false
	}
	for _, at := range p.marks.places() {
		low := max(0, int(at)-maxRun)
		first := blockStart(text, low, int(at))
		for _, mark := range []byte(escapeMarks) {
			first = min(first, escapesBefore(text, low, int(at), mark))
		}
		if low > 0 && first < int(at)-maxRun/2 {
			return true
		}
	}
	return false
}
