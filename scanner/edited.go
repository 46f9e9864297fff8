package scanner

import (
	"slices"
	"sort"

	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/scanner/archive"
)

// Copied is a stretch that a text has from an older one: Len bytes of that from
// From on stand here from At on.
type Copied = struct{ At, From, Len int }

// keeping is a stretch of a text whose anchors are those of the old text, as far as
// they depend on no more than rules.Near bytes around them.
type keeping struct {
	stretched
	shift     int // from the old text to this one
	low, high int // what lies between has not changed
}

// leastKept is how long a stretch must be for its anchors to be kept rather than
// looked for again.
const leastKept = 128

// Edited marks a text that copies, in order of At, make out of another one, of
// baseSize bytes, whose marks are base. It looks at what is new and around it
// alone, and gives what Text would.
func (p *Probe) Edited(base *Marks, baseSize int, text []byte, copies []Copied) *Marks {
	if p.beyond(text) {
		return &Marks{unknown: true, all: true}
	}
	if base != nil && base.unknown {
		base, copies = nil, nil
	}
	if !sameHead(copies) {
		if p.opt.packedAs(text) != archive.None {
			return &Marks{unknown: true, all: true}
		}
		if k := sniff(text[:min(len(text), sniffSize)]); k.utf16 != nil {
			return p.wide(text, k)
		}
	}
	p.plan(baseSize, text, copies)
	if len(p.windows) == 0 && len(text) > 0 {
		return base
	}
	switch m := p.mark(base, text); {
	case m.unknown:
		p.marks = Marks{}
		return &Marks{unknown: true, all: true}
	case m.empty():
		return nil
	case base != nil && m.equal(base):
		return base
	default:
		return m.clone()
	}
}

// sameHead tells whether a text begins with the bytes that say what kind it is, as
// the old one did, which was neither UTF-16 nor an archive.
func sameHead(copies []Copied) bool {
	return len(copies) > 0 && copies[0].At == 0 && copies[0].From == 0 && copies[0].Len >= max(sniffSize, archive.HeadSize)
}

// plan divides the text into windows, in which everything is looked for, and
// stretches that are kept. A change is what no copy brought, or the seam between
// two copies; a begin or end of the text that was not one is a seam, too.
func (p *Probe) plan(baseSize int, text []byte, copies []Copied) {
	p.windows, p.kept = p.windows[:0], p.kept[:0]
	end := 0
	for _, c := range copies {
		k := keeping{stretched{c.At + rules.Near, c.At + c.Len - rules.Near}, c.At - c.From, c.At, c.At + c.Len}
		if c.At == 0 && c.From == 0 {
			k.from, k.low = 0, -rules.MaxReach*2
		}
		if k.high == len(text) && c.From+c.Len == baseSize {
			k.to, k.high = len(text), len(text)+rules.MaxReach*2
		}
		if k.to-k.from < min(leastKept, len(text)) {
			continue
		}
		if k.from > end {
			p.windows = append(p.windows, stretched{end, k.from})
		}
		p.kept = append(p.kept, k)
		end = k.to
	}
	if end < len(text) {
		p.windows = append(p.windows, stretched{end, len(text)})
	}
}

// mark looks at the windows and takes over the rest. Its result is good until the
// next call.
func (p *Probe) mark(base *Marks, text []byte) *Marks {
	if base == nil {
		base = &Marks{}
	}
	p.text = text
	p.marks = Marks{anchors: p.marks.anchors[:0], encoded: p.marks.encoded}
	p.anchors(base)
	for p.kind = range kinds {
		p.marks.encoded[p.kind] = p.marks.encoded[p.kind][:0]
		if !p.opt.NoDecode {
			p.unfold()
			p.encodings(base.encoded[p.kind])
		}
	}
	p.text = nil
	p.marks.unknown = p.marks.tooMany()
	p.marks.all = p.marks.unknown || p.far(text)
	return &p.marks
}

// anchors goes through the text from window to window.
func (p *Probe) anchors(base *Marks) {
	windows := p.windows
	for i := range p.kept {
		k := &p.kept[i]
		for len(windows) > 0 && windows[0].from < k.from {
			p.look(windows[0].from, windows[0].to)
			windows = windows[1:]
		}
		p.keep(base.anchors, k)
	}
	for _, w := range windows {
		p.look(w.from, w.to)
	}
}

// keep takes over the old text's anchors in one stretch; those that depend on bytes
// beyond it are asked again.
func (p *Probe) keep(old []anchor, k *keeping) {
	from, to := int32(k.from-k.shift), int32(k.to-k.shift)
	i, _ := slices.BinarySearchFunc(old, from, func(a anchor, at int32) int { return int(a.at) - int(at) })
	for ; i < len(old) && old[i].at < to && len(p.marks.anchors) <= maxPlaces; i++ {
		a := old[i]
		a.at += int32(k.shift)
		if at := int(a.at); at-int(a.left) < k.low || at+int(a.right) > k.high {
			p.look(at, at+1)
		} else {
			p.marks.anchors = append(p.marks.anchors, a)
		}
	}
}

// unfold widens the windows to where encoded text may begin and end that a change
// in them can have altered.
func (p *Probe) unfold() {
	p.around = p.around[:0]
	last := &stretched{}
	for _, w := range p.windows {
		if w.to <= last.to && len(p.around) > 0 {
			continue
		}
		if w.from > last.to || len(p.around) == 0 {
			p.around = append(p.around, stretched{p.before(last.to, w.from), w.to})
			last = &p.around[len(p.around)-1]
		}
		last.to = p.behind(w.to)
	}
}

// before is where encoded text begins that may go on at from.
func (p *Probe) before(low, from int) int {
	if p.kind == 0 {
		return blockStart(p.text, low, from)
	}
	return escapesBefore(p.text, low, from, escapeMarks[p.kind-1])
}

// behind is where encoded text ends that a change before to may alter.
func (p *Probe) behind(to int) int {
	if p.kind == 0 {
		return blockEnd(p.text, to)
	}
	return escapesBehind(p.text, to, escapeMarks[p.kind-1])
}

// encodings goes through the widened windows and takes over what lies elsewhere.
func (p *Probe) encodings(old []int32) {
	next := 0
	for _, w := range p.around {
		next = eachOf(p.kind, p.text, next, w.from, w.to, p.use)
	}
	if len(old) == 0 {
		return
	}
	list := p.marks.encoded[p.kind]
	for i := range p.kept {
		k := &p.kept[i]
		first, _ := slices.BinarySearch(old, int32(k.from-k.shift))
		for _, at := range old[first:] {
			at += int32(k.shift)
			if int(at) >= k.to || len(list) > maxPlaces {
				break
			}
			if !p.inside(int(at)) {
				list = append(list, at)
			}
		}
	}
	slices.Sort(list)
	p.marks.encoded[p.kind] = list
}

// inside tells whether at lies in a widened window.
func (p *Probe) inside(at int) bool {
	i := sort.Search(len(p.around), func(i int) bool { return p.around[i].to > at })
	return i < len(p.around) && p.around[i].from <= at
}
