package rewrite

import (
	"bytes"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rewrite/change"
	"github.com/oakum-sec/oakum/remediate/rewrite/leaf"
)

// data is a file of values, of which a leaf becomes a reference.
func data(s leaf.Syntax, style change.Style) format {
	return format{name: s.Name, one: dataOne(s, style), check: leafCheck(s)}
}

func leafCheck(s leaf.Syntax) func(src, out []byte, c change.Change) error {
	return func(src, out []byte, c change.Change) error {
		before, err := s.Leaves(src)
		if err != nil {
			return err
		}
		after, err := s.Leaves(out)
		if err != nil {
			return err
		}
		return leaf.Equal(before, after, c.Touched)
	}
}

func dataOne(s leaf.Syntax, style change.Style) func(src []byte, e Edit) (change.Change, *Refusal) {
	return func(src []byte, e Edit) (change.Change, *Refusal) {
		leaves, err := s.Parse(src)
		if err != nil {
			return change.Change{}, change.Refuse(change.Unparsable, "the file does not read as %s: %v", s.Name, err)
		}
		l, ok := leaf.At(leaves, e.Span)
		if !ok {
			return change.Change{}, noLeaf(s, src, e.Span)
		}
		if strings.HasPrefix(l.Kind, "!") {
			return change.Change{}, change.Refuse(change.NoPlace, "%s has the tag %s, which reads no reference", l.Path.Show(), l.Kind)
		}
		if e.Style == change.Auto {
			e.Style = style
		}
		text := referenceText(src, l, e)
		splice, no := s.Replace(src, l, e.Span, text)
		if no != nil {
			return change.Change{}, no
		}
		return change.Change{
			Splices: []change.Splice{splice},
			Touched: []change.Touch{{Path: l.Path.String(), Holds: text}},
			Needs:   []Need{needOf(e)},
		}, nil
	}
}

// referenceText is what stands for the value: with its end marked where more of
// the same value follows.
func referenceText(src []byte, l leaf.Leaf, e Edit) string {
	if e.Style == change.Environment {
		return "${" + e.Name + "}"
	}
	after := strings.TrimSpace(string(src[e.Span.End:max(int64(l.End), e.Span.End)]))
	if strings.Trim(after, "'\"`") == "" {
		return e.Ref.String()
	}
	return e.Ref.Embedded()
}

func needOf(e Edit) Need {
	if e.Style == change.Environment {
		return Need{Kind: change.NeedEnvironment, Name: e.Name, Ref: e.Ref}
	}
	return Need{Kind: change.NeedRun, Name: e.Name, Ref: e.Ref}
}

// noLeaf says why a span is no value.
func noLeaf(s leaf.Syntax, src []byte, span leak.Span) *Refusal {
	start := bytes.LastIndexByte(src[:span.Start], '\n') + 1
	end := len(src)
	if i := bytes.IndexByte(src[start:], '\n'); i >= 0 {
		end = start + i
	}
	if s.Comment != nil && s.Comment(string(src[start:end]), int(span.Start)-start) {
		return change.Refuse(change.InComment, "the value stands in a comment, which nothing reads: delete it there")
	}
	return change.Refuse(change.InName, "the value is not what a key holds (it is a key, or reaches over several values): change it by hand")
}
