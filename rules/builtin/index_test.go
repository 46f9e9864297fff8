package builtin

import (
	"testing"

	"github.com/oakum-sec/oakum/rules"
)

// TestIndexIsFresh: index.bin is what the TOML files compile to now.
func TestIndexIsFresh(t *testing.T) {
	all, err := Rules()
	if err != nil {
		t.Fatal(err)
	}
	want, err := rules.Index(all)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != index {
		t.Fatal("index.bin is stale: run go generate ./rules/builtin")
	}
	if len(all) < 650 || len(Set().Rules()) != len(all) {
		t.Errorf("%d rules, %d in the set", len(all), len(Set().Rules()))
	}
}

// TestFastLane: all of ours are found by a literal.
func TestFastLane(t *testing.T) {
	s := Set()
	for _, r := range s.Rules() {
		if lane := s.Lane(r.ID); lane != "fast" {
			t.Errorf("rule %s is in the %s lane", r.ID, lane)
		}
	}
}

// BenchmarkSet is the start-up that every run of oakum pays.
func BenchmarkSet(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Set()
	}
}

// BenchmarkCompile is what it would be without the index.
func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		all, err := Rules()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := rules.Compile(all); err != nil {
			b.Fatal(err)
		}
	}
}
