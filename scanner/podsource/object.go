package podsource

import (
	"bytes"
	"context"
	"io"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// Object is one Kubernetes object, as JSON or YAML. It is for those that have an
// object and no file: a webhook.
func Object(text []byte, yield func(scanner.Blob, error) bool) error {
	root, err := parse(document{text, 1}, new(slab[node]))
	if err != nil {
		return err
	}
	forget(root)
	if root != nil {
		objects("", root, Limits{}, newWriter, yield)
	}
	return nil
}

// forget takes away lines: what came over a wire has none.
func forget(n *node) {
	if n == nil {
		return
	}
	n.line, n.column = 0, 0
	for i := range n.kids {
		forget(&n.kids[i])
	}
}

// objects yields an object, or those of a List, each written by the writer that next gives.
func objects(file string, root *node, limits Limits, next func() *writer, yield func(scanner.Blob, error) bool) bool {
	items := root.field("items")
	if root.kind == list {
		items = root
	}
	if items == nil || items.kind != list || root.kind == mapping && !strings.HasSuffix(root.string("kind"), "List") {
		return next().object(file, root, limits, yield)
	}
	for i := range items.kids {
		if !next().object(file, &items.kids[i], limits, yield) {
			return false
		}
	}
	return true
}

// writer puts an object's fields side by side in one text, and what is a text of
// its own apart.
type writer struct {
	at           leak.ObjectField
	secret, helm bool
	text         bytes.Buffer
	fields       []fieldText
	apart        []scanner.Blob
	depth        int // objects in objects
	ways         slab[way]
	nodes        slab[node] // of objects in objects
}

func newWriter() *writer { return &writer{} }

// fieldText is where in the text a field stands.
type fieldText struct {
	at           *way
	start, value int // of its name, and of what it says
	line, column int32
}

// object yields the texts of one object.
func (o *writer) object(file string, root *node, limits Limits, yield func(scanner.Blob, error) bool) bool {
	meta := root.field("metadata")
	o.at = leak.ObjectField{
		File: file, Object: strings.TrimPrefix(root.string("apiVersion")+"/"+root.string("kind"), "/"),
		Namespace: meta.string("namespace"), Name: meta.string("name"),
	}
	if o.at.Name == "" {
		o.at.Name = meta.string("generateName")
	}
	if o.at.Object == "" {
		o.at.Object = "document"
	}
	o.secret = root.string("kind") == "Secret"
	o.helm = o.secret && !limits.NoUnpack && root.string("type") == "helm.sh/release.v1"
	values, size := root.weigh()
	o.fields = slices.Grow(o.fields, values)
	o.text.Grow(size)
	o.value(root, nil, "", named)
	for _, b := range o.blobs() {
		if !yield(b, nil) {
			return false
		}
	}
	return true
}

func (o *writer) blobs() []scanner.Blob {
	if len(o.fields) == 0 {
		return o.apart
	}
	b := textBlob(o.at, o.text.Bytes())
	at, fields := o.at, o.fields
	b.Part = func(offset int64) scanner.Part {
		i := sort.Search(len(fields), func(i int) bool { return int64(fields[i].start) > offset }) - 1
		f := fields[max(i, 0)]
		at.Field = f.at.String()
		return scanner.Part{Place: at, Begin: int64(f.value), Line: int(f.line), Column: int(f.column)}
	}
	return append([]scanner.Blob{b}, o.apart...)
}

// manner is how a value stands in the text: under its name, or bare, where the name
// says what it refers to and not what it is.
type manner uint8

const (
	named manner = iota
	bare
)

// references are fields below which names and keys say where a secret is kept.
var references = []string{
	"valueFrom", "envFrom", "secretKeyRef", "configMapKeyRef", "secretRef", "configMapRef", "fieldRef", "resourceFieldRef",
	"remoteRef", "secretStoreRef", "imagePullSecrets", "sourceRef", "secretName", "passwordSecretRef", "tokenSecretRef", "matchLabels", "ownerReferences",
	"encryptedData", // a SealedSecret's, which only its controller can read
	"managedFields", // names of fields
}

// value writes a node that stands at path under a name.
func (o *writer) value(n *node, at *way, name string, how manner) {
	switch n.kind {
	case scalar:
		o.scalar(n, at, name, how)
	case list:
		o.list(n, at, name, how)
	default:
		o.mapping(n, at, how)
	}
}

func (o *writer) mapping(n *node, at *way, how manner) {
	if pair := n.field("value"); pair != nil && pair.kind == scalar && n.string("name") != "" {
		o.pair(n, at, how)
		return
	}
	for i := range n.kids {
		k, inner := &n.kids[i], how
		if slices.Contains(references, k.key) || k.key == "secretKey" && n.field("remoteRef") != nil || // the latter in an ExternalSecret
			strings.HasPrefix(k.text, "ENC[") { // as sops writes it
			inner = bare
		}
		field := o.field(at, k.key)
		switch {
		case k.kind == scalar && o.secret && at.is("data"):
			o.encoded(k, field)
		case k.kind == scalar && at.is("binaryData"):
			o.encoded(k, field)
		case k.kind == scalar && k.key == lastApplied:
			o.nested(k, field)
		default:
			o.value(k, field, k.key, inner)
		}
	}
}

// lastApplied is the annotation in which kubectl keeps the object as it was applied.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// pair writes a list's entry of a name and a value, as environment variables and
// headers are, and what else is in it.
func (o *writer) pair(n *node, at *way, how manner) {
	for i := range n.kids {
		switch k := &n.kids[i]; {
		case k.key == "value":
			o.scalar(k, o.field(at, k.key), n.string("name"), how)
		case k.key != "name":
			o.value(k, o.field(at, k.key), k.key, how)
		}
	}
}

// list writes words side by side, as a command has them, and other elements one by one.
func (o *writer) list(n *node, at *way, name string, how manner) {
	words := len(n.kids) > 0
	for i := range n.kids {
		words = words && n.kids[i].kind == scalar && strings.IndexByte(n.kids[i].text, '\n') < 0
	}
	for i := range n.kids {
		k, field := &n.kids[i], o.element(at, i)
		if !words {
			o.value(k, field, name, how)
			continue
		}
		o.begin(field, k, 0)
		o.text.WriteString(k.text)
		end := byte(' ')
		if i == len(n.kids)-1 {
			end = '\n'
		}
		o.text.WriteByte(end)
	}
}

// scalar writes a text on a line of its own, under its name; one of several lines is
// apart: a file, a key, a script.
func (o *writer) scalar(n *node, at *way, name string, how manner) {
	switch {
	case n.text == "":
	case strings.ContainsRune(n.text, '\n'):
		o.file(n, at, name)
	case how == bare:
		o.begin(at, n, 0)
		o.text.WriteString(n.text)
		o.text.WriteByte('\n')
	case isFile(name):
		o.file(n, at, name)
	default:
		o.begin(at, n, len(name)+1)
		o.text.WriteString(name)
		o.text.WriteByte('=')
		o.text.WriteString(n.text)
		o.text.WriteByte('\n')
	}
}

// begin notes that what is written next is at's; its value comes after so many bytes.
func (o *writer) begin(at *way, n *node, after int) {
	start := o.text.Len()
	o.fields = append(o.fields, fieldText{at, start, start + after, n.line, n.column})
}

// isFile tells a key that is a file's name, as those of ConfigMaps are. "fs.s3a.secret.key"
// is none: a file of a key has several lines, which are apart whatever they are called.
func isFile(name string) bool {
	switch path.Ext(name) {
	case ".json", ".yaml", ".yml", ".toml", ".ini", ".properties", ".conf", ".cfg", ".xml", ".env", ".dockercfg", ".dockerconfigjson":
		return true
	}
	return false
}

// file is a text of its own, called as its field is, so that it is read as what it is.
func (o *writer) file(n *node, at *way, name string) {
	p := o.at
	p.Field = at.String()
	text, line := n.text, n.line
	b := scanner.Blob{Place: p, Size: int64(len(text)), Paths: []string{name}, Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(text)), nil
	}}
	b.Part = func(offset int64) scanner.Part {
		before := text[:min(int(offset), len(text))]
		begin := strings.LastIndexByte(before, '\n') + 1
		part := scanner.Part{Place: p, Begin: int64(begin)}
		if line > 0 { // how far YAML indents it is not known
			part.Line = int(line) + strings.Count(before, "\n")
		}
		return part
	}
	o.apart = append(o.apart, b)
}
