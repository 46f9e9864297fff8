package assign

import (
	"bytes"
	"testing"
)

// FuzzParse holds what the package promises: spans lie in the text and within
// Reach of the keyword, nothing panics, and the bytes within Reach decide alone.
func FuzzParse(f *testing.F) {
	for i, form := range forms {
		text, key, _ := written(form.text, random(uint64(i), 20))
		f.Add([]byte(text), uint16(key[0]), uint8(key[1]-key[0]))
	}
	long := bytes.Repeat([]byte("x='"), 300)
	f.Add(append(append(long, []byte("password = \"")...), long...), uint16(len(long)), uint8(8))
	f.Fuzz(func(t *testing.T, text []byte, where uint16, length uint8) {
		at := int(where)
		end := at + int(length)
		a, ok := Parse(text, at, end)
		if end > len(text) || at == end {
			if ok {
				t.Fatal("parsed outside of the text")
			}
			return
		}
		low, high := max(0, at-Reach), min(len(text), end+Reach)
		b, same := Parse(text[low:high], at-low, end-low)
		if ok != same || ok && b.moved(low) != a {
			t.Fatalf("in a window: %v %+v, in the whole: %v %+v", same, b.moved(low), ok, a)
		}
		if !ok {
			return
		}
		spans(t, a, low, high)
		whole, as := a.Plainly(text)
		part, bs := b.Plainly(text[low:high])
		if got, want := string(bs.Plain(part)), string(a.Plain(text)); got != want || string(whole[as.Value[0]:as.Value[1]]) != want && a.Is(Spelt) && want != "" {
			t.Fatalf("in a window it says %q, in the whole %q", got, want)
		}
		if why, inWindow := a.Plausible(text), b.Plausible(text[low:high]); why != inWindow {
			t.Fatalf("in a window %q, in the whole %q", inWindow, why)
		}
		if again, ok := Parse(text, a.Key[0], a.Key[1]); ok && again.Key != a.Key {
			t.Fatalf("the name at %v read again is at %v", a.Key, again.Key)
		}
		for _, path := range []string{"", "a.yml", "a.go", "a_test.md"} {
			a.Fits(text, []string{path})
		}
	})
}

func spans(t *testing.T, a Assignment, low, high int) {
	t.Helper()
	for _, s := range [][2]int{a.Key, a.Value} {
		if s[0] < low || s[1] > high || s[0] >= s[1] {
			t.Fatalf("span %v is empty or outside of [%d, %d)", s, low, high)
		}
	}
	if a.Key[1] > a.Value[0] && (a.Op != Pair || a.Value[1] > a.Key[0]) {
		t.Fatalf("value %v before the end of the name %v", a.Value, a.Key)
	}
	if n := a.Value[1] - a.Value[0]; n > MaxValue {
		t.Fatalf("value of %d bytes", n)
	}
}
