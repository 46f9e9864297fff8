package pack_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

// piece is an object of a pack made by hand: how it is stored, and the text that it
// stands for.
type piece struct {
	text   string
	by     string // "": whole, "ofs", "ref", or what is wrong with it
	of     string // text of its base
	behind int64  // bytes before it that are no object, though the index has it
}

func idOf(text string) object.ID { return sum(object.SHA1, object.Blob, []byte(text)) }

// deltaOf makes a delta that takes over what both begin with.
func deltaOf(base, text string) []byte {
	n := 0
	for n < len(base) && n < len(text) && base[n] == text[n] {
		n++
	}
	d := sizes(len(base), len(text))
	if n > 0 {
		d = append(d, copied(0, n)...)
	}
	for part := range slices.Chunk([]byte(text[n:]), 127) {
		d = append(append(d, byte(len(part))), part...)
	}
	return d
}

// handmade opens a pack of the pieces, in that order.
func handmade(t *testing.T, pieces ...piece) *pack.File {
	t.Helper()
	m, ids, at, off := made{}, []object.ID(nil), map[string]int64{}, int64(12)
	for _, p := range pieces {
		if p.behind > 0 {
			m[off] = nil
			ids = append(ids, idOf(fmt.Sprint("a hole at ", off)))
			off += p.behind
		}
		d, base := deltaOf(p.of, p.text), idOf(p.of)
		switch p.by {
		case "":
			m[off] = entry(object.Blob, len(p.text), nil, []byte(p.text))
		case "ofs":
			m[off] = entry(6, len(d), back(off-at[p.of]), d)
		case "ofs of nothing":
			m[off] = entry(6, len(d), back(1), d)
		case "ref":
			m[off] = entry(7, len(d), base.Bytes(), d)
		case "broken head":
			m[off] = bytes.Repeat([]byte{0xff}, 40)
		case "broken stream":
			m[off] = entry(object.Blob, len(p.text), nil, []byte(p.text))
			m[off][len(m[off])-1]++
		case "broken delta":
			m[off] = entry(7, len(d)-1, base.Bytes(), d[:len(d)-1])
		default:
			t.Fatalf("a piece that is %s", p.by)
		}
		at[p.text] = off
		ids = append(ids, idOf(p.text))
		off += int64(len(m[off]))
	}
	return bare(t).crafted(m, ids)
}

// loose is a loose object, and what reading it ends with.
func loose(text string, err error) pack.Loose {
	return pack.Loose{ID: idOf(text), Kind: object.Blob, Size: int64(len(text)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader(text), failing(err))), nil
	}}
}

// lying is a loose object that is some bytes shorter than it says.
func lying(text string, by int64) pack.Loose {
	l := loose(text, nil)
	l.Size += by
	return l
}

// unreadable is a loose object whose head cannot be read.
func unreadable(text string) pack.Loose {
	return pack.Loose{ID: idOf(text), Open: func() (io.ReadCloser, error) { return nil, pack.ErrDamaged }}
}

