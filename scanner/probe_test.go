package scanner

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/builtin"
)

// probed counts what the tests of Probe saw.
type probed struct {
	texts, none, all, matches, encoded, kept, far int
}

// check holds that marks are those of the text, and that a scan of the regions
// tells what a scan of all of it would.
func (n *probed) check(t *testing.T, p *Probe, text []byte, marks *Marks) {
	t.Helper()
	n.texts++
	if fresh := p.Text(text); !sameMarks(marks, fresh) {
		t.Fatalf("%d bytes: %s\nprobed anew: %s\n%q", len(text), marks, fresh, text)
	}
	regions, all := marks.Regions()
	if all {
		n.all++
		return
	}
	if len(regions) == 0 {
		n.none++
	}
	if sniff(text[:min(len(text), sniffSize)]).utf16 != nil {
		text = nil // Regions says that it tells nothing; checkWide holds that
	}
	n.rules(t, p.set, text, regions)
	n.decoded(t, p, text, regions)
	if n.texts%8 == 0 {
		sameScan(t, p, text, regions, all)
	}
	if marks != nil {
		for _, a := range marks.anchors {
			if a.left > 0 {
				n.far++
			}
		}
	}
}

// rules compares the matches of regions, through one Carry, with those of the text.
func (n *probed) rules(t *testing.T, set *rules.Set, text []byte, regions []leak.Span) {
	t.Helper()
	var got []rules.Match
	var carry rules.Carry
	end := 0
	for _, r := range regions {
		carry.Skip(int(r.Start) - end)
		end = int(r.End)
		got = set.AppendWindow(got, text, int(r.Start), end, &carry)
	}
	slices.SortStableFunc(got, func(a, b rules.Match) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Rule.ID, b.Rule.ID))
	})
	want := set.Append(nil, text)
	if show(got) != show(want) {
		t.Fatalf("%d bytes, regions %v\nhave %s\n all %s\n%q", len(text), regions, show(got), show(want), text)
	}
	n.matches += len(want)
}

// decoded holds that regions have what decodes to something to tell, and nothing
// that the whole text does not have.
func (n *probed) decoded(t *testing.T, p *Probe, text []byte, regions []leak.Span) {
	t.Helper()
	for kind := range kinds {
		want, worth := map[string]bool{}, 0
		eachOf(kind, text, 0, 0, len(text), func(e encoded) {
			is := p.worth(&e, 1)
			want[fmt.Sprint(e.at, e.start, e.end, e.name)] = is
			if is {
				worth++
			}
		})
		next := 0
		for _, r := range regions {
			next = eachOf(kind, text, next, int(r.Start), int(r.End), func(e encoded) {
				is, known := want[fmt.Sprint(e.at, e.start, e.end, e.name)]
				if !known {
					t.Fatalf("%d bytes, kind %d, regions %v: found at %d [%d:%d], which all of it does not have\n%q", len(text), kind, regions, e.at, e.start, e.end, text)
				}
				if is {
					worth--
					n.encoded++
				}
			})
		}
		if worth != 0 {
			t.Fatalf("%d bytes, kind %d, regions %v: %d more in all of it\n%q", len(text), kind, regions, worth, text)
		}
	}
}

// sameScan holds that a look at the regions of a text in memory, or at all of it,
// tells what a scan of it as a stream tells.
func sameScan(t *testing.T, p *Probe, text []byte, regions []leak.Span, all bool) {
	t.Helper()
	if regions == nil && !all {
		regions = []leak.Span{}
	}
	blob := Blob{Place: leak.File{Name: "a.txt"}, Size: int64(len(text)), Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(text)), nil
	}}
	var looked, read result
	w := newWorker(New(p.set, p.opt), time.Unix(0, 0))
	w.look(blob, text, regions, &looked)
	w.scan(t.Context(), blob, &read)
	got, err := json.Marshal(looked.events)
	want, err2 := json.Marshal(read.events)
	if err != nil || err2 != nil || !bytes.Equal(got, want) || looked.bytes != read.bytes {
		t.Fatalf("%d bytes, regions %v: %v, %v\nlooked %s\n  read %s\n%q", len(text), regions, err, err2, got, want, text)
	}
}

func sameMarks(a, b *Marks) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.unknown == b.unknown && a.equal(b)
}

// String is for failed tests.
func (m *Marks) String() string {
	if m == nil {
		return "nothing"
	}
	return fmt.Sprint(m.anchors, m.encoded, " all ", m.all, " unknown ", m.unknown)
}

// seeds is n, and fewer where the race detector makes so many take minutes.
func seeds(n uint64) uint64 {
	if raceEnabled {
		return n / 8
	}
	return n
}

// share is what is to be seen of n cases then.
func share(n int) int {
	if raceEnabled {
		return n / 16
	}
	return n
}

// TestEdited edits texts again and again, by scripts of none to a hundred steps.
func TestEdited(t *testing.T) {
	var n probed
	secrets := secretsOf(t, 1)
	for seed := range seeds(40) {
		s := newScribe(secrets, seed)
		n.chain(t, s, s.write(s.IntN(20)), 30, 100)
	}
	t.Logf("%+v", n)
	if n.texts < share(1200) || n.none < share(5) || n.matches < share(15_000) || n.encoded < share(3000) || n.far < share(200) || n.kept < share(20_000_000) {
		t.Errorf("%+v is no test", n)
	}
}

