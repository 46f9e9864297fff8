package podsource

import (
	"bytes"
	"encoding/base64"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
)

// encoded writes what a Secret's field decodes to. What is no text is left to the
// engine, which decodes what it can.
func (o *writer) encoded(n *node, at *way) {
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(n.text))
	if err != nil {
		o.scalar(n, at, n.key, named)
		return
	}
	if o.helm && n.key == "release" && o.release(plain, at) {
		return
	}
	inner := *n
	inner.line = 0 // the text stands nowhere as it is here
	inner.text = string(plain)
	if !utf8.Valid(plain) {
		o.file(&inner, at, n.key)
		return
	}
	o.scalar(&inner, at, n.key, named)
}

// maxRelease bounds what a Helm release unpacks to, in bytes. A Secret holds a
// megabyte, and charts are text.
const maxRelease = 64 << 20

// release unpacks a Helm release: base64 of a gzipped JSON document, in which the
// rendered manifest, the values and the chart's own are
// (https://helm.sh/docs/topics/kubernetes_apis/, pkg/storage/driver).
func (o *writer) release(text []byte, at *way) bool {
	zipped, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return false
	}
	z, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return false
	}
	plain, err := io.ReadAll(io.LimitReader(z, maxRelease))
	if err != nil {
		return false
	}
	root, err := parseJSON(document{plain, 1}, &o.nodes)
	if err != nil {
		return false
	}
	forget(root)
	for _, part := range []string{"config", "chart", "info"} {
		if n := root.field(part); n != nil {
			o.value(n, o.field(at, part), part, named)
		}
	}
	o.inner(root.string("manifest"), o.field(at, "manifest"))
	hooks := kids(root.field("hooks"))
	for i := range hooks {
		o.inner(hooks[i].string("manifest"), o.field(o.element(o.field(at, "hooks"), i), "manifest"))
	}
	return true
}

// nested writes the object that is kept in an annotation.
func (o *writer) nested(n *node, at *way) { o.inner(n.text, at) }

// maxInner bounds objects in objects.
const maxInner = 3

// inner writes the objects of a text in a field, at paths below that field.
func (o *writer) inner(text string, at *way) {
	if text == "" {
		return
	}
	if o.depth == maxInner {
		o.scalar(&node{text: text}, at, "manifest.yaml", named)
		return
	}
	o.depth++
	defer func() { o.depth-- }()
	secret, helm := o.secret, o.helm
	defer func() { o.secret, o.helm = secret, helm }()
	for _, doc := range documents([]byte(text)) {
		root, err := parse(doc, &o.nodes)
		if err != nil {
			o.file(&node{text: string(doc.text)}, at, "manifest.yaml")
			continue
		}
		if root == nil {
			continue
		}
		forget(root)
		o.secret, o.helm = root.string("kind") == "Secret", false
		for i := range root.kids {
			o.innerField(&root.kids[i], at)
		}
	}
}

// innerField is a field of an inner object: data of a Secret is known by its own
// path, not by that of the annotation around it.
func (o *writer) innerField(k *node, at *way) {
	if k.key != "data" || !o.secret {
		o.value(k, o.field(at, k.key), k.key, named)
		return
	}
	for i := range k.kids {
		d := &k.kids[i]
		o.encoded(d, o.field(o.field(at, "data"), d.key))
	}
}

func kids(n *node) []node {
	if n == nil {
		return nil
	}
	return n.kids
}
