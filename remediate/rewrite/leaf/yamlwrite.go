package leaf

import (
	"fmt"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

func encodeYAML(l Leaf, before, text, after string) (string, bool) {
	switch l.Quote {
	case Single:
		return strings.ReplaceAll(text, "'", "''"), printable(text)
	case Double:
		return yamlInner(text), true
	case Block:
		return text, printable(text) // one line, as deep as the one that it stands in
	}
	return text, printable(text) && plainYAML(l, before+text+after)
}

// printable tells whether text is one line of characters that need no escape.
func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// plainYAML tells whether raw reads as the same text without quotes.
func plainYAML(l Leaf, raw string) bool {
	if strings.ContainsAny(raw, "\r\n") {
		return false
	}
	shape := "k: %s\n"
	if l.Flow {
		shape = "k: {a: %s, b: [%[1]s]}\n"
	}
	var root yaml.Node
	if yaml.Unmarshal(fmt.Appendf(nil, shape, raw), &root) != nil {
		return false
	}
	node := root.Content[0].Content[1]
	if l.Flow {
		if len(node.Content) != 4 || len(node.Content[3].Content) != 1 {
			return false
		}
		node = node.Content[1]
	}
	return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!str" && node.Value == raw && node.Style == 0
}

func wholeYAML(_ Leaf, text string) (string, bool) { return `"` + yamlInner(text) + `"`, true }

// yamlInner is text within YAML's double quotes (YAML 1.2, 5.7).
func yamlInner(text string) string {
	var out strings.Builder
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			out.WriteByte('\\')
			out.WriteRune(r)
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\t':
			out.WriteString(`\t`)
		case unicode.IsPrint(r):
			out.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			fmt.Fprintf(&out, `\U%08x`, r)
		}
	}
	return out.String()
}

// hashComment tells whether column lies behind a # that begins a comment. It
// is asked only of bytes that no value holds.
func hashComment(line string, column int) bool {
	return strings.Contains(line[:min(column, len(line))], "#")
}
