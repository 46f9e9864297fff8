package scanner

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/builtin"
)

// TestProbeLarge has texts of several windows, and in them encoded text that is
// longer than what a window shows of the text before it.
func TestProbeLarge(t *testing.T) {
	var n probed
	secrets := secretsOf(t, 4)
	for seed := range uint64(8) {
		s := newScribe(secrets, seed)
		var long strings.Builder
		for long.Len() < 20_000+int(seed)/4*300_000 {
			long.WriteString(s.source(5000) + s.secret() + "\n")
		}
		encode := []string{"base64", "base64 wrapped", "percent", "hex"}[seed%4]
		d := &draft{}
		for len(d.text) < windowSize+1000 {
			d.text = append(d.text, s.source(100_000)...)
		}
		d.text = append(d.text, encoders[encode](long.String())...)
		for len(d.text) < 2*windowSize {
			d.text = append(d.text, s.source(100_000)+s.secret()+"\n"...)
		}
		n.large(t, s, d)
	}
	t.Logf("%+v", n)
	if n.texts < 40 || n.all < 15 || n.matches < 100 || n.kept < 10_000_000 {
		t.Errorf("%+v is no test", n)
	}
}

func (n *probed) large(t *testing.T, s *scribe, d *draft) {
	t.Helper()
	p := NewProbe(builtin.Set(), Options{})
	marks := p.Text(d.text)
	for range 5 {
		n.check(t, p, d.text, marks)
		regions, all := marks.Regions()
		sameScan(t, p, d.text, regions, all)
		next := s.edit(d, s.IntN(4))
		marks = p.Edited(marks, len(d.text), next.text, next.copies())
		n.keep(p)
		d = next
	}
}

// TestProbeKinds: what a text is follows from its first bytes, and so does whether
// its marks are worth anything to the next.
func TestProbeKinds(t *testing.T) {
	secret := leaktest.Must(1, `x = "{{github "ghp_"}}"`)
	wide := func(s string) []byte { return encode16("\uFEFF"+s, binary.LittleEndian) }
	filler := strings.Repeat("some words ", 2000)
	p := NewProbe(builtin.Set(), Options{})
	var last []byte
	var marks *Marks
	for i, c := range []struct {
		text          []byte
		places, whole bool
	}{
		{[]byte(filler), false, false},
		{[]byte(filler + secret), true, false},
		{wide(filler + secret), false, true},
		{wide(filler), false, false},
		{[]byte(filler), false, false},
		{wide(filler), false, false},
		{[]byte(secret + filler), true, false},
		{wide(secret + filler), false, true},
		{[]byte(filler + secret), true, false},
		{nil, false, false},
	} {
		marks = p.Edited(marks, len(last), c.text, common(last, c.text))
		last = c.text
		if regions, whole := marks.Regions(); len(regions) > 0 != c.places || whole != c.whole {
			t.Errorf("text %d: %d regions, whole is %v", i, len(regions), whole)
		}
		if !sameMarks(marks, p.Text(c.text)) {
			t.Errorf("text %d: marked %s, anew %s", i, marks, p.Text(c.text))
		}
	}
}

// common is the longest end that two texts share, as a delta may have it.
func common(old, text []byte) []Copied {
	n := 0
	for n < min(len(old), len(text)) && old[len(old)-1-n] == text[len(text)-1-n] {
		n++
	}
	if n == 0 {
		return nil
	}
	return []Copied{{At: len(text) - n, From: len(old) - n, Len: n}}
}

