package code

import (
	"bytes"
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// scan is a tokenizer's place in a text.
type scan struct {
	src    []byte
	at     int
	tokens []token
}

func (s *scan) add(k kind, end int) {
	s.tokens = append(s.tokens, token{k, s.at, end})
	s.at = end
}

// starts tells whether the rest begins with one of the words, and which.
func (s *scan) starts(words ...string) (string, bool) {
	for _, w := range words {
		if bytes.HasPrefix(s.src[s.at:], []byte(w)) {
			return w, true
		}
	}
	return "", false
}

// last is the token before, comments apart.
func (s *scan) last() (token, bool) {
	for i := len(s.tokens) - 1; i >= 0; i-- {
		if s.tokens[i].kind != comment {
			return s.tokens[i], true
		}
	}
	return token{}, false
}

func (s *scan) lineComment() {
	end := bytes.IndexAny(s.src[s.at:], "\r\n")
	if end < 0 {
		end = len(s.src) - s.at
	}
	s.add(comment, s.at+end)
}

func (s *scan) blockComment() error {
	end := bytes.Index(s.src[s.at+2:], []byte("*/"))
	if end < 0 {
		return fmt.Errorf("byte %d: the comment does not end", s.at)
	}
	s.add(comment, s.at+2+end+2)
	return nil
}

var errNoEnd = errors.New("the string does not end")

// quoted is where the literal ends whose content begins at at: behind close.
// Unless long, it may not reach over a line's end without a backslash.
func (s *scan) quoted(at int, close string, long, raw bool) (int, error) {
	for i := at; i < len(s.src); i++ {
		switch c := s.src[i]; {
		case c == '\\' && (!raw || i+1 < len(s.src)):
			if i++; i < len(s.src) && s.src[i] == '\r' && i+1 < len(s.src) && s.src[i+1] == '\n' {
				i++
			}
		case bytes.HasPrefix(s.src[i:], []byte(close)):
			return i + len(close), nil
		case !long && (c == '\n' || c == '\r'):
			return 0, errNoEnd
		}
	}
	return 0, errNoEnd
}

// word takes an identifier, a keyword or a number.
func (s *scan) word() bool {
	end := s.at
	for end < len(s.src) {
		r, size := utf8.DecodeRune(s.src[end:])
		if r != '_' && r != '$' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) {
			break
		}
		end += size
	}
	if end == s.at {
		return false
	}
	s.add(word, end)
	return true
}

// space goes over white space and a byte order mark, not over line ends unless
// lines is set.
func (s *scan) space(lines bool) bool {
	r, size := utf8.DecodeRune(s.src[s.at:])
	if r == '\ufeff' || unicode.IsSpace(r) && (lines || r != '\n' && r != '\r') {
		s.at += size
		return true
	}
	return false
}

// other takes one character of anything else.
func (s *scan) other() {
	_, size := utf8.DecodeRune(s.src[s.at:])
	s.add(mark, s.at+size)
}
