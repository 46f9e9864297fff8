// Package dockerfile takes values out of a build: an ENV or ARG that carries one
// is dropped, the RUN steps that read it get it as a build secret, which no layer
// and no history keeps, and what runs gets it from its environment.
//
// Limit: here-documents, the exec form, and instructions other than ENV, ARG and
// RUN are left to a person.
package dockerfile

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
)

// instruction is one, with its continued lines.
type instruction struct {
	word       string // upper case
	start, end int    // whole lines, the last break included
	args       int    // where what follows the word begins
	stage      int
}

var (
	directive = regexp.MustCompile("(?i)^#[ \t]*escape[ \t]*=[ \t]*([`\\\\])")
	heredoc   = regexp.MustCompile(`<<-?["']?([A-Za-z_][A-Za-z0-9_]*)["']?`)
	wordShape = regexp.MustCompile(`^[ \t]*([A-Za-z]+)[ \t]+`)
)

// parse splits src into instructions, as docs.docker.com/reference/dockerfile has it.
func parse(src []byte) ([]instruction, error) {
	escape := "\\"
	if m := directive.FindSubmatch(src); m != nil {
		escape = string(m[1])
	}
	var all []instruction
	stage := -1
	for at := len(src) - len(bytes.TrimPrefix(src, []byte("\ufeff"))); at < len(src); {
		text := strings.TrimSpace(string(src[at:lineEnd(src, at)]))
		if text == "" || text[0] == '#' {
			at = lineEnd(src, at)
			continue
		}
		m := wordShape.FindSubmatchIndex(src[at:])
		if m == nil {
			return nil, errors.New("a line begins with no instruction")
		}
		i := instruction{word: strings.ToUpper(string(src[at+m[2] : at+m[3]])), start: at, args: at + m[1]}
		i.end = instructionEnd(src, at, escape)
		if i.word == "FROM" {
			stage++
		}
		i.stage = stage
		all = append(all, i)
		at = i.end
	}
	if len(all) == 0 {
		return nil, errors.New("there is no instruction")
	}
	return all, nil
}

// lineEnd is behind the break of the line that holds at.
func lineEnd(src []byte, at int) int {
	if i := bytes.IndexByte(src[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(src)
}

// instructionEnd goes over continued lines, comments among them, and
// here-documents.
func instructionEnd(src []byte, at int, escape string) int {
	first, end := true, at
	for end < len(src) {
		next := lineEnd(src, end)
		line := strings.TrimRight(string(src[end:next]), " \t\r\n")
		comment := !first && strings.HasPrefix(strings.TrimSpace(line), "#")
		end, first = next, false
		if !comment && line != "" && !strings.HasSuffix(line, escape) {
			break
		}
	}
	for _, m := range heredoc.FindAllSubmatch(src[at:end], -1) {
		for end < len(src) {
			line := strings.TrimSpace(string(src[end:lineEnd(src, end)]))
			end = lineEnd(src, end)
			if line == string(m[1]) {
				break
			}
		}
	}
	return end
}

// pair is a NAME=VALUE of ENV or ARG.
type pair struct {
	name       string
	start, end int // of the whole
	value      int // where the value begins; end where there is none
}

// pairs reads what follows ENV or ARG. The old form ENV NAME VALUE is one pair.
func (i instruction) pairs(src []byte) (all []pair) {
	for at := i.args; at < i.end; {
		switch c := src[at]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			at++
		case c == '#' && onlySpaceBefore(src, at):
			at = lineEnd(src, at)
		case (c == '\\' || c == '`') && strings.TrimSpace(string(src[at+1:min(lineEnd(src, at), i.end)])) == "":
			at = lineEnd(src, at)
		default:
			p := pair{start: at}
			p.end = tokenEnd(src, at, i.end)
			name, _, has := strings.Cut(string(src[at:p.end]), "=")
			p.name, p.value = name, p.end
			if has {
				p.value = at + len(name) + 1
			} else if i.word == "ENV" && len(all) == 0 {
				return i.oldForm(src, p)
			}
			all = append(all, p)
			at = p.end
		}
	}
	return all
}

func (i instruction) oldForm(src []byte, p pair) []pair {
	rest := string(src[p.end:i.end])
	p.value = p.end + len(rest) - len(strings.TrimLeft(rest, " \t"))
	p.end += len(strings.TrimRight(rest, " \t\r\n"))
	return []pair{p}
}

func onlySpaceBefore(src []byte, at int) bool {
	return strings.TrimSpace(string(src[bytes.LastIndexByte(src[:at], '\n')+1:at])) == ""
}

// tokenEnd is where a word ends, with its quotes.
func tokenEnd(src []byte, at, limit int) int {
	quote := byte(0)
	for ; at < limit; at++ {
		switch c := src[at]; {
		case c == '\\' && quote != '\'' && at+1 < limit && src[at+1] != '\n' && src[at+1] != '\r':
			at++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			return at
		}
	}
	return at
}
