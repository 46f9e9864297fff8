package main

import (
	"math"

	"github.com/oakum-sec/oakum/rules/assign"
	"github.com/oakum-sec/oakum/tools/learn/rows"
)

// example is a candidate that is left to the weights.
type example struct {
	facts []int
	yes   bool
	w     float64 // how much it counts
	row   int     // of which it is; -1: made up
	repo  int
	show  string // for the list of errors
}

// rowExamples are the rows' candidates. A row that is no generic one, or on whose
// label people disagree, teaches nothing; nor does what stands on the line of a
// credential without being it.
func rowExamples(all []rows.Row) []example {
	perRepo := map[[2]int]int{}
	for i := range all {
		perRepo[[2]int{all[i].Repo, label(&all[i])}]++
	}
	disagree := rows.NewDisagreement(all)
	var out []example
	for i := range all {
		r := &all[i]
		if !r.Generic() || disagree.Of(r, "") == rows.NoiseBoth {
			continue
		}
		text, from, to := r.Text()
		if !r.True() {
			from, to = r.LineSpan()
		}
		// Some repositories have much the same line hundreds of times.
		w := 1 / math.Sqrt(math.Max(1, float64(perRepo[[2]int{r.Repo, label(r)}])/40))
		for _, a := range assign.Accounts(text, from, to, r.File) {
			if len(a.Facts) == 0 || a.Value[0] >= to || a.Value[1] <= from {
				continue
			}
			out = append(out, example{facts: indexes(a), yes: r.True(), w: w, row: i, repo: r.Repo, show: r.File + "|" + r.Category + "| " + string(text[a.Key[0]:a.Key[1]]) + " " + string(rune(a.Op)) + " " + string(text[a.Value[0]:a.Value[1]])})
		}
	}
	return out
}

func label(r *rows.Row) int {
	if r.True() {
		return 1
	}
	return 0
}

func indexes(a assign.Account) []int {
	out := make([]int, len(a.Facts))
	for i, f := range a.Facts {
		out[i] = f.Index
	}
	return out
}
