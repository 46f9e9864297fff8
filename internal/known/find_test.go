package known

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/scanner"
)

// told is what Find says of a value.
type told struct {
	start, end int
	name, form string
}

// find is what Find says of text[from:to], sorted, without what is no value.
func find(x *Index, text []byte, from, to int) (list []told) {
	x.Find(text, from, to, func(k scanner.KnownHit) {
		if k.End > 0 {
			list = append(list, told{k.Start, k.End, k.Name, k.Form})
		}
	})
	return sorted(list)
}

func sorted(list []told) []told {
	slices.SortFunc(list, func(a, b told) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end), cmp.Compare(a.name, b.name), cmp.Compare(a.form, b.form))
	})
	return slices.Compact(list)
}

// naive looks for every form of every value at every place, with the standard
// library's encoders.
func naive(values map[string][]byte, text []byte) (list []told) {
	for name, v := range values {
		short := len(v) < windowSize
		each(text, v, func(start, end int) {
			if !short || alone(text, start, end) {
				list = append(list, told{start, end, name, ""})
			}
		})
		lower := bytes.ToLower(text)
		each(lower, hex.AppendEncode(nil, v), func(start, end int) {
			if !short || !(start > 0 && isIn(hexDigits, text[start-1])) && !(end < len(text) && isIn(hexDigits, text[end])) {
				list = append(list, told{start, end, name, "hex"})
			}
		})
		list = append(list, naiveBase64(name, v, text)...)
		for i, s := range spellings(v) {
			if !bytes.Equal(s, v) {
				each(text, s, func(start, end int) {
					if !short || alone(text, start, end) {
						list = append(list, told{start, end, name, formOf(i)})
					}
				})
			}
		}
	}
	return sorted(list)
}

// formOf is what the ith of the spellings is called.
func formOf(i int) string {
	switch {
	case i < 5:
		return "percent"
	case i < 12:
		return "escape"
	}
	return "shell-quote"
}

const (
	hexDigits   = "0123456789abcdefABCDEF"
	base64Chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
	wordChars   = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
)

func isIn(set string, c byte) bool { return strings.IndexByte(set, c) >= 0 }

func alone(text []byte, start, end int) bool {
	cut := func(at int) bool {
		return at > 0 && at < len(text) && isIn(wordChars, text[at-1]) && isIn(wordChars, text[at])
	}
	return !cut(start) && !cut(end)
}

func each(text, what []byte, use func(start, end int)) {
	for at := 0; ; at++ {
		i := bytes.Index(text[at:], what)
		if i < 0 {
			return
		}
		at += i
		use(at, at+len(what))
	}
}

// naiveBase64 decodes, by the standard library, whatever could hold the value.
func naiveBase64(name string, v, text []byte) (list []told) {
	plain := []byte(strings.NewReplacer("-", "+", "_", "/").Replace(string(text)))
	for before := range 3 {
		first, last := before*8/6, (8*(before+len(v))+5)/6
		padded := append(make([]byte, before, before+len(v)), v...)
		whole := (8*before + 5) / 6 // the first character that is the value's alone
		sure := []byte(base64.RawStdEncoding.EncodeToString(padded))[whole : 8*(before+len(v))/6]
		each(plain, sure, func(at, _ int) {
			start := at - (whole - first)
			end := start + last - first
			if start < 0 || end > len(text) {
				return
			}
			chars := slices.Concat(bytes.Repeat([]byte("A"), first), plain[start:end])
			for len(chars)%4 != 0 {
				chars = append(chars, 'A')
			}
			out := make([]byte, len(chars)/4*3)
			if _, err := base64.StdEncoding.Decode(out, chars); err != nil || !bytes.Equal(out[before:before+len(v)], v) {
				return
			}
			inside := start > 0 && isIn(base64Chars, text[start-1]) || end < len(text) && isIn(base64Chars, text[end])
			if len(v) >= windowSize || before == 0 && !inside {
				list = append(list, told{start, end, name, "base64"})
			}
		})
	}
	return list
}

// library is an index and the values in it.
type library struct {
	*Index
	values map[string][]byte
}

func newLibrary(tb testing.TB, r *rand.Rand, n int) library {
	tb.Helper()
	l := library{New(testKey(tb, r.Uint64())), map[string][]byte{}}
	var list []Candidate
	for i := range n {
		size := []int{MinSize + r.IntN(8), 16 + r.IntN(4), 20 + r.IntN(60), 200 + r.IntN(3000)}[r.IntN(4)]
		if i == 0 && r.IntN(8) == 0 {
			size = MaxSize
		}
		name := fmt.Sprintf("v%03d", i)
		l.values[name] = value(r, size)
		list = append(list, Candidate{name, leak.NewSecret(l.values[name])})
	}
	if added, _, err := l.Add(list, true); err != nil || added != n {
		tb.Fatalf("%d of %d added: %v", added, n, err)
	}
	return l
}

// plant is a form of a value, embedded or not, whole or not.
func (l library) plant(r *rand.Rand) []byte {
	v := l.values[fmt.Sprintf("v%03d", r.IntN(len(l.values)))]
	if r.IntN(6) == 0 { // a part, or one that is not quite it
		v = slices.Clone(v)
		v[r.IntN(len(v))] ^= 1
		v = v[r.IntN(3)*len(v)/8:]
	}
	return encode(r, v)
}

