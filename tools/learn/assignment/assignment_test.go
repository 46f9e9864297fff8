package main

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/tools/learn/rows"
)

// made rows: random values are T, identifiers F.
func someRows() []rows.Row {
	var all []rows.Row
	for i := range 120 {
		r := rows.Row{Repo: i % 12, File: "app.py", Category: "Token", Label: "T", Before: []string{"import config", fmt.Sprintf("user_name = getUser%d()", i)}}
		value := leaktest.Must(uint64(i), "{{alnum 24}}")
		if i%2 == 1 {
			r.Label, value = "F", leaktest.Must(uint64(i), "{{word}}-{{word}}-handler")
		}
		r.Line = fmt.Sprintf("access_token = %q", value)
		r.Start, r.End = 16, 16+len(value)
		all = append(all, r)
	}
	return all
}

// The same rows give the same bytes.
func TestSameBytes(t *testing.T) {
	all := someRows()
	if a, b := learnLetters(all), learnLetters(all); len(a) == 0 || !bytes.Equal(a, b) {
		t.Error("two models differ")
	}
	first, list := learnWeights(all)
	second, _ := learnWeights(all)
	a, err := first.source()
	if err != nil {
		t.Fatal(err)
	}
	b, err := second.source()
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("two lists of weights differ, %v", err)
	}
	if len(list) < 100 || !list[0].yes || list[len(list)-1].yes {
		t.Errorf("%d rows ranked, the first T %v, the last T %v", len(list), list[0].yes, list[len(list)-1].yes)
	}
}

// Made examples are of both sorts, in many files, and as many as are asked for.
func TestMadeExamples(t *testing.T) {
	ex := madeExamples([]string{"summer", "table", "river", "server"})
	yes := 0
	for _, e := range ex {
		yes += b2i(e.yes)
		if len(e.facts) == 0 || e.row != -1 {
			t.Fatalf("%+v", e)
		}
	}
	if yes < made/3 || len(ex)-yes < made/4 {
		t.Errorf("%d of %d are credentials", yes, len(ex))
	}
}

// The curve that is fitted gives back the frequencies it was fitted to.
func TestPlatt(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var list []scored
	for range 20_000 {
		s := rng.Float64()*8 - 4
		list = append(list, scored{example{yes: rng.Float64() < chance(0.7*s-0.3)}, s})
	}
	if slope, shift := platt(list); math.Abs(slope-0.7) > 0.05 || math.Abs(shift+0.3) > 0.05 {
		t.Errorf("slope %.2f, shift %.2f", slope, shift)
	}
}
