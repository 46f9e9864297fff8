package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
)

// share is the unit of the bar: false findings per 20 MB of text.
const share = 20e6

// cleanFolder is where material.sh puts things by default.
func cleanFolder() string {
	if dir := os.Getenv("OAKUM_CLEAN"); dir != "" {
		return dir
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(cache, "oakum", "clean")
}

// tally is what was found in a kind of material, or in all.
type tally struct {
	files, bytes, text int64
	by                 [unjudged + 1]int
	proven             [unjudged + 1]int // those of tier proven
	rules              map[string]int    // false and unjudged ones, by rule
}

func clean(ctx context.Context, out io.Writer, b binary, o options) error {
	kinds, err := os.ReadDir(o.clean)
	if err != nil {
		return fmt.Errorf("%w: bench/quality/material.sh brings it", err)
	}
	known, err := readJudged(o.judged)
	if err != nil {
		return err
	}
	var list bytes.Buffer
	all := tally{rules: map[string]int{}}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "\nclean material\tfiles\tMB\tMB text\tfalse\tnot looked at\tfixtures\treal\tfalse a 20 MB text\t\n")
	for _, k := range kinds {
		if !k.IsDir() || filepath.Ext(k.Name()) == ".tmp" {
			continue
		}
		dir := filepath.Join(o.clean, k.Name())
		d, err := b.scan(ctx, dir)
		if err != nil {
			return err
		}
		t := tally{files: d.Summary.Blobs, bytes: d.Summary.Bytes, text: textBytes(dir), rules: map[string]int{}}
		t.count(d, known, k.Name(), &list)
		t.print(table, k.Name())
		all.add(t)
	}
	all.print(table, "together")
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "of tier proven: %d false, %d not looked at\n", all.proven[isFalse], all.proven[unjudged])
	for _, r := range slices.SortedFunc(maps.Keys(all.rules), func(a, b string) int { return all.rules[b] - all.rules[a] }) {
		fmt.Fprintf(out, "  %5d  %s\n", all.rules[r], r)
	}
	if o.list != "" {
		return os.WriteFile(o.list, list.Bytes(), 0o600)
	}
	return nil
}

func (t *tally) count(d *report.Document, known map[string]judgement, kind string, list *bytes.Buffer) {
	for _, f := range d.Findings {
		if f.Decision == nil || f.Decision.Verdict == leak.Allow {
			continue
		}
		j, ok := known[f.ID]
		if !ok {
			j = unjudged
			fmt.Fprintf(list, "%s\t%s\t%s\t%s\t%s:%d\t%s\n", f.ID, f.Rule, f.Decision.Verdict, f.Severity, filepath.Join(kind, f.Place.String()), f.Line, f.Key)
		}
		t.by[j]++
		if f.Proof == leak.Proven {
			t.proven[j]++
		}
		if j == isFalse || j == unjudged {
			t.rules[f.Rule]++
		}
	}
}

func (t *tally) add(u tally) {
	t.files, t.bytes, t.text = t.files+u.files, t.bytes+u.bytes, t.text+u.text
	for j := range t.by {
		t.by[j] += u.by[j]
		t.proven[j] += u.proven[j]
	}
	for r, n := range u.rules {
		t.rules[r] += n
	}
}

func (t *tally) print(w io.Writer, name string) {
	wrong := t.by[isFalse] + t.by[unjudged]
	fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.2f\t\n", name, t.files, t.bytes/1e6, t.text/1e6,
		t.by[isFalse], t.by[unjudged], t.by[fixture], t.by[isReal], float64(wrong)*share/float64(max(t.text, 1)))
}

// textBytes adds up the files that are text as git and grep see it: no zero byte
// in the first 8,000.
func textBytes(dir string) (sum int64) {
	head := make([]byte, 8000)
	filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error { // what cannot be read counts for nothing
		if err != nil || !e.Type().IsRegular() {
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return nil
		}
		defer f.Close()
		n, _ := io.ReadFull(f, head) // a short file is as good
		if info, err := f.Stat(); err == nil && bytes.IndexByte(head[:n], 0) < 0 {
			sum += info.Size()
		}
		return nil
	})
	return sum
}