// TestProbeOptions: what a scan would not do, or tells a Gap of.
func TestProbeOptions(t *testing.T) {
	secret := leaktest.Must(1, `x = "{{github "ghp_"}}"`)
	text := []byte("x\n" + encoders["base64"](secret+strings.Repeat(" and words", 9)) + "\n")
	slow, err := rules.Compile([]rules.Rule{{ID: "slow", Regex: `[a-z]+[0-9]+`}})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		set           *rules.Set
		opt           Options
		places, whole bool
	}{
		"none":        {builtin.Set(), Options{}, true, false},
		"no decoding": {builtin.Set(), Options{NoDecode: true}, false, false},
		"large":       {builtin.Set(), Options{MaxSize: int64(len(text)) - 1}, false, true},
		"not large":   {builtin.Set(), Options{MaxSize: int64(len(text))}, true, false},
		"slow lane":   {slow, Options{}, false, true},
	} {
		regions, whole := NewProbe(c.set, c.opt).Text(text).Regions()
		if len(regions) > 0 != c.places || whole != c.whole {
			t.Errorf("%s: %d regions, whole is %v", name, len(regions), whole)
		}
	}
}

// TestProbeNothing: a text that has nothing costs no memory, and one that has not
// changed shares what is known of it.
func TestProbeNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("sync.Pool drops at random under the race detector")
	}
	p := NewProbe(builtin.Set(), Options{})
	text := []byte(strings.Repeat("for i := range words { words[i] = trimmed(words[i], \"\\n\") }\n", 900))
	copies := []Copied{{At: 0, From: 0, Len: 9000}, {At: 9000, From: 20_000, Len: 9000}}
	if p.Text(text) != nil {
		t.Fatal("the text has something")
	}
	if n := testing.AllocsPerRun(20, func() { p.Edited(nil, 40_000, text[:20_000], copies) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
	found := append([]byte(leaktest.Must(1, `x = "{{github "ghp_"}}"`)+"\n"), text...)
	marks := p.Text(found)
	if again := p.Edited(marks, len(found), found[:9000], copies[:1]); again != marks {
		t.Error("the same marks are held twice")
	}
}

// TestProbeMuch: a text with more places than are kept is scanned whole, however it
// came by them, until it has fewer.
func TestProbeMuch(t *testing.T) {
	line := leaktest.Must(1, `x = "{{github "ghp_"}}"`) + "\n"
	some, many := []byte(strings.Repeat(line, maxPlaces-9)), []byte(strings.Repeat(line, maxPlaces+9))
	p := NewProbe(builtin.Set(), Options{})
	marks, last := p.Text(some), some
	for i, text := range [][]byte{many, some, many[:len(many)-len(line)], some} {
		marks = p.Edited(marks, len(last), text, []Copied{{Len: min(len(last), len(text))}})
		if _, whole := marks.Regions(); whole != (i%2 == 0) || !sameMarks(marks, p.Text(text)) {
			t.Errorf("text %d: whole is %v", i, whole)
		}
		last = text
	}
}

// BenchmarkProbe has a text and ten edits of it: what Append costs, what it costs to
// probe it, and to probe an edit.
func BenchmarkProbe(b *testing.B) {
	s := newScribe(nil, 1)
	text := []byte(s.source(40_000))
	d := &draft{text: text, from: count(0, len(text))}
	for range 10 {
		at := s.IntN(len(d.text) - 50)
		d.replace(at, at+s.IntN(50), []byte(s.source(50)), nil)
	}
	p, copies := NewProbe(builtin.Set(), Options{}), d.copies()
	for name, run := range map[string]func(){
		"append": func() { p.set.Append(nil, d.text) },
		"text":   func() { p.Text(d.text) },
		"edited": func() { p.Edited(nil, len(text), d.text, copies) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(d.text)))
			for b.Loop() {
				run()
			}
		})
	}
}

// FuzzEdited lets the fuzzer choose a text and what is done to it.
func FuzzEdited(f *testing.F) {
	secrets := secretsOf(f, 5)
	for seed := range uint64(20) {
		f.Add(newScribe(secrets, seed).write(2).text, seed, uint8(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte, seed uint64, steps uint8) {
		var n probed
		n.chain(t, newScribe(secrets, seed), &draft{text: text}, 3, 1+int(steps%100))
	})
}
