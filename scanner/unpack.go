package scanner

import (
	"bytes"
	"errors"
	"io"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/archive"
)

// packedAs tells what kind of archive a text is that begins with head; None also
// where archives are not to be opened.
func (o *Options) packedAs(head []byte) archive.Format {
	if o.NoUnpack {
		return archive.None
	}
	return archive.Sniff(head)
}

// packedAs is the same of the text at hand, which may be one that is always opened.
func (w *worker) packedAs(head []byte) archive.Format {
	if w.blob.Member != nil {
		return archive.Sniff(head)
	}
	return w.opt.packedAs(head)
}

// noArchive tells of a text that is to be an archive, such as an image's layer, and
// begins as none. It is looked at as it is. Zeros are what an empty tar has.
func (w *worker) noArchive(head []byte) {
	head = head[:min(len(head), archive.HeadSize)]
	if w.blob.Member == nil || len(head) == archive.HeadSize && len(bytes.Trim(head, "\x00")) == 0 {
		return
	}
	code := leak.GapCorrupt
	if len(head) < archive.HeadSize {
		code = leak.GapTruncated
	}
	w.gap(code, errors.New("it begins as no tar and no compressed one: what was to be in it was not looked at"))
}

// unpack looks at what is packed in the text at hand in the place of its bytes,
// which say nothing. Each member is a text of its own, by its own name, within the
// archive's place; archives in archives share one budget.
func (w *worker) unpack(f archive.Format, src io.Reader, size int64, at io.ReaderAt) {
	bytes, outer := w.out.bytes, w.budget
	switch {
	case w.blob.Member != nil:
		w.budget = archive.NewBudget(archive.Boundless)
	case outer == nil:
		w.budget = archive.NewBudget(w.opt.Archives)
	}
	defer func() { w.budget = outer }()
	s := archive.Source{Name: w.blob.Place.Path(), Size: size, At: at, Reader: src}
	err := w.budget.Each(f, s, func(m archive.Member) error {
		w.member(m)
		return nil
	}, w.missed)
	w.out.bytes = bytes // those of members are not counted
	if err != nil {
		w.gapOf(err)
	}
}

// member looks at one file of the archive at hand, in a worker of its own: the
// text around it is not done with.
func (w *worker) member(m archive.Member) {
	if w.inner == nil {
		w.inner = newWorker(w.Scanner, w.now)
	}
	b := &Blob{Size: m.Size, Reach: w.blob.Reach, Origin: w.blob.Origin, Notes: w.blob.Notes}
	if named := w.blob.Member; named != nil {
		var look bool
		if b.Place, b.Notes, look = named(m.Name); !look {
			return
		}
		w.inner.budget = nil // each archive in it has a budget of its own
	} else {
		b.Place, w.inner.budget = leak.Within(w.blob.Place, m.Name), w.budget
		for _, p := range w.blob.Paths {
			b.Paths = append(b.Paths, p+"!/"+m.Name)
		}
	}
	w.inner.looked(b, w.out, func() {
		if err := w.inner.read(m.Reader); err != nil {
			g := archive.GapOf(err)
			g.Place = w.inner.blob.Place
			w.out.gap(g)
		}
	})
	w.inner.budget = nil
	w.live.passed(&b.Place)
}

// missed tells what of the archive at hand was not unpacked.
func (w *worker) missed(member string, g *leak.Gap) {
	g.Place = w.blob.Place
	switch {
	case member == "":
	case w.blob.Member != nil:
		g.Place, _, _ = w.blob.Member(member)
	default:
		g.Place = leak.Within(w.blob.Place, member)
	}
	w.out.gap(g)
}

// unpackText is unpack for an archive that is in memory.
func (w *worker) unpackText(f archive.Format, text []byte) {
	r := bytes.NewReader(text)
	w.unpack(f, r, r.Size(), r)
}
