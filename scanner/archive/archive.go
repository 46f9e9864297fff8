// Package archive unpacks what texts are packed in, one layer at a time: zip and
// its many names (jar, war, whl, apk, docx), tar, gzip, bzip2, xz, zstandard, and
// the packages of Debian and RPM.
//
// [Sniff] tells by its first bytes what a text is, whatever it is called. [Budget]
// is what one text and all that is packed in it may cost: bytes, members, depth,
// and how much a byte may grow to. [Budget.Each] hands out the members of one
// archive as streams; a member that is an archive again is for the caller to hand
// back, with the same Budget.
//
// It promises that memory does not depend on the archive: a member is never held
// whole, but for a zip that comes as a stream and is small (Limits.Memory); that
// nothing is written anywhere, so a member's name can be whatever it likes; and
// that what could not be unpacked is told as a *leak.Gap, member by member where the
// format allows to go on.
//
// Its limits: 7-Zip, RAR, LZ4, lzip and compress(1) are known and not read: a Gap.
// Encrypted members are a Gap, whatever the password. Links are names, not texts.
package archive

import (
	"errors"
	"fmt"
	"io"

	"github.com/oakum-sec/oakum/leak"
)

// Source is an archive to be read. At and Size are needed for a zip's directory
// only, and may be nil and -1: then it is read as it comes.
type Source struct {
	Name string // its last name, by which a lone compressed text is called
	Size int64  // in bytes, -1 where it is not known
	At   io.ReaderAt
	io.Reader
}

// Member is a regular file in an archive. Its reader is good until visit returns.
type Member struct {
	Name string // as the archive has it; hostile archives have hostile names
	Size int64  // in bytes as the archive says, -1 where it does not
	io.Reader
}

// Visit is handed each member. Its error ends the walk and is returned by it.
type Visit func(Member) error

// Missed is told what was not unpacked: a member by its name, "" is what is left of
// the archive itself. The Gap's Place is for the caller to set.
type Missed func(member string, g *leak.Gap)

// Each hands the members of an archive to visit, in its order, and tells missed of
// all that it could not. The error is visit's, or nil.
func (b *Budget) Each(f Format, src Source, visit Visit, missed Missed) error {
	w := &walk{Budget: b, src: src, visit: visit, missed: missed}
	if b.depth >= b.limits.Depth {
		w.gap("", leak.GapLimit, fmt.Errorf("archives nested deeper than %d", b.limits.Depth))
		return nil
	}
	b.depth++
	defer func() { b.depth-- }()
	if err := w.unpack(f); err != nil && !errors.Is(err, errStop) {
		return err
	}
	return nil
}

// walk is one archive being unpacked.
type walk struct {
	*Budget
	src    Source
	visit  Visit
	missed Missed
}

// errStop ends a walk whose end was told already.
var errStop = errors.New("the walk was ended")

func (w *walk) unpack(f Format) error {
	switch f {
	case Zip:
		return w.zip()
	case Tar:
		return w.tar(w.src)
	case Gzip, Bzip2, XZ, Zstd:
		return w.compressed(f)
	case Ar:
		return w.ar()
	case RPM:
		return w.rpm()
	}
	w.gapOf("", leak.Boundary, leak.GapUnknown, fmt.Errorf("%s is not unpacked: unpack it and scan what comes out", f))
	return nil
}

// member hands one file to visit, its bytes counted. What goes wrong with its bytes
// is visit's to see, as an error of its reader.
func (w *walk) member(name string, size int64, r io.Reader) error {
	if w.entries++; w.entries > w.limits.Entries {
		w.gap("", leak.GapLimit, fmt.Errorf("more than %d files in one archive", w.limits.Entries))
		return errStop
	}
	return w.visit(Member{name, size, r})
}

func (w *walk) gap(member, code string, why error) { w.gapOf(member, leak.Failure, code, why) }

func (w *walk) gapOf(member string, class leak.GapClass, code string, why error) {
	w.missed(member, &leak.Gap{Class: class, Code: code, Why: why})
}

// broken tells why the rest of the archive cannot be read, and ends the walk.
func (w *walk) broken(what string, err error) error {
	g := GapOf(err)
	g.Why = fmt.Errorf("%s: %w", what, g.Why)
	w.missed("", g)
	return errStop
}

// GapOf is the Gap that an error of a member's reader stands for: a limit of the
// Budget, an end before the end, or damage.
func GapOf(err error) *leak.Gap {
	code := leak.GapCorrupt
	switch {
	case errors.As(err, new(*LimitError)):
		code = leak.GapLimit
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		code = leak.GapTruncated
	}
	return &leak.Gap{Class: leak.Failure, Code: code, Why: err}
}
