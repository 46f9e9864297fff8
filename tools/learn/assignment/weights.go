package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"github.com/oakum-sec/oakum/rules/assign"
	"github.com/oakum-sec/oakum/tools/learn/rows"
)

// ridge is what a weight costs for being away from 0.
const ridge = 1.0

// folds is how many times the training rows are cut, by repository, so that each is
// scored by weights learnt from the others.
const folds = 8

// weights are learnt ones, and the curve that makes a probability of their sum.
type weights struct {
	w            []float64
	slope, shift float64
}

func score(w []float64, facts []int) (s float64) {
	for _, x := range facts {
		s += w[x]
	}
	return s
}

func chance(s float64) float64 { return 1 / (1 + math.Exp(-s)) }

// fit is a logistic regression by AdaGrad over all examples at a time, in their
// order: the same examples give the same weights.
func fit(ex []example) []float64 {
	w, g2 := make([]float64, assign.Facts), make([]float64, assign.Facts)
	for i := range g2 {
		g2[i] = 1e-6
	}
	g := make([]float64, assign.Facts)
	for range 400 {
		clear(g)
		for _, e := range ex {
			d := e.w * (chance(score(w, e.facts)) - float64(b2i(e.yes)))
			for _, x := range e.facts {
				g[x] += d
			}
		}
		for i := range w {
			if i > 0 { // the bias costs nothing
				g[i] += float64(ridge * w[i])
			}
			g2[i] += float64(g[i] * g[i])
			w[i] -= float64(0.5 * g[i] / math.Sqrt(g2[i]))
		}
	}
	return w
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// scored is a row's candidate that speaks loudest for it.
type scored struct {
	example
	s float64
}

// learnWeights learns from all rows, and scores each by what the others taught.
func learnWeights(train []rows.Row) (weights, []scored) {
	real, made := rowExamples(train), madeExamples(vocabularyOf(train).common)
	best := map[int]scored{}
	for fold := range folds {
		var in []example
		for _, e := range real {
			if e.repo%folds != fold {
				in = append(in, e)
			}
		}
		keepBest(best, real, fit(append(in, made...)), func(e example) bool { return e.repo%folds == fold })
	}
	list := ranked(best)
	m := weights{w: fit(append(slices.Clone(real), made...))}
	m.slope, m.shift = platt(list)
	fmt.Printf("examples: %d of rows, %d made up; a probability is that of %.3f × sum %+.3f\n", len(real), len(made), m.slope, m.shift)
	table(os.Stdout, "repositories in turn", list)
	m.reliability(os.Stdout, list)
	return m, list
}

func keepBest(best map[int]scored, ex []example, w []float64, want func(example) bool) {
	for _, e := range ex {
		if !want(e) {
			continue
		}
		s := score(w, e.facts)
		if old, ok := best[e.row]; !ok || s > old.s {
			best[e.row] = scored{e, s}
		}
	}
}

func ranked(best map[int]scored) []scored {
	var list []scored
	for _, s := range best {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b scored) int { return cmp.Or(cmp.Compare(b.s, a.s), cmp.Compare(a.row, b.row)) })
	return list
}

// measure prints how the weights do on rows that they were not learnt from.
func (m weights) measure(dev []rows.Row) []scored {
	best := map[int]scored{}
	keepBest(best, rowExamples(dev), m.w, func(example) bool { return true })
	list := ranked(best)
	table(os.Stdout, "rows to check", list)
	m.reliability(os.Stdout, list)
	return list
}

// platt fits the curve from a sum of weights to a probability (J. Platt,
// "Probabilistic outputs for support vector machines", 1999), by Newton's method. As
// there, nothing is taken for quite sure: of n credentials (n+1)/(n+2) are.
func platt(list []scored) (slope, shift float64) {
	var n [2]float64
	for _, x := range list {
		n[b2i(x.yes)]++
	}
	target := [2]float64{1 / (n[0] + 2), (n[1] + 1) / (n[1] + 2)}
	for range 50 {
		var g0, g1, h01 float64
		h00, h11 := 1e-6, 1e-6
		for _, x := range list {
			p := chance(slope*x.s + shift)
			d, v := p-target[b2i(x.yes)], p*(1-p)
			g0, g1 = g0+d, g1+float64(d*x.s)
			h00, h01, h11 = h00+v, h01+float64(v*x.s), h11+float64(v*x.s*x.s)
		}
		det := float64(h00*h11) - float64(h01*h01)
		shift -= (float64(h11*g0) - float64(h01*g1)) / det
		slope -= (float64(h00*g1) - float64(h01*g0)) / det
	}
	return slope, shift
}

// table prints precision at some recalls.
func table(out io.Writer, name string, list []scored) {
	all := 0
	for _, x := range list {
		all += b2i(x.yes)
	}
	fmt.Fprintf(out, "%s: %d credentials, %d others:", name, all, len(list)-all)
	for _, want := range []float64{0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97} {
		tp, fp := 0, 0
		for _, x := range list {
			if float64(tp) >= want*float64(all) {
				break
			}
			tp, fp = tp+b2i(x.yes), fp+b2i(!x.yes)
		}
		fmt.Fprintf(out, "  %.2f at %.2f", float64(tp)/float64(tp+fp), want)
	}
	fmt.Fprintln(out)
}

// reliability prints, by steps of probability, how many candidates got it and how
// many of them are credentials.
func (m weights) reliability(out io.Writer, list []scored) {
	const steps = 10
	var n, yes [steps]int
	var sum [steps]float64
	for _, x := range list {
		p := chance(m.slope*x.s + m.shift)
		i := min(int(p*steps), steps-1)
		n[i], yes[i], sum[i] = n[i]+1, yes[i]+b2i(x.yes), sum[i]+p
	}
	for i := range n {
		if n[i] > 0 {
			fmt.Fprintf(out, "  said %.2f  is %.2f  of %d\n", sum[i]/float64(n[i]), float64(yes[i])/float64(n[i]), n[i])
		}
	}
}
