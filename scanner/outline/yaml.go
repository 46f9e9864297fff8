package outline

import "bytes"

// level is an open mapping or list of block style, and how far in it stands.
type level struct {
	indent int
	*node
	key []byte // a mapping's key of which the value is being read
	at  int    // a list's index
}

// walk is the way through a YAML text.
type walk struct {
	*tracker
	levels []level
	p, end int    // the line at hand
	spare  []node // to be taken one by one: a text of 400 kB has some ten thousand
}

// yaml goes over the text line by line, from the last name before the first place
// that stands at its line's begin: nothing above it has a say.
func (t *tracker) yaml() {
	w := walk{tracker: t}
	w.reset()
	if len(t.places) > 0 {
		w.p = outermost(t.text, t.places[0].Value)
	}
	for w.p < len(t.text) && !t.done(w.p) {
		w.end = len(t.text)
		if i := bytes.IndexByte(t.text[w.p:], '\n'); i >= 0 {
			w.end = w.p + i
		}
		w.line()
	}
}

// outermost is where the line begins that names what text[at] is in at the outermost;
// 0 where that is a list's item, or nothing.
func outermost(text []byte, at int) int {
	for at > 0 {
		at = bytes.LastIndexByte(text[:at], '\n') + 1
		if line := text[at:]; len(line) > 0 && (letter(line[0]) || line[0] == '"') {
			if i := bytes.IndexByte(line, '\n'); i >= 0 {
				line = line[:i]
			}
			if keyEnd(line) > 0 {
				return at
			}
		}
		at--
	}
	return 0
}

func (w *walk) reset() { w.levels = append(w.levels[:0], level{indent: -1, node: &node{}}) }

func (w *walk) top() *level { return &w.levels[len(w.levels)-1] }

// line reads one line and goes to the next: or behind a block or flow that it opens.
func (w *walk) line() {
	begin, i := w.p, w.p
	for i < w.end && w.text[i] == ' ' {
		i++
	}
	rest := w.text[i:w.end]
	next := w.end + 1
	switch {
	case len(bytes.TrimSpace(rest)) == 0 || rest[0] == '#' || bytes.HasPrefix(rest, []byte("{{")):
	case i == begin && (bytes.HasPrefix(rest, []byte("---")) || bytes.HasPrefix(rest, []byte("..."))):
		w.reset()
	default:
		next = w.entry(i, i-begin)
	}
	w.p = max(next, w.end+1)
}

// entry reads what stands at text[i:], so far in, and returns where the next line is.
func (w *walk) entry(i, indent int) int {
	rest := w.text[i:w.end]
	for len(rest) > 0 && rest[0] == '-' && (len(rest) == 1 || rest[1] == ' ' || rest[1] == '\r') {
		w.item(indent)
		n := 1
		for n < len(rest) && rest[n] == ' ' {
			n++
		}
		i, indent, rest = i+n, indent+n, rest[n:]
	}
	rest = bytes.TrimRight(rest, " \t\r")
	if len(rest) == 0 {
		return w.end + 1
	}
	n := keyEnd(rest)
	if n < 0 || rest[0] == '{' || rest[0] == '[' {
		top := w.top()
		return w.value(top.node, top.key, top.at, i, i+len(rest), indent)
	}
	l := w.mapping(indent)
	l.key = trim(rest[:n])
	from := i + n + 1
	for from < w.end && w.text[from] == ' ' {
		from++
	}
	return w.value(l.node, l.key, 0, from, i+len(rest), indent)
}

// item goes to the next item of the list that stands so far in, which it begins
// where there is none.
func (w *walk) item(indent int) {
	for len(w.levels) > 1 && w.top().indent > indent {
		w.levels = w.levels[:len(w.levels)-1]
	}
	if l := w.top(); l.list && l.indent == indent {
		l.at++
		return
	}
	w.push(indent, true)
}

// mapping is the mapping that stands so far in.
func (w *walk) mapping(indent int) *level {
	for len(w.levels) > 1 && (w.top().indent > indent || w.top().indent == indent && w.top().list) {
		w.levels = w.levels[:len(w.levels)-1]
	}
	if l := w.top(); l.indent != indent {
		w.push(indent, false)
	}
	return w.top()
}

func (w *walk) push(indent int, list bool) {
	l := w.top()
	if len(w.spare) == 0 {
		w.spare = make([]node, 64)
	}
	n := &w.spare[0]
	w.spare = w.spare[1:]
	*n = node{parent: l.node, key: string(l.key), index: l.at, list: list}
	w.levels = append(w.levels, level{indent: indent, node: n})
}

// keyEnd is where the colon is that ends the key at rest's begin, -1 for none.
func keyEnd(rest []byte) int {
	i := 0
	if q := rest[0]; q == '"' || q == '\'' {
		i = stringEnd(rest, 1, q) + 1
	}
	for ; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == ':' && (i+1 == len(rest) || rest[i+1] == ' ' || rest[i+1] == '\t'):
			return i
		case c == '#' && i > 0 && rest[i-1] == ' ':
			return -1
		}
	}
	return -1
}

// value reads what stands behind a key or dash, and returns where the next line is.
func (w *walk) value(n *node, key []byte, index, from, to, indent int) int {
	if from >= to {
		return w.end + 1
	}
	switch c := w.text[from]; {
	case c == '|' || c == '>':
		end := w.blockEnd(indent)
		w.told(n, key, index, from, end)
		return end
	case c == '{' || c == '[':
		sub := &node{parent: n, key: string(key), index: index, list: c == '['}
		f := flowing{tracker: w.tracker, now: sub, to: len(w.text), p: from + 1}
		if sub.list {
			f.count = append(f.count, 0)
		}
		for f.p < f.to && (f.now != n) && !w.done(f.p) {
			f.step()
		}
		return w.nextLine(f.p)
	case c == '"' || c == '\'':
		end := from + 1
		for end < len(w.text) && w.text[end] != c {
			if w.text[end] == '\\' && c == '"' {
				end++
			}
			end++
		}
		end = max(min(end, from+maxScalar), min(to, w.end))
		w.told(n, key, index, from, end)
		return w.nextLine(end)
	}
	// a plain one may go on, or stand, in the lines that follow
	w.told(n, key, index, from, to)
	return w.end + 1
}

// told is scalar for one that a place or a name may stand in; most lines have neither.
func (w *walk) told(n *node, key []byte, index, from, to int) {
	if w.next < len(w.places) && w.places[w.next].Value < to || naming(key) {
		w.scalar(n, string(key), index, from, to)
	}
}

// maxScalar bounds a quoted scalar whose end is missing.
const maxScalar = 4 << 10

// nextLine is where the line behind text[at] begins.
func (w *walk) nextLine(at int) int {
	if at >= len(w.text) {
		return len(w.text)
	}
	if i := bytes.IndexByte(w.text[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(w.text)
}

// blockEnd is where the block ends whose head is in the line at hand, in an entry
// that stands so far in.
func (w *walk) blockEnd(indent int) int {
	at := min(w.end+1, len(w.text))
	for at < len(w.text) {
		line := w.text[at:w.nextLine(at)]
		n := 0
		for n < len(line) && line[n] == ' ' {
			n++
		}
		if len(bytes.TrimSpace(line)) > 0 && n <= indent {
			break
		}
		at += len(line)
	}
	return at
}
