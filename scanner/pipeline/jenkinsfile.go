package pipeline

import (
	"bytes"
	"strings"
)

// jenkinsfile is a Jenkinsfile by its braces
// (https://www.jenkins.io/doc/book/pipeline/syntax/). It is Groovy, of which any program
// may make one; what the declarative syntax and most scripted files write is read.
type jenkinsfile struct{ blocks []block }

// block is a { … }, and what stands before it: stage('Deploy'), environment, withEnv([…]).
type block struct {
	word, name  string // as stage, Deploy
	first, last int    // lines
	outer       int    // the block around it; -1
}

func readJenkinsfile(f *File) layout {
	r := braces{text: f.text, line: 1, open: -1}
	r.read()
	for i := range r.blocks { // what is not closed goes on to the end
		if r.blocks[i].last == 0 {
			r.blocks[i].last = len(f.lines)
		}
	}
	if len(r.blocks) == 0 {
		return nil
	}
	return &jenkinsfile{r.blocks}
}

// braces goes over a text's braces, but for those in strings and comments.
type braces struct {
	text   []byte
	blocks []block
	open   int // the innermost block, -1 outside of all
	line   int
	head   int // where begins what may stand before a brace
}

func (r *braces) read() {
	for i := 0; i < len(r.text); {
		switch c := r.text[i]; c {
		case '\'', '"', '/':
			end := i + opaque(r.text[i:])
			r.line += bytes.Count(r.text[i:end], []byte{'\n'})
			i = end
			continue
		case '{':
			r.begin(i)
		case '}':
			if r.open >= 0 {
				r.blocks[r.open].last, r.open = r.line, r.blocks[r.open].outer
			}
			r.head = i + 1
		case '\n':
			r.line++
		}
		i++
	}
}

// maxBlocks bounds how many there are in a file that people write.
const maxBlocks = 10_000

// begin opens the block of the brace at i.
func (r *braces) begin(i int) {
	if len(r.blocks) == maxBlocks {
		return
	}
	head := r.text[max(r.head, i-maxHead):i]
	b := block{first: r.line, outer: r.open}
	b.word, b.name = heading(head)
	if at := bytes.LastIndex(head, []byte(b.word)); at >= 0 {
		b.first -= bytes.Count(head[at:], []byte{'\n'})
	}
	r.blocks = append(r.blocks, b)
	r.open, r.head = len(r.blocks)-1, i+1
}

// maxHead is how far before a brace its words are looked for, in bytes: withEnv has
// them in a list of several lines.
const maxHead = 2 << 10

// blockWords are the blocks that are told of.
var blockWords = []string{"stage", "environment", "withEnv", "withCredentials", "withAWS", "steps", "script", "post", "node", "sshagent", "dir"}

// heading is the last word of blockWords that begins a line of head, or stands behind
// a bracket, and the string that follows it.
func heading(head []byte) (word, name string) {
	at := -1
	for _, w := range blockWords {
		if i := lastWord(head, w); i > at {
			at, word = i, w
		}
	}
	if at < 0 {
		return "", ""
	}
	rest := bytes.TrimLeft(head[at+len(word):], " \t(")
	if len(rest) > 0 && (rest[0] == '\'' || rest[0] == '"') {
		if end := bytes.IndexByte(rest[1:], rest[0]); end > 0 {
			name = string(rest[1 : end+1])
		}
	}
	return word, name
}

// lastWord is where w stands last in text as a word; -1.
func lastWord(text []byte, w string) int {
	for end := len(text); ; {
		i := bytes.LastIndex(text[:end], []byte(w))
		if i < 0 {
			return -1
		}
		before := i == 0 || !letter(text[i-1])
		if after := i + len(w); before && (after == len(text) || !letter(text[after])) {
			return i
		}
		end = i
	}
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' }

// opaque is how long the string or comment is that text begins with; 1: none does.
func opaque(text []byte) int {
	through := func(from int, end string) int {
		for i := from; i < len(text); i++ {
			if text[i] == '\\' && end != "*/" && end != "\n" {
				i++
				continue
			}
			if bytes.HasPrefix(text[i:], []byte(end)) {
				return i + len(end)
			}
			if text[i] == '\n' && len(end) == 1 && end != "\n" {
				return i // a quote that no other one closes in its line
			}
		}
		return len(text)
	}
	for _, quote := range []string{"'''", `"""`} {
		if bytes.HasPrefix(text, []byte(quote)) {
			return through(3, quote)
		}
	}
	switch {
	case text[0] == '\'' || text[0] == '"':
		return through(1, string(text[:1]))
	case bytes.HasPrefix(text, []byte("//")):
		return through(2, "\n") - 1
	case bytes.HasPrefix(text, []byte("/*")):
		return through(2, "*/")
	}
	return 1
}

// at implements layout.
func (j *jenkinsfile) at(line, _ int, name string) spot {
	inner := -1
	for i, b := range j.blocks { // outer blocks come before inner ones
		if b.first <= line && line <= b.last {
			inner = i
		}
	}
	s := spot{Variable: name, first: 1, last: line}
	var stages []string
	for i, depth := inner, 0; i >= 0 && depth < maxCrumbs; i, depth = j.blocks[i].outer, depth+1 {
		b := j.blocks[i]
		switch {
		case b.word == "stage":
			stages = append([]string{b.name}, stages...)
		case s.Step == "" && b.word != "steps" && b.word != "script":
			s.Step = b.word
		}
		if i == inner {
			s.first, s.last = b.first, b.last
		}
	}
	s.Job = strings.Join(stages, "/")
	return s
}
