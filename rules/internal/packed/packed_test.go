package packed

import "testing"

// TestReader: what was written is read again, and what was cut turns bad.
func TestReader(t *testing.T) {
	words := [4]uint64{1, 1 << 63, 0, ^uint64(0)}
	var w Writer
	w.Number(0)
	w.Number(1 << 40)
	w.Text("")
	w.Text("harbour")
	w.Words(words)
	read := func(text string) (*Reader, bool) {
		r := NewReader(text)
		same := r.Number(9) == 0 && r.Number(1<<40) == 1<<40 && r.Text() == "" && r.Text() == "harbour" && r.Words() == words
		return r, same
	}
	if r, same := read(string(w)); !same || !r.Ok() {
		t.Errorf("the same: %v, ok: %v", same, r.Ok())
	}
	for n := range w {
		if r, _ := read(string(w[:n])); r.Ok() {
			t.Errorf("cut after %d bytes: ok", n)
		}
	}
	if r, _ := read(string(w) + "x"); r.Ok() {
		t.Error("with a byte more: ok")
	}
	if r := NewReader("\x0a"); r.Number(9) != 0 || r.Ok() {
		t.Error("a number over its limit: ok")
	}
}
