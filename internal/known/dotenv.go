package known

import (
	"bytes"
	"fmt"
)

// Variable is one of a dotenv file. Its value is part of the file's bytes, or a copy
// where it has escapes.
type Variable struct {
	Name  string
	Value []byte
	Line  int
}

// Dotenv reads the variables of a dotenv file, in its order. There is no standard;
// these are the rules that the common readers share: NAME=value, `export` before it or
// not; # begins a comment at a line's begin and behind a blank; a value in double
// quotes may have line breaks and \n, \r, \t, \", \\ and \$, one in single quotes or
// backticks stands as it is; other values end with the line. References to other
// variables are not followed. An error names the line and shows nothing of it.
func Dotenv(text []byte) ([]Variable, error) {
	r := dotenv{text: bytes.TrimPrefix(text, []byte("\uFEFF")), line: 1}
	var list []Variable
	for len(r.text) > 0 {
		at := r.line
		name, ok := r.name()
		if !ok {
			r.rest()
			continue
		}
		value, err := r.value()
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", at, err)
		}
		list = append(list, Variable{name, value, at})
	}
	return list, nil
}

// dotenv is what is still to be read.
type dotenv struct {
	text []byte
	line int
}

// rest takes what is left of the line, without its end.
func (r *dotenv) rest() []byte {
	line, text, _ := bytes.Cut(r.text, []byte("\n"))
	r.text = text
	r.line++
	return bytes.TrimSuffix(line, []byte("\r"))
}

func (r *dotenv) blanks() { r.text = bytes.TrimLeft(r.text, " \t") }

// name takes a variable's name and the equals sign; else nothing.
func (r *dotenv) name() (string, bool) {
	s := bytes.TrimLeft(r.text, " \t")
	if after, ok := bytes.CutPrefix(s, []byte("export")); ok && len(after) > 0 && (after[0] == ' ' || after[0] == '\t') {
		s = bytes.TrimLeft(after, " \t")
	}
	n := 0
	for n < len(s) && (classes[s[n]]&inWord != 0 || s[n] == '.' || s[n] == '-') {
		n++
	}
	after := bytes.TrimLeft(s[n:], " \t")
	if n == 0 || len(after) == 0 || after[0] != '=' {
		return "", false
	}
	r.text = after[1:]
	return string(s[:n]), true
}

// value takes what stands behind the equals sign, and the rest of its line.
func (r *dotenv) value() ([]byte, error) {
	r.blanks()
	if len(r.text) > 0 && (r.text[0] == '"' || r.text[0] == '\'' || r.text[0] == '`') {
		return r.quoted(r.text[0])
	}
	line := r.rest()
	for i := range line {
		if line[i] == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
			line = line[:i]
			break
		}
	}
	return bytes.TrimRight(line, " \t"), nil
}

func (r *dotenv) quoted(mark byte) ([]byte, error) {
	escaped := false
	for i := 1; i < len(r.text); i++ {
		switch c := r.text[i]; {
		case c == '\\' && mark == '"':
			escaped = true
			i++
		case c == mark:
			value := r.text[1:i]
			r.line += bytes.Count(value, []byte("\n"))
			r.text = r.text[i+1:]
			r.rest()
			if escaped {
				value = unquoted(value)
			}
			return value, nil
		}
	}
	return nil, fmt.Errorf("a quote (%c) is opened and not closed", mark)
}

// unquoted takes the escapes out of a value in double quotes.
func unquoted(value []byte) []byte {
	out := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		c := value[i]
		if c == '\\' && i+1 < len(value) {
			switch next := value[i+1]; next {
			case 'n', 'r', 't':
				c = map[byte]byte{'n': '\n', 'r': '\r', 't': '\t'}[next]
				i++
			case '"', '\\', '$':
				c = next
				i++
			}
		}
		out = append(out, c)
	}
	return out
}
