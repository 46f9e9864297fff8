package leaf

import (
	"bytes"
	"fmt"
	"strings"
)

// INI is what Python's configparser, AWS' and Git's configuration, .pypirc, my.cnf
// and systemd units share: sections, KEY=VALUE lines, comments. A value that
// holds a # or ; is quoted where the file's readers know quotes.
func INI() Syntax {
	d := lines{name: "ini", separators: "=:", sections: true, inline: true}
	return Syntax{Name: d.name, Parse: d.parse, Encode: d.encode, Whole: d.whole, Comment: lineComment}
}

// Properties is java.util.Properties: escapes by backslash, lines that a
// backslash continues, comments on lines of their own alone.
func Properties() Syntax {
	d := lines{name: "properties", separators: "=:", escapes: true}
	return Syntax{Name: d.name, Parse: d.parse, Encode: d.encode, Whole: d.whole, Comment: lineComment}
}

// NPMRC is npm's ini: no colon separates, as keys begin with //host/:.
func NPMRC() Syntax {
	d := lines{name: "npmrc", separators: "=", sections: true, inline: true}
	return Syntax{Name: d.name, Parse: d.parse, Encode: d.encode, Whole: d.whole, Comment: lineComment}
}

// lines is a format of one KEY=VALUE a line.
type lines struct {
	name       string
	separators string
	sections   bool
	inline     bool // " #" and " ;" end a value
	escapes    bool
}

func (d lines) parse(src []byte) ([]Leaf, error) {
	var leaves []Leaf
	var section Path
	for at := len(src) - len(bytes.TrimPrefix(src, []byte(bom))); at < len(src); {
		end := d.end(src, at)
		line := strings.TrimRight(string(src[at:end]), "\r\n")
		text := strings.TrimSpace(line)
		switch {
		case text == "" || strings.IndexByte("#;!", text[0]) >= 0:
		case d.sections && text[0] == '[':
			name, _, closed := strings.Cut(text[1:], "]")
			if !closed {
				return nil, fmt.Errorf("read %s: line %d: a section does not end", d.name, 1+bytes.Count(src[:at], []byte("\n")))
			}
			section = Path(nil).Child("[" + name + "]")
		default:
			leaves = append(leaves, d.leaf(section, len(leaves), at, line))
		}
		at = end
	}
	return leaves, nil
}

// end is where the logical line that begins at at ends, its break included.
func (d lines) end(src []byte, at int) int {
	for {
		end := lineEnd(src, at)
		line := bytes.TrimSuffix(src[at:end], []byte("\r"))
		if end = min(end+1, len(src)); end == len(src) || !d.escapes {
			return end
		}
		if slashes := len(line) - len(bytes.TrimRight(line, `\`)); slashes%2 == 0 || strings.HasPrefix(strings.TrimSpace(string(line)), "#") {
			return end
		}
		at = end
	}
}

// leaf reads a line. One without a separator (a flag, a continued value) is a
// leaf without a place for a reference, so that it is compared.
func (d lines) leaf(section Path, n, at int, line string) Leaf {
	i := d.separator(line)
	if i < 0 {
		return Leaf{Path: section.Child(fmt.Sprintf("line %d", n)), Kind: "empty", Value: line, Start: at, End: at + len(line)}
	}
	key := strings.TrimSpace(line[:i])
	value := line[i+1:]
	start := at + i + 1 + len(value) - len(strings.TrimLeft(value, " \t"))
	value = strings.Trim(value, " \t")
	l := Leaf{Path: section.Child(key), Kind: "string", Value: value, Start: start}
	if q := quoteOf(value); q != 0 && !d.escapes {
		if end := strings.IndexByte(value[1:], q); end >= 0 && d.ends(value[end+2:]) {
			l.Value, l.End, l.Quote = value[1:end+1], start+end+2, Double
			if q == '\'' {
				l.Quote = Single
			}
			return l
		}
	}
	if d.inline {
		for _, mark := range []string{" #", " ;", "\t#", "\t;"} {
			if i := strings.Index(value, mark); i >= 0 {
				value = strings.TrimRight(value[:i], " \t")
			}
		}
	}
	l.Value, l.End = value, start+len(value)
	return l
}

// ends tells whether rest of a line is white space or a comment.
func (d lines) ends(rest string) bool {
	rest = strings.TrimSpace(rest)
	return rest == "" || d.inline && strings.IndexByte("#;", rest[0]) >= 0
}

func quoteOf(value string) byte {
	if value != "" && (value[0] == '"' || value[0] == '\'') {
		return value[0]
	}
	return 0
}

// separator is the place of the first separator, or of the white space that is
// one in properties; -1 where there is none.
func (d lines) separator(line string) int {
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && d.escapes:
			i++
		case strings.IndexByte(d.separators, c) >= 0:
			return i
		case d.escapes && (c == ' ' || c == '\t') && strings.TrimSpace(line[:i]) != "" && !strings.ContainsAny(firstWord(line[i:]), d.separators):
			return i
		}
	}
	return -1
}

// firstWord is the first character behind white space.
func firstWord(s string) string {
	s = strings.TrimLeft(s, " \t")
	return s[:min(1, len(s))]
}

func (d lines) encode(l Leaf, before, text, after string) (string, bool) {
	if !printable(text) || strings.ContainsAny(text, "\"' \\") {
		return "", false
	}
	return text, l.Quote != Plain || d.escapes || !strings.ContainsAny(before+text+after, "\"'") // as it is
}

func (d lines) whole(_ Leaf, text string) (string, bool) { return text, false }

// lineComment tells whether the line is a comment, or the column is behind one.
func lineComment(line string, column int) bool {
	return strings.ContainsAny(line[:min(column, len(line))], "#;!")
}
