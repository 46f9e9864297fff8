package gitsource

import (
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/gitsource/gitdir"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
)

// emit yields what the walk found, class by class: commits, each with the
// blobs that it brought; tags; blobs without a commit. Then names and logs.
func (s *walkState) emit(e *emitter, refs []gitdir.Ref, logs []gitdir.Reflog) {
	next := 0
	for c := range classes {
		for _, i := range s.orders[c] {
			next = s.commit(e, i, next)
		}
		for _, t := range s.g.targets {
			if t.class == c && t.kind == object.Tag {
				s.tag(e, t)
			}
		}
		for next < len(s.w.blobs) && s.w.blobs[next].class == c && !e.stopped() {
			s.blob(e, next, nil)
			next++
		}
	}
	// A ref's place is its name, not what it points at by now: a finding in a
	// branch's name is the same one after the next commit.
	for _, ref := range refs {
		e.blob(s.r.words(leak.GitMessage{What: "ref", Ref: ref.Name}, ref.Name, classOf(ref.Name).reach()))
	}
	for _, log := range logs {
		s.log(e, log)
	}
}

// commit yields commit i and the blobs it brought, which begin at next.
func (s *walkState) commit(e *emitter, i int32, next int) int {
	n := &s.g.nodes[i]
	passed := s.passed != nil && s.passed(n.id)
	if e.stopped() || passed && !s.brought(i, next) {
		return next
	}
	// Read a second time: keeping 200,000 messages from the first would take
	// more memory than everything else here.
	_, raw, err := s.r.db.Read(n.id)
	origin := odb.Origin(n.id, raw)
	origin.Ref = s.g.refOf(i)
	switch {
	case err != nil:
		e.gaps(s.r.gapOf(err, leak.GitMessage{Repo: s.r.name, Object: n.id.String(), What: "commit"}))
	case !passed:
		e.blob(s.r.message(n.id, "commit", "", int64(len(raw)), n.class.reach(), origin))
	}
	for s.brought(i, next) && !e.stopped() {
		s.blob(e, next, origin)
		next++
	}
	return next
}

// brought tells whether the next blob came by commit i.
func (s *walkState) brought(i int32, next int) bool {
	return next < len(s.w.blobs) && s.w.blobs[next].commit == i
}

// blob yields the i-th blob found, unless it is lost.
func (s *walkState) blob(e *emitter, i int, origin *leak.Origin) {
	b := &s.w.blobs[i]
	if b.size == unseen {
		return
	}
	place := s.place(b)
	out := s.r.gitBlob(place, b.id, b.size, b.class.reach())
	if b.path >= 0 {
		out.Paths = append(out.Paths, place.Name)
		for _, p := range s.w.more[int32(i)] {
			out.Paths = append(out.Paths, s.w.paths[p])
		}
	}
	_, atHead := s.head[b.id]
	out.Origin = &leak.Origin{}
	if origin != nil {
		*out.Origin = *origin // a copy: the rest of it differs from blob to blob
	}
	out.Origin.AtHead, out.Origin.Paths = atHead, len(out.Paths)
	if !atHead && b.last >= 0 && b.last != b.commit {
		out.Origin.Last = s.seen(b.last)
	}
	if b.class == inNotes && b.path >= 0 {
		s.note(&out, b.id, place.Name)
	}
	e.blob(out)
}

// seen is commit i with its date.
func (s *walkState) seen(i int32) leak.Seen {
	h := s.g.nodes[i].id
	if last, ok := s.lasts[i]; ok {
		return last
	}
	_, raw, err := s.r.db.Read(h)
	if err != nil {
		raw = nil // told where its message is
	}
	s.lasts[i] = leak.Seen{Commit: h.String(), Date: odb.Origin(h, raw).Date}
	return s.lasts[i]
}

// note gives a note its own kind of place: the object that it is about. Notes
// are files named by that object's id, cut into folders where there are many.
func (s *walkState) note(out *scanner.Blob, h id, name string) {
	about := strings.ReplaceAll(name, "/", "")
	if _, ok := s.r.dir.Format.Parse(about); ok {
		out.Place = leak.GitMessage{Repo: s.r.name, Object: about, What: "note", Ref: "refs/notes"}
		out.Open = s.r.opener(h, out.Place)
		out.Paths, out.Origin.Paths = nil, 0
	}
}

// tag yields an annotated tag: its message, headers and signature.
func (s *walkState) tag(e *emitter, t target) {
	if s.passed != nil && s.passed(t.id) {
		return
	}
	_, raw, err := s.r.db.Read(t.id)
	place := leak.GitMessage{Repo: s.r.name, Object: t.id.String(), What: "tag", Ref: t.ref}
	if err != nil {
		e.gaps(s.r.gapOf(err, place))
		return
	}
	e.blob(s.r.message(t.id, "tag", t.ref, int64(len(raw)), t.class.reach(), odb.Origin(t.id, raw)))
}

// log yields the different texts of a reflog, each as the entry that said it first.
func (s *walkState) log(e *emitter, log gitdir.Reflog) {
	reach := leak.Reflog
	if strings.HasSuffix(log.Ref, "refs/stash") {
		reach = leak.Stash
	}
	said := map[string]bool{}
	for _, l := range log.Lines {
		if text := l.Text; text != "" && !said[text] {
			said[text] = true
			e.blob(s.r.words(leak.GitMessage{Object: l.IDs[1].String(), What: "reflog", Ref: log.Ref}, text, reach))
		}
	}
}
