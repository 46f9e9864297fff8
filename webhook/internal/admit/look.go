package admit

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/podsource"
)

// maxValues bounds what an object may make of its bytes, in texts, lists and mappings:
// some 25 MB when they are parsed. The largest objects that etcd takes have some 100,000.
const maxValues = 250_000

// scans are the scanner's options here. An author's comment does not allow what is
// beside it, and what a few bytes may unpack to a thousand times their size is the
// audit's to open.
func scans(set *rules.Set, known scanner.Known) *scanner.Scanner {
	return scanner.New(set, scanner.Options{Jobs: 1, NoInline: true, NoUnpack: true, Known: known})
}

// slot looks at one object at a time, with buffers that outlive it.
type slot struct {
	*scanner.Single
	reader podsource.Reader
}

// newKey makes the key of tags: they are compared within one review, so it need not
// outlive the process.
func newKey() []byte {
	key := make([]byte, 32)
	rand.Read(key) // never fails (crypto/rand, since Go 1.24)
	return key
}

// sight is what was found in an object.
type sight struct {
	findings []*leak.Finding
	gap      *leak.Gap // the first failure: not all was looked at
}

// look finds what is in an object. Its error is ctx's.
func (a *Admitter) look(ctx context.Context, s *slot, o *object) (sight, error) {
	var seen sight
	var err error
	each := func(b scanner.Blob, _ error) bool {
		err = s.Scan(ctx, b, seen.take)
		return err == nil
	}
	if broken := s.reader.JSON(o.text, podsource.Limits{Values: maxValues, NoUnpack: true, Asked: true}, each); broken != nil {
		text := o.looked()
		place := leak.ObjectField{Object: o.string("apiVersion") + "/" + o.string("kind"), Namespace: o.metaString("namespace"), Name: o.metaString("name")}
		seen.miss(&leak.Gap{Place: place, Class: leak.Failure, Code: leak.GapLimit, Why: fmt.Errorf("the object is %w: it was searched as one text", broken)})
		each(scanner.Blob{Place: place, Size: int64(len(text)), Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(text)), nil
		}}, nil)
	}
	a.settle(&seen, o)
	return seen, err
}

func (s *sight) take(e scanner.Event) error {
	switch {
	case e.Finding != nil:
		podsource.Settle(e.Finding)
		s.findings = append(s.findings, e.Finding)
	case e.Gap != nil && e.Gap.Class == leak.Failure:
		s.miss(e.Gap)
	}
	return nil
}

func (s *sight) miss(g *leak.Gap) {
	if s.gap == nil {
		s.gap = g
	}
}

// settle gives findings of an object whose name is made up for it (a pod of a
// ReplicaSet) the fingerprint that they have in its siblings.
func (a *Admitter) settle(seen *sight, o *object) {
	name := o.metaString("generateName")
	if name == "" {
		return
	}
	for _, f := range seen.findings {
		p, ok := f.Place.(leak.ObjectField)
		if !ok {
			continue
		}
		if p.Name = name; f.ID[:len(leak.VouchedPrefix)] != leak.VouchedPrefix {
			f.ID = leak.Identify(f.Rule, f.Secret, false, f.Name, p)
		}
	}
}

// incomplete is the word for a gap, for metrics. Texts are in memory: what could not be
// read is what broke the scanner.
func incomplete(g *leak.Gap) string {
	if g.Code == leak.GapUnreadable {
		return "panic"
	}
	return g.Code
}
