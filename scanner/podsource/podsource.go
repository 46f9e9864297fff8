// Package podsource is the source of Kubernetes objects: manifests, what Helm and
// kustomize render, what kubectl prints, what an API server sends to a webhook.
//
// Every string of every object is looked at, whatever its kind: nothing is known of
// schemas, so an unknown resource is as good as a Pod. An object is one text, in
// which each field stands under the name that it has: an environment variable's name
// beside its value, a key's id in one entry and its secret in the next. Findings then
// stand at the field's path, with line and column where the object came from a file.
//
// What is packed in a field is taken out: the base64 of a Secret's data, a file in a
// ConfigMap, the object in last-applied-configuration, a Helm release. What only says
// where a secret is kept (valueFrom, secretKeyRef and their like, sealed and
// encrypted values) is no secret under a name; its texts are looked at as they are.
//
// Its limits: a document that is not valid YAML is looked at as the text that it is.
// Aliases are followed as far as a document with [maxNodes] values.
package podsource

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// Manifest is a file of objects, or a stream.
type Manifest struct {
	Name string // "" where it has none, as standard input
	Open func(context.Context) (io.ReadCloser, error)
}

// maxManifest bounds a file that is read whole, in bytes: `kubectl get -A -o json` of
// a large cluster is a tenth of it.
const maxManifest = 1 << 30

// Source yields the texts of objects.
type Source struct{ manifests []Manifest }

var _ scanner.Source = (*Source)(nil)

// New makes a source of manifests.
func New(manifests ...Manifest) *Source { return &Source{manifests} }

// Blobs yields each object, then what is packed in it.
func (s *Source) Blobs(ctx context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		for _, m := range s.manifests {
			text, err := m.read(ctx)
			if err != nil {
				if !yield(scanner.Blob{}, m.unread(err)) {
					return
				}
				continue
			}
			for b, err := range Text(m.Name, text) {
				if !yield(b, err) {
					return
				}
			}
		}
	}
}

func (m *Manifest) read(ctx context.Context) ([]byte, error) {
	r, err := m.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, maxManifest+1))
	if err == nil && len(text) > maxManifest {
		err = fmt.Errorf("more than %d bytes", maxManifest)
	}
	return text, err
}

func (m *Manifest) place() leak.Place {
	if m.Name == "" {
		return leak.Stdin{}
	}
	return leak.File{Name: m.Name}
}

func (m *Manifest) unread(err error) *leak.Gap {
	return &leak.Gap{Place: m.place(), Class: leak.Failure, Code: leak.GapUnreadable, Why: err}
}

// Text yields the objects of a manifest, YAML of several documents or JSON.
func Text(name string, text []byte) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		for _, doc := range documents(text) {
			root, err := parse(doc, new(slab[node]))
			if err != nil {
				m := Manifest{Name: name}
				if !yield(raw(m.place(), doc, err), nil) {
					return
				}
				continue
			}
			if root != nil && !objects(name, root, Limits{}, newWriter, yield) {
				return
			}
		}
	}
}

// raw is a document that cannot be parsed, as a text in its file.
func raw(place leak.Place, doc document, why error) scanner.Blob {
	b := textBlob(place, doc.text)
	b.Notes = []string{"in a document that is no valid YAML (" + firstLine(why.Error()) + "), looked at as a text"}
	b.Part = func(offset int64) scanner.Part {
		before := doc.text[:min(int(offset), len(doc.text))]
		last := bytes.LastIndexByte(before, '\n') + 1
		return scanner.Part{Place: place, Begin: int64(last), Line: doc.line + bytes.Count(before, []byte{'\n'}), Column: 1}
	}
	return b
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func textBlob(place leak.Place, text []byte) scanner.Blob {
	return scanner.Blob{Place: place, Size: int64(len(text)), Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(text)), nil
	}}
}
