//go:build train

// The weights are learnt here, from rows that are not part of this repository:
//
//	go test -tags train -run TestTrain -v ./rules/assign -labelled DIR [-trees DIR:DIR]
//
// DIR holds train.jsonl and dev.jsonl: lines of public source with the span of a
// value and whether it is a credential. What is learnt are sums over shapes of
// names and values; no row and no word of a row goes into weights.go.
package assign

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

var (
	labelled = flag.String("labelled", "", "folder of train.jsonl and dev.jsonl")
	trees    = flag.String("trees", "", "colon-separated source trees whose candidates count as negatives")
	reports  = flag.String("reports", os.TempDir(), "folder that lists of errors are written to")
	ridge    = flag.Float64("ridge", 1, "")
	synthW   = flag.Float64("synthweight", 0.25, "")
	treeW    = flag.Float64("treeweight", 0.15, "")
)

func train(ex []example) []float64 {
	w := make([]float64, fCount)
	g2 := make([]float64, fCount)
	for i := range g2 {
		g2[i] = 1e-6
	}
	for epoch := 0; epoch < 400; epoch++ {
		g := make([]float64, fCount)
		for _, e := range ex {
			s := 0.0
			for _, x := range e.f {
				s += w[x]
			}
			d := e.w * (1/(1+math.Exp(-s)) - e.y)
			for _, x := range e.f {
				g[x] += d
			}
		}
		for i := range w {
			if i != int(fBias) {
				g[i] += *ridge * w[i]
			}
			g2[i] += g[i] * g[i]
			w[i] -= 0.5 * g[i] / math.Sqrt(g2[i])
		}
	}
	return w
}

func evaluate(t *testing.T, name string, rows []row, ex []example, w []float64) {
	best := map[int]float64{}
	for _, e := range ex {
		s := 0.0
		for _, x := range e.f {
			s += w[x]
		}
		if old, ok := best[e.row]; !ok || s > old {
			best[e.row] = s
		}
	}
	for _, group := range []string{"all", "config", "code", "docs"} {
		T := 0
		type sc struct {
			s float64
			y bool
		}
		var list []sc
		for i, r := range rows {
			k := kindOfPath(r.File)
			g := "config"
			switch k {
			case code, query, log:
				g = "code"
			case docs:
				g = "docs"
			}
			if group != "all" && g != group {
				continue
			}
			if r.Label == "T" {
				T++
			}
			if s, ok := best[i]; ok {
				list = append(list, sc{s, r.Label == "T"})
			}
		}
		sort.Slice(list, func(i, j int) bool { return list[i].s > list[j].s })
		line := fmt.Sprintf("%s %s T=%d cand=%d:", name, group, T, len(list))
		for _, th := range []float64{-1, -0.5, 0, 0.5, 1, 1.5, 2} {
			tp, fp := 0, 0
			for _, x := range list {
				if x.s >= th {
					if x.y {
						tp++
					} else {
						fp++
					}
				}
			}
			line += fmt.Sprintf("  [%.1f] P%.2f R%.2f", th, float64(tp)/float64(tp+fp+1), float64(tp)/float64(T))
		}
		t.Log(line)
	}
}

