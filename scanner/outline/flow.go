package outline

// flow goes over text[from:to] as JSON and its relatives are written: brackets,
// strings, names before a colon or an equals sign, comments. It returns where the
// bracket that it began with is closed, or to. root is what the text stands in.
func (t *tracker) flow(from, to int, root *node) int {
	f := flowing{tracker: t, now: root, to: to}
	for f.p = from; f.p < to; {
		if t.done(f.p) {
			return to
		}
		if f.step() && f.now == root {
			return f.p
		}
	}
	return to
}

// flowing is a walk through flow.
type flowing struct {
	*tracker
	now   *node
	key   string // the name that was read, until its value comes
	count []int  // the index in each list that is open
	p, to int
}

// step takes the next token; closed tells that it was a closing bracket.
func (f *flowing) step() (closed bool) {
	switch c := f.text[f.p]; {
	case c == '{' || c == '[':
		f.open(c == '[')
		f.p++
	case c == '}' || c == ']':
		f.close(c == ']')
		f.p++
		return true
	case c == ',':
		f.comma()
		f.p++
	case c == '"' || c == '\'' || c == '`':
		from := f.p + 1
		end := stringEnd(f.text[:f.to], from, c)
		f.p = min(end+1, f.to)
		f.word(from, end)
	case c == '#' || c == '/' && f.p+1 < f.to && (f.text[f.p+1] == '/' || f.text[f.p+1] == '*'):
		f.comment(c)
	case c <= ' ' || c == ':' || c == '=':
		f.p++
	default:
		from := f.p
		for f.p < f.to && !endsBare(f.text[f.p]) {
			f.p++
		}
		if f.p == from {
			f.p++
			return false
		}
		f.word(from, f.p)
	}
	return false
}

func endsBare(c byte) bool {
	switch c {
	case '{', '}', '[', ']', ',', '"', '\n', '\r', ':', '=':
		return true
	}
	return false
}

func (f *flowing) open(list bool) {
	n := &node{parent: f.now, key: f.key, list: list}
	if f.now.list && len(f.count) > 0 {
		n.index = f.count[len(f.count)-1]
	}
	f.now, f.key = n, ""
	if list {
		f.count = append(f.count, 0)
	}
}

// close goes back to what the bracket was opened in. One that fits nothing is left
// out.
func (f *flowing) close(list bool) {
	if f.now.parent == nil || f.now.list != list {
		return
	}
	if list && len(f.count) > 0 {
		f.count = f.count[:len(f.count)-1]
	}
	f.now, f.key = f.now.parent, ""
}

func (f *flowing) comma() {
	f.key = ""
	if f.now.list && len(f.count) > 0 {
		f.count[len(f.count)-1]++
	}
}

// word is a string or bare word: a name if a colon or an equals sign follows it.
func (f *flowing) word(from, to int) {
	i := f.p
	for i < f.to && (f.text[i] == ' ' || f.text[i] == '\t' || f.text[i] == '\r' || f.text[i] == '\n') {
		i++
	}
	if i < f.to && (f.text[i] == ':' || f.text[i] == '=') && f.key == "" && !f.now.list {
		f.key = string(trim(f.text[from:to]))
		f.p = i + 1
		return
	}
	index := 0
	if f.now.list && len(f.count) > 0 {
		index = f.count[len(f.count)-1]
	}
	f.scalar(f.now, f.key, index, from, to)
}

func (f *flowing) comment(c byte) {
	end := "\n"
	if c == '/' && f.text[f.p+1] == '*' {
		end = "*/"
	}
	f.p = after(f.text[:f.to], f.p+1, end)
}

// after is the offset behind the next mark in b from at on, else b's end.
func after(b []byte, at int, mark string) int {
	for i := at; i+len(mark) <= len(b); i++ {
		if string(b[i:i+len(mark)]) == mark {
			return i + len(mark)
		}
	}
	return len(b)
}

// stringEnd is where the quote is that ends a string; where none does on its line,
// the line's end.
func stringEnd(b []byte, from int, q byte) int {
	for i := from; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case q:
			return i
		case '\n':
			if q != '`' {
				return i
			}
		}
	}
	return len(b)
}

// trim takes white space and quotes off both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] <= ' ' || b[0] == '"' || b[0] == '\'') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] <= ' ' || b[len(b)-1] == '"' || b[len(b)-1] == '\'') {
		b = b[:len(b)-1]
	}
	return b
}
