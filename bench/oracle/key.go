package main

import (
	"fmt"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// key is what makes two findings the same.
type key struct {
	object  string // the id of what git stores, or of the object that a note is about
	inner   string // archive members within it
	rule    string
	span    leak.Span
	decoded string // encodings taken off
	id      string // the finding's, which stands for its value
}

func (k key) String() string {
	return fmt.Sprintf("%s %s %s bytes %d-%d %s %s", k.object, k.inner, k.rule, k.span.Start, k.span.End, k.decoded, k.id)
}

// keyOf is f's key; false where it stands in no object.
func keyOf(f *leak.Finding) (key, bool) {
	k := key{rule: f.Rule, span: f.Span, decoded: strings.Join(f.Decoded, " "), id: f.ID}
	switch p := f.Place.(type) {
	case leak.GitBlob:
		k.object, k.inner = p.Blob, strings.Join(p.Inner, "!/")
		return k, true
	case leak.GitMessage:
		k.object = p.What + " " + p.Object
		return k, p.What != "ref" && p.What != "reflog"
	}
	return k, false
}