// failing is a reader that fails, or just ends.
func failing(err error) io.Reader {
	if err == nil {
		return strings.NewReader("")
	}
	return failingReader{err}
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

// story is a database, and what a walk is to tell of it: of each object a letter, in
// the order of texts: t for its text, d for its text as a delta of what was told
// before, L for large, or what its error is.
type story struct {
	name  string
	packs [][]piece
	loose []pack.Loose
	whole int64
	holes bool // which are not walked over: they are as large as they seem
	want  map[string]string
}

const (
	a1 = "the first text, which others begin with"
	a2 = a1 + ", as the second does"
	a3 = a2 + ", and the third"
	a4 = a3 + ", and the fourth"
	b1 = "another text, which is of no other's kin"
)

// long is a text whose delta is longer than what walks list the copies of.
var long = strings.Repeat("a text of 5 MB, ", 5<<20/16)

var stories = []story{
	{name: "by offset", packs: [][]piece{{{text: a1}, {text: a2, by: "ofs", of: a1}, {text: a3, by: "ofs", of: a2}}},
		want: map[string]string{a1: "text", a2: "delta", a3: "delta"}},
	{name: "base after its delta", packs: [][]piece{{{text: a3, by: "ref", of: a2}, {text: a2, by: "ref", of: a1}, {text: a1}}},
		want: map[string]string{a1: "text", a2: "delta", a3: "delta"}},
	{name: "base in another pack", packs: [][]piece{{{text: a2, by: "ref", of: a1}}, {{text: a1}}},
		want: map[string]string{a1: "text", a2: "delta"}},
	{name: "base is loose", packs: [][]piece{{{text: a2, by: "ref", of: a1}}}, loose: []pack.Loose{loose(a1, nil)},
		want: map[string]string{a1: "text", a2: "delta"}},
	{name: "base is nowhere", packs: [][]piece{{{text: a2, by: "ref", of: a1}, {text: a3, by: "ofs", of: a2}}},
		want: map[string]string{a2: "missing?", a3: "missing?"}},
	{name: "base is no object", packs: [][]piece{{{text: a2, by: "ofs of nothing", of: a1}}},
		want: map[string]string{a2: "damaged?"}},
	{name: "circle", packs: [][]piece{{
		{text: a1, by: "ref", of: a2}, {text: a2, by: "ref", of: a3}, {text: a3, by: "ref", of: a1}, {text: a4, by: "ref", of: a3}, {text: b1}}},
		want: map[string]string{a1: "damaged?", a2: "damaged?", a3: "damaged?", a4: "damaged?", b1: "text"}},
	{name: "delta of itself", packs: [][]piece{{{text: a1, by: "ref", of: a1}}},
		want: map[string]string{a1: "damaged?"}},
	{name: "circle that a copy breaks", packs: [][]piece{{{text: a1, by: "ref", of: a2}, {text: a2, by: "ref", of: a1}}, {{text: a2}}},
		want: map[string]string{a1: "delta", a2: "text"}},
	{name: "twice", packs: [][]piece{
		{{text: a1}, {text: a2, by: "ofs", of: a1}},
		{{text: a2}, {text: a1, by: "ofs", of: a2}, {text: a3, by: "ofs", of: a2}}},
		loose: []pack.Loose{loose(a1, nil), loose(b1, nil)},
		want:  map[string]string{a1: "text", a2: "delta", a3: "text", b1: "text"}},
	{name: "first copy is damaged", packs: [][]piece{
		{{text: a1, by: "broken stream"}, {text: a2, by: "ofs", of: a1}, {text: a3, by: "ofs", of: a2}, {text: b1}},
		{{text: b1}, {text: a1, by: "ref", of: b1}}},
		want: map[string]string{a1: "text", a2: "delta", a3: "delta", b1: "text"}},
	{name: "second copy is damaged, and a base", packs: [][]piece{
		{{text: a1}}, {{text: a1, by: "broken stream"}, {text: a2, by: "ofs", of: a1}, {text: a3, by: "ofs", of: a2}}},
		want: map[string]string{a1: "text", a2: "text", a3: "delta"}},
	{name: "head of the first copy is damaged", packs: [][]piece{
		{{text: a1, by: "broken head"}, {text: a2, by: "ofs", of: a1}}, {{text: a1}}},
		want: map[string]string{a1: "text", a2: "delta"}},
	{name: "only a loose copy is in order", packs: [][]piece{{{text: a1, by: "broken head"}}, {{text: a1, by: "broken stream"}}}, loose: []pack.Loose{loose(a1, nil)},
		want: map[string]string{a1: "text"}},
	{name: "all copies are damaged", packs: [][]piece{
		{{text: a1, by: "broken stream"}, {text: a2, by: "ofs", of: a1}}, {{text: a1, by: "broken stream"}}}, loose: []pack.Loose{loose(a1, pack.ErrDamaged)},
		want: map[string]string{a1: "damaged", a2: "damaged"}},
	{name: "a delta has a copy, its base none", packs: [][]piece{
		{{text: a1, by: "broken stream"}, {text: a2, by: "ofs", of: a1}, {text: a3, by: "ofs", of: a2}, {text: a4, by: "ofs", of: a3}}, {{text: a3}}},
		want: map[string]string{a1: "damaged", a2: "damaged", a3: "text", a4: "delta"}},
	{name: "a copy hangs on what is saved later", packs: [][]piece{
		{{text: a1, by: "broken stream"}, {text: a2, by: "broken stream"}},
		{{text: a1, by: "ref", of: a2}, {text: a4, by: "ref", of: a3}},
		{{text: a2, by: "ref", of: a3}, {text: a3}}},
		want: map[string]string{a1: "text", a2: "text", a3: "text", a4: "delta"}},
	{name: "kind is learnt from a copy of a delta", packs: [][]piece{
		{{text: a1, by: "broken head"}, {text: a2, by: "ofs", of: a1}, {text: a3, by: "ofs", of: a2}}, {{text: a2}}},
		want: map[string]string{a1: "damaged", a2: "text", a3: "delta"}},
	{name: "a delta is damaged", packs: [][]piece{{{text: a1}, {text: a2, by: "broken delta", of: a1}, {text: a3, by: "ofs", of: a2}}},
		want: map[string]string{a1: "text", a2: "damaged", a3: "damaged"}},
	{name: "large", whole: int64(len(a1)), packs: [][]piece{{{text: a2}, {text: a3, by: "ofs", of: a2}, {text: a1, by: "ofs", of: a3}, {text: b1[:9]}}}, loose: []pack.Loose{loose(a4, nil)},
		want: map[string]string{a2: "large", a3: "too large", a1: "too large", a4: "large", b1[:9]: "text"}},
	{name: "large as a delta", whole: int64(len(a1)), packs: [][]piece{{{text: a1}, {text: a2, by: "ofs", of: a1}, {text: a3, by: "ofs", of: a1}}, {{text: a3}}},
		want: map[string]string{a1: "text", a2: "too large", a3: "large"}},
	{name: "over 4 GB", holes: true, packs: [][]piece{{
		{text: b1}, {text: a1, behind: 3 << 30}, {text: a2, by: "ofs", of: a1, behind: 3 << 30}, {text: a3, by: "ofs", of: b1, behind: 5 << 30}, {text: a4, by: "ofs", of: a3}}},
		want: map[string]string{b1: "text", a1: "text", a2: "delta", a3: "delta", a4: "delta"}},
	{name: "a delta too long for a list", packs: [][]piece{{{text: a1}, {text: long, by: "ofs", of: a1}, {text: long + a1, by: "ofs", of: long}}},
		want: map[string]string{a1: "text", long: "text", long + a1: "delta"}},
	{name: "an empty object", packs: [][]piece{{{text: ""}, {text: a1, by: "ofs", of: ""}}, {{text: ""}}},
		want: map[string]string{"": "text", a1: "delta"}},
	{name: "loose and damaged", loose: []pack.Loose{loose(a1, nil), loose(a2, io.ErrNoProgress), lying(a3, 1), lying(a4, -1), lying(b1, -1000), unreadable("")},
		want: map[string]string{a1: "text", a2: "other", a3: "damaged", a4: "damaged", b1: "damaged", "": "damaged?"}},
}

// ending of an object's story.
func (r *record) ending(text string) string {
	id := idOf(text)
	n, ok := r.forest.Find(id)
	if !ok {
		return "not there"
	}
	doubt := ""
	if r.forest.Kind(n) == object.Unknown {
		doubt = "?"
	}
	_, large := r.large[id]
	got, there := r.texts[id]
	err := r.lost[id]
	switch {
	case large:
		return "large" + doubt
	case there && got != text:
		return fmt.Sprintf("text %q", got)
	case there && r.deltas[id]:
		return "delta" + doubt
	case there:
		return "text" + doubt
	case err == nil:
		return "nothing"
	case errors.Is(err, pack.ErrMissing):
		return "missing" + doubt
	case errors.Is(err, pack.ErrTooLarge):
		return "too large" + doubt
	case errors.Is(err, pack.ErrDamaged):
		return "damaged" + doubt
	}
	return "other"
}

func TestStories(t *testing.T) {
	if len(stories) < 20 {
		t.Fatal(len(stories))
	}
	for _, s := range stories {
		var files []*pack.File
		for _, pieces := range s.packs {
			files = append(files, handmade(t, pieces...))
		}
		for _, jobs := range []int{1, 3} {
			forest, err := pack.Plant(files, s.loose, jobs)
			if err != nil {
				t.Fatal(err)
			}
			r := newRecord(forest)
			for _, kind := range []object.Kind{object.Blob, object.Unknown} {
				if s.holes && kind == object.Unknown {
					continue
				}
				opt := pack.WalkOptions{Jobs: jobs, Kind: kind, Whole: s.whole}
				if jobs == 3 {
					opt = opt.Holding(1)
				}
				if err := pack.Walk(t.Context(), forest, opt, r); err != nil {
					t.Fatal(err)
				}
			}
			if len(r.twice) > 0 || len(r.texts)+len(r.large)+len(r.lost) != len(s.want) {
				t.Errorf("%s: %d are told, want %d; wrong: %v", s.name, len(r.texts)+len(r.large)+len(r.lost), len(s.want), r.twice)
			}
			for text, want := range s.want {
				if got := r.ending(text); got != want {
					t.Errorf("%s, %d jobs: %.60q is %s (%v), want %s", s.name, jobs, text, got, r.lost[idOf(text)], want)
				}
			}
		}
	}
}
