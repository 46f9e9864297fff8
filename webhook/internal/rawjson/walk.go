package rawjson

import "sync"

// maxDepth bounds how deep Walk follows. Manifests nest some twenty deep; what is deeper than
// this refers to no ConfigMap that anybody mounts.
const maxDepth = 40

// Step is a part of the way from a text to a value in it.
type Step struct {
	Key   []byte // a field's name, decoded; nil: an element of a list
	Index int    // which
}

// Is tells whether s leads to a field of that name.
func (s *Step) Is(key string) bool { return string(s.Key) == key }

// Walk calls use for every field of every object in text, outermost first, with the way
// there and the text from where its value begins; Value is that value alone. Where use
// returns false the value is not followed. It passes over text once, up to where it is
// broken, and allocates nothing but for names with escapes. way is reused from call to call.
func Walk(text []byte, use func(way []Step, rest []byte) bool) {
	w := walkers.Get().(*walker)
	w.text, w.way, w.use = text, w.steps[:0], use
	if at := space(text, 0); at < len(text) {
		w.value(at)
	}
	*w = walker{} // its names are parts of text
	walkers.Put(w)
}

// walkers are those that walk nothing: the two kilobytes of one are a sixth of what a small
// review would leave behind.
var walkers = sync.Pool{New: func() any { return new(walker) }}

// Value is the value that text begins with; empty where it does not end.
func Value(text []byte) []byte { return text[:max(0, Size(text))] }

type walker struct {
	text []byte
	way  []Step
	use  func(way []Step, rest []byte) bool

	steps [maxDepth + 2]Step // of way
}

// value follows what begins at at, and is where it ends, or -1.
func (w *walker) value(at int) int {
	if at == len(w.text) || len(w.way) > maxDepth {
		return valueEnd(w.text, at)
	}
	switch w.text[at] {
	case '{':
		return w.each(at, '}', w.field)
	case '[':
		return w.each(at, ']', w.element)
	}
	return valueEnd(w.text, at)
}

// each goes from one field or element to the next, of what begins at at.
func (w *walker) each(at int, end byte, one func(at, i int) int) int {
	if at = space(w.text, at+1); at < len(w.text) && w.text[at] == end {
		return at + 1
	}
	for i := 0; ; i++ {
		if at = one(at, i); at < 0 {
			return -1
		}
		switch at = space(w.text, at); {
		case at == len(w.text):
			return -1
		case w.text[at] == end:
			return at + 1
		case w.text[at] != ',':
			return -1
		}
		at = space(w.text, at+1)
	}
}

func (w *walker) field(at, _ int) int {
	end := stringEnd(w.text, at)
	if end < 0 {
		return -1
	}
	key := name(w.text[at:end])
	if at = space(w.text, end); at == len(w.text) || w.text[at] != ':' {
		return -1
	}
	at = space(w.text, at+1)
	w.way = append(w.way, Step{Key: key})
	if w.use(w.way, w.text[at:]) {
		end = w.value(at)
	} else {
		end = valueEnd(w.text, at)
	}
	w.way = w.way[:len(w.way)-1]
	return end
}

func (w *walker) element(at, i int) int {
	w.way = append(w.way, Step{Index: i})
	end := w.value(at)
	w.way = w.way[:len(w.way)-1]
	return end
}
