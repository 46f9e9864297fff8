package leaf

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// TOML reads positions from go-toml's parser, and compares by its decoder.
func TOML() Syntax {
	return Syntax{Name: "toml", Parse: parseTOML, Check: checkTOML, Encode: encodeTOML, Whole: wholeTOML, Comment: hashComment}
}

type tomlReader struct {
	p      unstable.Parser
	skip   int            // bytes of a byte order mark
	lists  map[string]int // how many elements a list of tables has so far
	leaves []Leaf
}

func parseTOML(src []byte) ([]Leaf, error) {
	text := bytes.TrimPrefix(src, []byte(bom))
	r := &tomlReader{skip: len(src) - len(text), lists: map[string]int{}}
	r.p.Reset(text)
	var table Path
	for r.p.NextExpression() {
		switch e := r.p.Expression(); e.Kind {
		case unstable.Table:
			table = r.resolve(e.Key())
		case unstable.ArrayTable:
			table = r.resolve(e.Key())
			if last := table[len(table)-1]; strings.HasPrefix(last, "[") {
				table = table[:len(table)-1] // resolve went into the element before
			}
			n := r.lists[table.String()]
			r.lists[table.String()] = n + 1
			table = table.Index(n)
		case unstable.KeyValue:
			r.keyValue(table, e)
		}
	}
	if err := r.p.Error(); err != nil {
		return nil, fmt.Errorf("read TOML: %w", err)
	}
	return r.leaves, nil
}

// resolve is a header's path: through a list of tables it means the last one.
func (r *tomlReader) resolve(keys unstable.Iterator) (p Path) {
	for keys.Next() {
		p = p.Child(string(keys.Node().Data))
		if n := r.lists[p.String()]; n > 0 {
			p = p.Index(n - 1)
		}
	}
	return p
}

func (r *tomlReader) keyValue(at Path, n *unstable.Node) {
	for keys := n.Key(); keys.Next(); {
		at = at.Child(string(keys.Node().Data))
	}
	r.value(at, n.Value())
}

func (r *tomlReader) value(at Path, n *unstable.Node) {
	switch n.Kind {
	case unstable.InlineTable:
		for children := n.Children(); children.Next(); {
			if child := children.Node(); child.Kind == unstable.KeyValue {
				r.keyValue(at, child)
			}
		}
		return
	case unstable.Array:
		i := 0
		for children := n.Children(); children.Next(); {
			if child := children.Node(); child.Kind != unstable.Comment {
				r.value(at.Index(i), child)
				i++
			}
		}
		return
	}
	start := r.skip + int(n.Raw.Offset)
	l := Leaf{Path: at, Kind: "string", Value: string(n.Data), Start: start, End: start + int(n.Raw.Length), Quote: Plain}
	switch raw := string(r.p.Raw(n.Raw)); {
	case n.Kind != unstable.String:
		l.Kind = "number"
	case strings.HasPrefix(raw, `"""`):
		l.Quote = BlockD
	case strings.HasPrefix(raw, `'''`):
		l.Quote = BlockS
	case strings.HasPrefix(raw, `"`):
		l.Quote = Double
	default:
		l.Quote = Single
	}
	r.leaves = append(r.leaves, l)
}

func checkTOML(src []byte) ([]Leaf, error) {
	var root map[string]any
	if err := toml.Unmarshal(bytes.TrimPrefix(src, []byte(bom)), &root); err != nil {
		return nil, fmt.Errorf("read TOML: %w", err)
	}
	var leaves []Leaf
	walk(nil, root, &leaves)
	return leaves, nil
}

// walk lists decoded values in the order of their keys.
func walk(p Path, v any, leaves *[]Leaf) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			walk(p.Child(key), v[key], leaves)
		}
		if len(v) == 0 {
			*leaves = append(*leaves, Leaf{Path: p, Kind: "empty", Value: "{}"})
		}
	case []any:
		for i, item := range v {
			walk(p.Index(i), item, leaves)
		}
		if len(v) == 0 {
			*leaves = append(*leaves, Leaf{Path: p, Kind: "empty", Value: "[]"})
		}
	default:
		*leaves = append(*leaves, Leaf{Path: p, Kind: fmt.Sprintf("%T", v), Value: fmt.Sprint(v)})
	}
}

func encodeTOML(l Leaf, _, text, _ string) (string, bool) {
	switch l.Quote {
	case Single, BlockS:
		return text, printable(text) && !strings.Contains(text, "'")
	case Double, BlockD:
		return tomlInner(text), true
	}
	return "", false
}

func wholeTOML(_ Leaf, text string) (string, bool) { return `"` + tomlInner(text) + `"`, true }

// tomlInner is text within TOML's basic strings.
func tomlInner(text string) string {
	var out strings.Builder
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			out.WriteString(`\` + string(r))
		case unicode.IsPrint(r):
			out.WriteRune(r)
		default:
			fmt.Fprintf(&out, `\U%08X`, r)
		}
	}
	return out.String()
}
