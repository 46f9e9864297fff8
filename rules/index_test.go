package rules

import (
	"reflect"
	"slices"
	"testing"
)

// TestIndex: a Set read from an index finds what the rules it was made of find,
// and holds the same rules.
func TestIndex(t *testing.T) {
	list := append(builtinRules(t), windowRules()...)
	list = append(list, Rule{ID: "by-path", Path: `\.p12$`, File: "theirs.toml"}, Rule{ID: "slow", Regex: `[0-9]{9}`, Keywords: []string{"vendor"}})
	list = slices.DeleteFunc(list, func(r Rule) bool { return r.ID == "generic" })
	made := naked(t, list)
	index, err := Index(list)
	if err != nil {
		t.Fatal(err)
	}
	read, err := Open(string(index))
	if err != nil {
		t.Fatal(err)
	}
	if read.Reach() != made.Reach() || read.BodyReach() != made.BodyReach() {
		t.Errorf("reach %d and %d, want %d and %d", read.Reach(), read.BodyReach(), made.Reach(), made.BodyReach())
	}
	r, n := newSampler(13), 0
	for range 30 {
		text := append(longText(made, r, 5000), "vendor 123456789"...)
		got, want := spots(read.Append(nil, text)), spots(made.Append(nil, text))
		if !slices.Equal(got, want) {
			t.Fatal(firstDifference(got, want))
		}
		n += len(want)
	}
	if n < 500 {
		t.Errorf("%d matches: too few to say anything", n)
	}
	for i, r := range read.Rules() {
		if want := made.Rules()[i]; !reflect.DeepEqual(r, want) {
			t.Errorf("rule %s: read %+v, want %+v", want.ID, r, want)
		}
		if read.Lane(r.ID) != made.Lane(r.ID) {
			t.Errorf("rule %s: lane %s", r.ID, read.Lane(r.ID))
		}
	}
}

// TestBrokenIndex: an index that was cut or changed is an error, not a crash.
func TestBrokenIndex(t *testing.T) {
	index, err := Index(trickyRules())
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(index); n += 1 + n/50 {
		if _, err := Open(string(index[:n])); err == nil {
			t.Errorf("cut after %d bytes: opened", n)
		}
	}
	if _, err := Open(string(index) + "x"); err == nil {
		t.Error("with a byte more: opened")
	}
}
