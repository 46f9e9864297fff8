package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// tally is what a group of rows came to.
type tally struct{ hits, misses, alarms, quiet int }

func (t *tally) add(j *judged, least float64) {
	switch {
	case j.True() && j.hit(least):
		t.hits++
	case j.True():
		t.misses++
	case j.hit(least):
		t.alarms++
	default:
		t.quiet++
	}
}

func share(part, all int) float64 {
	if all == 0 {
		return 0
	}
	return float64(part) / float64(all)
}

func (t tally) precision() float64 { return share(t.hits, t.hits+t.alarms) }
func (t tally) recall() float64    { return share(t.hits, t.hits+t.misses) }

func (t tally) String() string {
	p, r := t.precision(), t.recall()
	return fmt.Sprintf("precision %.3f  recall %.3f  F1 %.3f  (found %d of %d, false %d of %d)",
		p, r, 2*p*r/max(p+r, 1e-9), t.hits, t.hits+t.misses, t.alarms, t.alarms+t.quiet)
}

// tell prints the measurement.
func tell(w io.Writer, all []judged, least float64) {
	var raw, clean tally
	noise := map[string]*tally{}
	for i := range all {
		j := &all[i]
		raw.add(j, least)
		if j.noise == "" {
			clean.add(j, least)
		} else {
			group(noise, j.noise).add(j, least)
		}
	}
	fmt.Fprintf(w, "generic categories, confidence %.2f and more\n  all rows:       %s\n  without noise:  %s\n\n", least, raw, clean)
	fmt.Fprintln(w, "noise, by kind")
	each(w, noise, func(t *tally) int { return t.hits + t.misses + t.alarms })
	fmt.Fprintln(w, "\nby confidence, all rows and without noise")
	for _, from := range []float64{0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95} {
		var a, b tally
		for i := range all {
			a.add(&all[i], from)
			if all[i].noise == "" {
				b.add(&all[i], from)
			}
		}
		fmt.Fprintf(w, "  %.2f  precision %.3f  recall %.3f    precision %.3f  recall %.3f\n", from, a.precision(), a.recall(), b.precision(), b.recall())
	}
	reliability(w, all)
	groups(w, "category", all, least, func(j *judged) []string { return strings.Split(j.Category, ":") })
	groups(w, "extension", all, least, func(j *judged) []string { return []string{cmp.Or(j.Ext, "(none)")} })
	causes(w, all, least)
}

// groups prints the rows by what key says, the largest groups first.
func groups(w io.Writer, name string, all []judged, least float64, key func(*judged) []string) {
	by := map[string]*tally{}
	for i := range all {
		for _, k := range key(&all[i]) {
			group(by, k).add(&all[i], least)
		}
	}
	fmt.Fprintf(w, "\nby %s\n", name)
	each(w, by, func(t *tally) int { return t.hits + t.misses + t.alarms })
}

func group(m map[string]*tally, key string) *tally {
	if m[key] == nil {
		m[key] = &tally{}
	}
	return m[key]
}

// each prints the groups in which there is something to tell.
func each(w io.Writer, m map[string]*tally, size func(*tally) int) {
	keys := slices.SortedFunc(maps.Keys(m), func(a, b string) int { return cmp.Or(size(m[b])-size(m[a]), strings.Compare(a, b)) })
	for _, k := range keys {
		if size(m[k]) > 0 {
			fmt.Fprintf(w, "  %-24s %s\n", k, m[k])
		}
	}
}

// causes prints what took out the credentials that were missed, with how many rows
// that are none it took out too, and which rules the false ones are of.
func causes(w io.Writer, all []judged, least float64) {
	missed, alarms := map[string]*tally{}, map[string]*tally{}
	for i := range all {
		j := &all[i]
		switch {
		case j.hit(least) && !j.True():
			group(alarms, j.found.Rule).alarms++
		case j.hit(least):
		case j.found != nil:
			group(missed, "confidence").add(j, least)
		default:
			group(missed, j.cause).add(j, least)
		}
	}
	fmt.Fprintln(w, "\ntaken out, by cause (credentials, others)")
	for _, k := range slices.SortedFunc(maps.Keys(missed), func(a, b string) int {
		return cmp.Or(missed[b].misses-missed[a].misses, strings.Compare(a, b))
	}) {
		fmt.Fprintf(w, "  %-24s %5d %6d\n", k, missed[k].misses, missed[k].quiet)
	}
	fmt.Fprintln(w, "\nfalse, by rule")
	for _, k := range slices.SortedFunc(maps.Keys(alarms), func(a, b string) int {
		return cmp.Or(alarms[b].alarms-alarms[a].alarms, strings.Compare(a, b))
	}) {
		fmt.Fprintf(w, "  %-24s %5d\n", k, alarms[k].alarms)
	}
}

// reliability prints how often findings of generic tier that were given a confidence
// are right.
func reliability(w io.Writer, all []judged) {
	const steps = 10
	var n, right [steps]int
	var sum [steps]float64
	for i := range all {
		j := &all[i]
		if j.found == nil || j.found.Rule != "generic-secret" {
			continue
		}
		step := min(int(j.found.Confidence*steps), steps-1)
		n[step]++
		sum[step] += j.found.Confidence
		if j.True() {
			right[step]++
		}
	}
	fmt.Fprintln(w, "\nconfidence of generic-secret, as said and as it is")
	for i := range n {
		if n[i] > 0 {
			fmt.Fprintf(w, "  said %.2f  is %.2f  of %d\n", sum[i]/float64(n[i]), share(right[i], n[i]), n[i])
		}
	}
}

// writeErrors lists what was missed and what was false, for a person to read.
func writeErrors(dir string, all []judged, least float64) error {
	if dir == "" {
		return nil
	}
	var missed, alarms bytes.Buffer
	for i := range all {
		j := &all[i]
		switch {
		case j.True() && !j.hit(least):
			fmt.Fprintf(&missed, "%s|%s|%d %s|%s| %s || %.300s\n", j.why(), j.noise, j.Repo, j.File, j.Category, j.Value(), strings.TrimSpace(j.Line))
		case !j.True() && j.hit(least):
			fmt.Fprintf(&alarms, "%.2f %s|%s|%d %s|%s| %s || %.300s\n", j.found.Confidence, j.found.Rule, j.noise, j.Repo, j.File, j.Category, j.value, strings.TrimSpace(j.Line))
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "missed.txt"), missed.Bytes(), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "false.txt"), alarms.Bytes(), 0o600)
}

func (j *judged) why() string {
	if j.found != nil {
		return fmt.Sprintf("confidence %.2f", j.found.Confidence)
	}
	return j.cause
}