// TestEditedShort has texts of a few bytes, in which most is begin or end.
func TestEditedShort(t *testing.T) {
	var n probed
	secrets := secretsOf(t, 2)
	for seed := range seeds(2000) {
		s := newScribe(secrets, seed)
		d := &draft{text: []byte(s.joint() + s.secret() + s.joint())}
		n.chain(t, s, d, 3, 3)
	}
	t.Logf("%+v", n)
	if n.texts < share(8000) || n.none < share(1000) || n.matches < share(5000) || n.kept < share(50_000) {
		t.Errorf("%+v is no test", n)
	}
}

// TestEditedFar has rules that read on to the length of a window and beyond, and
// changes so far away, give or take some bytes.
func TestEditedFar(t *testing.T) {
	set, err := rules.Compile([]rules.Rule{
		{ID: "near", Regex: `key:[xé]`},
		{ID: "right", Regex: `key:[a-z]{547,900}!`},
		{ID: "left", Regex: `[a-z]{550,900};pin!`},
		{ID: "both", Regex: `\b[a-z ]{2,700}=sum=[a-z ]{2,700}\b`},
		{ID: "named", Matcher: "assignment"},
	})
	if err != nil {
		t.Fatal(err)
	}
	words := regexp.MustCompile(`key:|;pin!|=sum=`)
	var n probed
	for seed := range seeds(4000) {
		s := newScribe(nil, seed)
		d := &draft{text: bytes.Repeat([]byte(". "), s.IntN(900))}
		for range 1 + s.IntN(6) {
			d.text = append(d.text, []string{"key:", ";pin!", "=sum=", "!", " ", "\n", "é"}[s.IntN(7)]...)
			d.text = append(d.text, bytes.Repeat([]byte("x"), s.IntN(2)*(rules.Near-30+s.IntN(60)))...)
		}
		d.text = append(d.text, bytes.Repeat([]byte(". "), s.IntN(900))...)
		n.taps(t, NewProbe(set, Options{}), s, d, func(text []byte) (spots []int) {
			for _, found := range words.FindAllIndex(text, -1) {
				spots = append(spots, found[0]+rules.Near*(s.IntN(3)-1)+s.IntN(24)-12)
			}
			return spots
		})
	}
	t.Logf("%+v", n)
	if n.texts < share(16_000) || n.matches < share(5000) || n.far < share(2000) || n.kept < share(5_000_000) {
		t.Errorf("%+v is no test", n)
	}
}

// TestEditedBlocks has wrapped encoded text behind lines of noise that may take it
// in, or not, by what they begin with.
func TestEditedBlocks(t *testing.T) {
	heads := regexp.MustCompile(`(?m)^[ \t]*\w`)
	var n probed
	secrets := secretsOf(t, 3)
	for seed := range seeds(1500) {
		s := newScribe(secrets, seed)
		d := &draft{text: []byte(s.source(s.IntN(1500)) + "\n")}
		begins, first := []string{strings.Repeat("A", 24), strings.Repeat("z", 24)}, -1
		if s.IntN(2) == 0 { // one letter decides whether the first line takes in all others
			begins, first = begins[1:], len(d.text)
			d.text = append(d.text, "z"+strings.Repeat("A", 63)+"\n"...)
		}
		for range 1 + s.IntN(20) {
			d.text = append(d.text, begins[s.IntN(len(begins))]+s.noise(30+s.IntN(40))+"\n"...)
		}
		d.text = append(d.text, wrap(base64.StdEncoding.EncodeToString([]byte(s.secret())), 40+s.IntN(30), "\n")...)
		d.text = append(d.text, s.joint()+s.source(s.IntN(1500))...)
		n.taps(t, NewProbe(builtin.Set(), Options{}), s, d, func(text []byte) (spots []int) {
			for _, found := range heads.FindAllIndex(text, -1) {
				spots = append(spots, found[1]+s.IntN(24)-12)
			}
			if first >= 0 {
				spots = []int{first + 4, first + 8, first + 16}
			}
			return spots
		})
	}
	t.Logf("%+v", n)
	if n.texts < share(6000) || n.encoded < share(150) || n.kept < share(5_000_000) {
		t.Errorf("%+v is no test", n)
	}
}

// taps changes three bytes of d, one by one, many of them where spots says.
func (n *probed) taps(t *testing.T, p *Probe, s *scribe, d *draft, spots func(text []byte) []int) {
	t.Helper()
	marks := p.Text(d.text)
	n.check(t, p, d.text, marks)
	for range 3 {
		next := s.tap(d, spots(d.text))
		marks = p.Edited(marks, len(d.text), next.text, next.copies())
		n.keep(p)
		n.check(t, p, next.text, marks)
		d = next
	}
}

// keep counts what p's last text did not look at again.
func (n *probed) keep(p *Probe) {
	for _, k := range p.kept {
		n.kept += k.to - k.from
	}
}

// chain edits d so many times, in up to so many steps each.
func (n *probed) chain(t *testing.T, s *scribe, d *draft, times, steps int) {
	t.Helper()
	p := NewProbe(builtin.Set(), Options{})
	marks := p.Text(d.text)
	n.check(t, p, d.text, marks)
	for range times {
		next := s.edit(d, s.IntN(1+s.IntN(steps)))
		marks = p.Edited(marks, len(d.text), next.text, next.copies())
		n.keep(p)
		n.check(t, p, next.text, marks)
		if d = next; len(d.text) > 100_000 {
			d.text, d.from = d.text[:20_000], nil
			marks = p.Text(d.text)
		}
	}
}