// crossValidate scores each repository by weights learnt from the others, and
// lists the errors.
func crossValidate(t *testing.T, rows []row, ex, bg []example) {
	const folds = 6
	type scored struct {
		e example
		s float64
	}
	best := map[int]scored{}
	for fold := range folds {
		var in, out []example
		for _, e := range ex {
			if rows[e.row].Repo%folds == fold {
				out = append(out, e)
			} else {
				in = append(in, e)
			}
		}
		w := train(append(in, bg...))
		for _, e := range out {
			s := 0.0
			for _, x := range e.f {
				s += w[x]
			}
			if old, ok := best[e.row]; !ok || s > old.s {
				best[e.row] = scored{e, s}
			}
		}
	}
	f, _ := os.Create(filepath.Join(*reports, "crossvalidation.txt"))
	defer f.Close()
	var list []scored
	T := 0
	for i, r := range rows {
		if r.Label == "T" {
			T++
		}
		if b, ok := best[i]; ok {
			list = append(list, b)
			fmt.Fprintf(f, "%s %+.2f %d %s|%s| %s\n", r.Label, b.s, r.Repo, r.File, r.Category, b.e.show)
		} else if r.Label == "T" {
			fmt.Fprintf(f, "N %s|%s| %s\n", r.File, r.Category, strings.TrimSpace(r.Line))
		}
	}
	line := "cv: "
	for _, th := range []float64{-1, -0.5, 0, 0.5, 1, 1.5, 2} {
		tp, fp, wtp, wfp := 0, 0, 0.0, 0.0
		for _, x := range list {
			if x.s >= th {
				if x.e.y == 1 {
					tp++
					wtp += x.e.w
				} else {
					fp++
					wfp += x.e.w
				}
			}
		}
		line += fmt.Sprintf("  [%.1f] P%.3f R%.3f (by repo P%.2f)", th, float64(tp)/float64(tp+fp+1), float64(tp)/float64(T), wtp/(wtp+wfp))
	}
	t.Log(line)
}

func TestTrain(t *testing.T) {
	rows := loadRows(filepath.Join(*labelled, "train.jsonl"))
	dev := loadRows(filepath.Join(*labelled, "dev.jsonl"))
	ex, dx := examples(rows), examples(dev)
	var bg []example
	if *trees != "" {
		bg = background(4000)
	}
	syn := synthetic()
	t.Log(len(ex), len(dx), "background", len(bg), "synthetic", len(syn))
	bg = append(bg, syn...)
	w := train(append(ex, bg...))
	crossValidate(t, rows, ex, bg)
	evaluate(t, "dev", dev, dx, w)
	type bgs struct {
		s float64
		t string
	}
	var tops []bgs
	low := 0
	for _, e := range syn {
		s := 0.0
		for _, x := range e.f {
			s += w[x]
		}
		if s < 1 {
			if low++; low < 40 {
				t.Logf("synthetic %.2f %s", s, e.show)
			}
		}
	}
	t.Log("synthetic missed", low)
	for _, e := range bg[:len(bg)-len(syn)] {
		s := 0.0
		for _, x := range e.f {
			s += w[x]
		}
		tops = append(tops, bgs{s, e.show})
	}
	sort.Slice(tops, func(i, j int) bool { return tops[i].s > tops[j].s })
	out, _ := os.Create(filepath.Join(*reports, "negatives.txt"))
	for _, x := range tops {
		fmt.Fprintf(out, "%.2f %.200s\n", x.s, strings.ReplaceAll(x.t, "\n", "\\n"))
	}
	out.Close()
	var b bytes.Buffer
	b.WriteString("package assign\n\n// Code generated by train_test.go; DO NOT EDIT.\n\n// weights are in hundredths of a logit.\nvar weights = [fCount]int16{\n")
	n := 0
	for _, g := range []struct {
		name       string
		rows, cols int
	}{{"facts, in the order of feature.go", 1, int(fOp)}, {"operator", 1, int(numOps)}, {"length: words, odd", int(numLengths), 2}, {"oddity", 1, int(numOdds)}, {"kind of file: quoted, bare", int(numKinds), 2},
		{"strength × shape", strengths, int(numShapes)}, {"kind of file × shape", int(numKinds), int(numShapes)}, {"strength × length", strengths, int(numLengths)}, {"strength × operator", strengths, int(numOps)}, {"strength × kind of file", strengths, int(numKinds)}} {
		fmt.Fprintf(&b, "// %s\n", g.name)
		for range g.rows {
			for range g.cols {
				fmt.Fprintf(&b, "%d, ", int(math.Round(w[n]*100)))
				n++
			}
			b.WriteString("\n")
		}
	}
	b.WriteString("}\n")
	if n != int(fCount) {
		t.Fatalf("wrote %d weights of %d", n, fCount)
	}
	if err := os.WriteFile("weights.go", b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
