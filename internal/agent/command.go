package agent

import (
	"path"
	"slices"
	"strings"
)

// printers are commands that print the files that they are given. One that only
// uses a file (source, docker compose --env-file) is none.
var printers = []string{
	"cat", "tac", "head", "tail", "less", "more", "bat", "batcat", "nl", "strings", "xxd", "od", "hexdump", "base64",
	"grep", "egrep", "fgrep", "rg", "ag", "awk", "gawk", "sed", "cut", "sort", "uniq", "column", "jq", "yq", "diff", "type", "Get-Content", "gc",
}

// wrappers are commands that run the one after them.
var wrappers = []string{"sudo", "command", "env", "nohup", "time", "exec", "busybox"}

// maxPrinted bounds the words of a command that are looked at as files.
const maxPrinted = 64

// printed are the words of a command that may be files that it prints. Words that
// are no files cost a look at the disk and nothing else.
func printed(command string) (files []string) {
	for _, words := range commands(command) {
		for len(words) > 0 && (slices.Contains(wrappers, words[0]) || assigns(words[0])) {
			words = words[1:]
		}
		if len(words) == 0 {
			continue
		}
		prints := slices.Contains(printers, path.Base(words[0]))
		for i, w := range words[1:] {
			from := words[i] == "<" && (prints || path.Base(words[0]) == "read")
			if (prints || from) && w != "<" && !strings.HasPrefix(w, "-") && len(files) < maxPrinted {
				files = append(files, w)
			}
		}
	}
	return files
}

func assigns(word string) bool {
	name, _, ok := strings.Cut(word, "=")
	return ok && name != "" && !strings.ContainsAny(name, "/.-")
}

// commands takes a command line apart as a shell would: into commands, and those
// into words. What a shell expands (globs, variables) stays as it is written, but
// what stands in $(…) and `…` is a command too, within double quotes as well.
func commands(line string) [][]string {
	var l lexer
	for _, r := range line {
		l.next(r)
	}
	l.endCommand()
	return l.all
}

// lexer is where in a command line we are.
type lexer struct {
	all     [][]string
	words   []string
	word    strings.Builder
	inWord  bool
	escaped bool
	quote   rune
	outer   []rune // the quotes around $(…), the innermost last
}

func (l *lexer) next(r rune) {
	switch {
	case l.escaped:
		l.add(r)
		l.escaped = false
	case r == '\\' && l.quote != '\'':
		l.escaped = true
	case l.quote != 0 && r == l.quote:
		l.quote = 0
	case l.quote == '\'' || l.quote == '"' && !strings.ContainsRune("`$(", r):
		l.add(r)
	case l.quote == 0 && (r == '\'' || r == '"'):
		l.quote, l.inWord = r, true
	case r == '(':
		l.endCommand()
		l.outer, l.quote = append(l.outer, l.quote), 0
	case r == ')':
		l.endCommand()
		if n := len(l.outer); n > 0 {
			l.quote, l.outer = l.outer[n-1], l.outer[:n-1]
		}
	case strings.ContainsRune("|&;\n{}`$", r):
		l.endCommand()
	case r == '<' || r == '>':
		l.endWord()
		l.words = append(l.words, string(r))
	case r == ' ' || r == '\t' || r == '\r':
		l.endWord()
	default:
		l.add(r)
	}
}

func (l *lexer) add(r rune) {
	l.word.WriteRune(r)
	l.inWord = true
}

func (l *lexer) endWord() {
	if l.inWord {
		l.words = append(l.words, l.word.String())
	}
	l.word.Reset()
	l.inWord = false
}

func (l *lexer) endCommand() {
	if l.endWord(); len(l.words) > 0 {
		l.all = append(l.all, l.words)
	}
	l.words = nil
}
