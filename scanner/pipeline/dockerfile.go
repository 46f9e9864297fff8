package pipeline

import (
	"bytes"
	"strconv"
	"strings"
)

// dockerfile is a Dockerfile by its instructions
// (https://docs.docker.com/reference/dockerfile/).
type dockerfile struct{ list []instruction }

// instruction is one, with the lines that it goes over and the stage that it is in.
type instruction struct {
	word, stage string
	first, last int // lines
}

// readDockerfile reads the instructions: lines, those that end with a backslash going
// on in the next, and here-documents.
func readDockerfile(f *File) layout {
	d, ahead := &dockerfile{}, maxAhead
	stage, stages := "", 0
	for n := 1; n <= len(f.lines); n++ {
		text := bytes.TrimSpace(f.line(n))
		if len(text) == 0 || text[0] == '#' {
			continue
		}
		words := strings.Fields(string(text))
		i := instruction{word: strings.ToUpper(words[0]), first: n, last: endOf(f, n, &ahead)}
		if i.word == "FROM" {
			stage = stageName(words, stages)
			stages++
		}
		i.stage = stage
		d.list = append(d.list, i)
		n = i.last
	}
	if len(d.list) == 0 {
		return nil
	}
	return d
}

// stageName is what FROM image AS name says, else the stage's number, as Docker counts.
func stageName(words []string, n int) string {
	for i := 1; i+1 < len(words); i++ {
		if strings.EqualFold(words[i], "AS") {
			return words[i+1]
		}
	}
	return strconv.Itoa(n)
}

// maxAhead bounds how many lines are looked at for ends of here-documents: a file of
// nothing but their beginnings would be gone over for each.
const maxAhead = 100_000

// endOf is the last line of the instruction that begins in a line.
func endOf(f *File, n int, ahead *int) int {
	if end := hereDocument(f, n, ahead); end > 0 {
		return end
	}
	for n < len(f.lines) {
		text := bytes.TrimSpace(f.line(n))
		if !bytes.HasSuffix(text, []byte{'\\'}) && !(len(text) > 0 && text[0] == '#') {
			break
		}
		n++
	}
	return n
}

// hereDocument is the line that ends one which begins in line n, 0 where none does.
func hereDocument(f *File, n int, ahead *int) int {
	_, after, found := bytes.Cut(f.line(n), []byte("<<"))
	after = bytes.TrimLeft(after, "-\"'")
	size := bytes.IndexFunc(after, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '_' && (r < '0' || r > '9')
	})
	if size < 0 {
		size = len(after)
	}
	if !found || size == 0 {
		return 0
	}
	word := after[:size]
	for end := n + 1; end <= len(f.lines) && *ahead > 0; end++ {
		*ahead--
		if bytes.Equal(bytes.TrimSpace(f.line(end)), word) {
			return end
		}
	}
	return 0
}

// at implements layout.
func (d *dockerfile) at(line, _ int, name string) spot {
	for _, i := range d.list {
		if i.first <= line && line <= i.last {
			return spot{Job: i.stage, Step: i.word, Variable: name, first: i.first, last: i.last}
		}
	}
	return spot{first: 1, last: line}
}
