package podsource

import (
	"bytes"
	"unsafe"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// Limits bound what an object may make of a few bytes.
type Limits struct {
	Values   int  // texts, lists and mappings; more are an error. 0: as many as there are
	NoUnpack bool // a Helm release is the text that it is: it may unpack to a thousand times its size
	Asked    bool // leave out what no user asks for: status (what a controller says) and metadata.managedFields (names, often a third of an object)
}

// Reader reads objects as [Object] does, of JSON alone and within limits, for who is
// waited for: JSON takes a tenth of the time that YAML takes. It reads one object after
// the other into memory that it keeps (a few MB after the largest that etcd takes), so that
// a server's garbage does not grow with what it is asked about. It is for one goroutine at
// a time; its zero value is ready.
type Reader struct {
	json jsonReader
	out  writer
}

// What of a reader's buffers outlives an object, beside keptBlocks: what an object of
// 1.5 MB needs.
const (
	keptText = 2 << 20 // bytes
	keptList = 64 << 10
)

// JSON yields the texts of an object. They hold until yield returns, and strings of what
// they tell (a finding's place) are parts of text: it must not change while these are used.
func (r *Reader) JSON(text []byte, limits Limits, yield func(scanner.Blob, error) bool) error {
	defer r.reset()
	r.json = jsonReader{
		text:  unsafe.String(unsafe.SliceData(text), len(text)), // a copy would be the largest of what is allocated
		limit: limits.Values, blind: true, asked: limits.Asked, nodes: &r.out.nodes, open: r.json.open,
	}
	root, err := r.json.document()
	if err != nil {
		return err
	}
	objects("", root, limits, r.next, yield)
	return nil
}

// next is the writer, for the next object.
func (r *Reader) next() *writer {
	r.out.clear()
	return &r.out
}

func (r *Reader) reset() {
	clear(r.json.open[:max(r.json.most, len(r.json.open))])
	if r.json = (jsonReader{open: r.json.open[:0]}); cap(r.json.open) > keptList {
		r.json.open = nil
	}
	r.out.clear()
	r.out.nodes.reset()
	r.out.ways.reset()
}

// clear lets go of an object.
func (o *writer) clear() {
	clear(o.fields)
	if o.fields = o.fields[:0]; cap(o.fields) > keptList {
		o.fields = nil
	}
	if o.text.Reset(); o.text.Cap() > keptText {
		o.text = bytes.Buffer{}
	}
	o.at, o.apart, o.depth = leak.ObjectField{}, nil, 0
}
