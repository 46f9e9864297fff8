package beside

import (
	"bytes"

	"github.com/oakum-sec/oakum/rules/assign"
)

// Near finds the facts beside the value text[value[0]:value[1]], which stands under
// the name text[key[0]:key[1]].
func Near(text []byte, key, value [2]int) (f Facts) {
	low, high := max(0, value[0]-Reach), min(len(text), value[1]+Reach)
	if key[0] < low || key[1] > high || key[1] <= key[0] {
		return f
	}
	v := view{text: text[low:high], key: shift(key, low), value: shift(value, low)}
	v.secret = v.text[v.value[0]:v.value[1]]
	forward := v.key[1] <= v.value[0]
	if forward {
		v.connection(&f)
		v.arguments(&f)
	}
	v.neighbours(&f)
	if forward {
		v.statement(&f)
	}
	v.options(&f)
	return f
}

func shift(s [2]int, by int) [2]int { return [2]int{s[0] - by, s[1] - by} }

// view is a stretch of text with a value in it.
type view struct {
	text       []byte
	key, value [2]int
	secret     []byte
}

// heads are the beginnings of the words in names, by which they are looked for, by
// their first byte.
var heads = func() (h [256][]string) {
	for _, word := range []string{"user", "usr", "uid", "login", "host", "server", "addr", "endpoint", "database", "db", "account", "tenant", "name"} {
		h[word[0]] = append(h[word[0]], word)
		h[word[0]-'a'+'A'] = append(h[word[0]-'a'+'A'], word)
	}
	return h
}()

// neighbours reads the assignments round the value whose names belong to its name,
// nearer ones first. The assignment matcher's reader knows how they are written.
func (v *view) neighbours(f *Facts) {
	stem := stem(v.text[v.key[0]:v.key[1]])
	if i := bytes.LastIndexByte(v.text[v.key[0]:v.key[1]], '.'); i >= 0 && hasFold(v.text[v.key[0]+i+1:v.key[1]], "set") {
		stem = "" // ds.setPassword
	}
	var best [kinds]int
	for k := range f {
		if f[k] != "" {
			best[k] = -1 // known, and nearer than anything
		}
	}
	for i := 0; i < len(v.text); i++ {
		for _, head := range heads[v.text[i]] {
			if !hasFold(v.text[i:], head) {
				continue
			}
			end := nameEnd(v.text, i+len(head))
			if k, ok := named(v.text[nameBegin(v.text, i):end], stem); ok && best[k] >= 0 {
				v.neighbour(f, &best[k], k, i, end)
			}
			i = end - 1
			break
		}
	}
}

// neighbour reads what is assigned to the name of kind k that ends at end, and keeps
// it if it is nearer than what is known.
func (v *view) neighbour(f *Facts, best *int, k Kind, at, end int) {
	a, ok := assign.Parse(v.text, at, end)
	if !ok || a.Key[0] == v.key[0] || a.Value[0] < v.value[1] && v.value[0] < a.Value[1] {
		return
	}
	d := v.distance(a.Key, a.Value)
	if *best != 0 && d >= *best || !v.together(a.Key, a.Value) || a.Op == assign.Space && !v.oneStatement(a.Key) {
		return
	}
	if fact := a.Plain(v.text); fit(fact, v.secret) {
		*best, f[k] = d, string(fact)
	}
}

// nameBegin and nameEnd are the ends of the name that text[at] is in.
func nameBegin(text []byte, at int) int {
	for low := max(0, at-maxFact); at > low && nameByte(text[at-1]); at-- {
	}
	return at
}

func nameEnd(text []byte, at int) int {
	for high := min(len(text), at+maxFact); at < high && nameByte(text[at]); at++ {
	}
	return at
}

func nameByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.'
}

// hasFold tells whether b begins with word, which is in lower case, in any case.
func hasFold(b []byte, word string) bool {
	if len(b) < len(word) {
		return false
	}
	for i := range len(word) {
		if c := b[i]; c != word[i] && (c < 'A' || c > 'Z' || c+'a'-'A' != word[i]) {
			return false
		}
	}
	return true
}

// distance is how many bytes lie between an assignment and the value's.
func (v *view) distance(key, value [2]int) int {
	from, to := min(key[0], value[0]), max(key[1], value[1])
	return 1 + max(0, v.key[0]-to, from-v.value[1])
}

// together tells whether an assignment stands in the same block as the value's: no
// blank line lies between them, no bracket or tag that holds one of them alone, and
// their lines are indented alike.
func (v *view) together(key, value [2]int) bool {
	from, to := max(key[1], value[1]), min(v.key[0], v.value[0])
	if key[0] > v.key[0] {
		from, to = max(v.key[1], v.value[1]), min(key[0], value[0])
	}
	if from > to {
		return true // within each other's lines
	}
	between := bytes.ReplaceAll(v.text[from:to], []byte("\\\n"), []byte(" "))
	if bytes.IndexByte(between, '\n') < 0 {
		return balanced(between)
	}
	return !blankLine(between) && balanced(between) && v.indent(key[0]) == v.indent(v.key[0])
}

// oneStatement tells whether no semicolon stands between a name and the value's.
func (v *view) oneStatement(key [2]int) bool {
	from, to := min(key[0], v.key[0]), max(key[0], v.key[0])
	return bytes.IndexByte(v.text[from:to], ';') < 0
}

// balanced tells whether no bracket, and no tag but the first one's own, ends or
// begins in b that has not its other half there.
func balanced(b []byte) bool {
	depth, tags := 0, 1
	for i, c := range b {
		switch c {
		case '{', '(', '[':
			depth++
		case '}', ')', ']':
			depth--
		case '<':
			if i+1 < len(b) && b[i+1] == '/' {
				tags--
			} else if i+1 < len(b) && b[i+1] != '!' {
				tags++
			}
		case '/':
			if i+1 < len(b) && b[i+1] == '>' {
				tags--
			}
		}
		if depth < 0 && c != ']' || depth < -1 || tags < -1 {
			return false
		}
	}
	return depth <= 0 || depth == 1 && len(b) < 8
}

func blankLine(b []byte) bool {
	for {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			return false
		}
		b = b[i+1:]
		if j := bytes.IndexByte(b, '\n'); j >= 0 && len(bytes.TrimSpace(b[:j])) == 0 {
			return true
		}
		if line := bytes.TrimSpace(b); len(line) > 0 && line[0] == '[' {
			return true // a section begins
		}
	}
}

// indent is how far in the line is that text[at] stands on; a list's dash counts.
func (v *view) indent(at int) int {
	begin := bytes.LastIndexByte(v.text[:at], '\n') + 1
	n := 0
	for begin+n < at && (v.text[begin+n] == ' ' || v.text[begin+n] == '\t' || v.text[begin+n] == '-') {
		n++
	}
	return n
}