func encode(r *rand.Rand, v []byte) []byte {
	around := slices.Concat(value(r, r.IntN(7)), v, value(r, r.IntN(7)))
	switch r.IntN(14) {
	case 0:
		return []byte(base64.StdEncoding.EncodeToString(v))
	case 1:
		return []byte(base64.StdEncoding.EncodeToString(around))
	case 2:
		return []byte(base64.RawURLEncoding.EncodeToString(around))
	case 3:
		return hex.AppendEncode(nil, v)
	case 4:
		return bytes.ToUpper(hex.AppendEncode(nil, around))
	case 5, 6, 7, 8, 9, 10:
		s := spellings(v)
		return s[r.IntN(len(s))]
	}
	return v
}

var joints = []string{"", " ", "\n", `"`, "=", "x", "_", "'", `\`, "%", "%41", `\\`, "/", "0", "AAAA", "-", "é"}

func (l library) text(r *rand.Rand, pieces int) []byte {
	var text []byte
	for range pieces {
		text = append(text, joints[r.IntN(len(joints))]...)
		switch r.IntN(4) {
		case 0:
			text = append(text, value(r, r.IntN(60))...)
		case 1:
			text = append(text, "some words, (and brackets) = more\n"[r.IntN(20):]...)
		default:
			text = append(text, l.plant(r)...)
		}
	}
	return text
}

// TestOracle compares with a naive search for all forms of all values.
func TestOracle(t *testing.T) {
	forms := map[string]int{}
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 7))
		l := newLibrary(t, r, 1+r.IntN(30))
		text := l.text(r, 1+r.IntN(40))
		got, want := find(l.Index, text, 0, len(text)), naive(l.values, text)
		for _, w := range want {
			forms[w.form]++
		}
		if missing(got, want) || missing(unescaped(want), unescaped(got)) {
			t.Fatalf("seed %d: %d bytes\nhave %v\nwant %v\n%q", seed, len(text), got, want, text)
		}
		checkEscaped(t, l, text, got)
	}
	t.Log(forms)
	for form, n := range map[string]int{"": 1000, "base64": 400, "hex": 300, "percent": 100, "escape": 100, "shell-quote": 10} {
		if forms[form] < n {
			t.Errorf("%q: %d cases, too few", form, forms[form])
		}
	}
}

// missing tells whether something of want is not among have. Where a row of
// backslashes stands before an escaped value, it may begin with the last one or behind.
func missing(have, want []told) bool {
	return slices.ContainsFunc(want, func(w told) bool {
		behind := w
		behind.start++
		return !slices.Contains(have, w) && (w.form != "escape" || !slices.Contains(have, behind))
	})
}

// unescaped are those of the forms that have one spelling.
func unescaped(list []told) []told {
	return slices.DeleteFunc(slices.Clone(list), func(k told) bool { return k.form != "" && k.form != "base64" && k.form != "hex" })
}

// checkEscaped holds that what is told to be an escaped value decodes to it: programs
// mix spellings as they like.
func checkEscaped(t *testing.T, l library, text []byte, list []told) {
	t.Helper()
	for _, k := range list {
		for m := range schemes {
			if marks[m].name != k.form {
				continue
			}
			v := l.values[k.name]
			got, end := m.forward(nil, text, k.start, len(v))
			if end != k.end || !bytes.Equal(got, v) {
				t.Errorf("%v does not decode to its value", k)
			}
		}
	}
}

// TestWindows: what is found in stretches of a text is what is found in all of it, and
// each anchor depends on no more than it says.
func TestWindows(t *testing.T) {
	found, far, open := 0, 0, 0
	for seed := range uint64(120) {
		r := rand.New(rand.NewPCG(seed, 8))
		l := newLibrary(t, r, 1+r.IntN(20))
		text := l.text(r, 1+r.IntN(60))
		whole := anchors(l.Index, text, 0, len(text))
		var pieces []string
		for from := 0; from < len(text); {
			to := min(len(text), from+r.IntN(300))
			pieces = append(pieces, anchors(l.Index, text, from, to)...)
			from = to
		}
		if !slices.Equal(whole, pieces) {
			t.Fatalf("seed %d: whole %v\nin pieces %v", seed, whole, pieces)
		}
		l.Find(text, 0, len(text), func(k scanner.KnownHit) {
			left, right := max(k.Left, rules.Near), max(k.Right, rules.Near)
			low, high := max(0, k.At-left), min(len(text), k.At+right)
			if !slices.Contains(anchors(l.Index, text[low:high], k.At-low, k.At-low+1), describe(k, low)) {
				t.Errorf("seed %d: %+v is another one where only what it says has a say", seed, k)
			}
			found++
			if k.Left > 0 {
				far++
			}
			if k.End == 0 {
				open++
			}
		})
	}
	t.Logf("%d anchors, %d of long values, %d without a value", found, far, open)
	if found < 1000 || far < 500 || open < 100 {
		t.Error("too few anchors to say anything")
	}
}

func anchors(x *Index, text []byte, from, to int) (list []string) {
	x.Find(text, from, to, func(k scanner.KnownHit) { list = append(list, describe(k, 0)) })
	return list
}

// describe says where an anchor is of a text that begins at low.
func describe(k scanner.KnownHit, low int) string {
	k.At -= low
	if k.End > 0 {
		k.Start, k.End = k.Start-low, k.End-low
	}
	return fmt.Sprintf("%d %d %d %d:%d %q %q %s", k.At, k.Left, k.Right, k.Start, k.End, k.Value, k.Form, k.Name)
}
