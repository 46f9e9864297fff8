package main

import (
	"bytes"
	"context"
	"io"
	"iter"
	"runtime"
	"slices"
	"sync"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules/assign"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/tools/learn/rows"
)

// judged is a generic row and what oakum says of it.
type judged struct {
	*rows.Row
	found *leak.Finding // the surest finding on it; nil: none
	value string        // of it
	cause string        // where nothing was found, why not
	noise string        // see rows.Disagreement
}

// hit tells whether the row counts as found from a confidence on.
func (j *judged) hit(least float64) bool { return j.found != nil && j.found.Confidence >= least }

// measure scans every generic row, telling findings of any confidence.
func measure(ctx context.Context, all []rows.Row) ([]judged, error) {
	disagree := rows.NewDisagreement(all)
	var out []judged
	for i := range all {
		if all[i].Generic() {
			out = append(out, judged{Row: &all[i]})
		}
	}
	workers := runtime.GOMAXPROCS(0)
	errs := make([]error, workers)
	var wait sync.WaitGroup
	for worker := range workers {
		wait.Go(func() {
			s := scanner.New(builtin.Set(), scanner.Options{Jobs: 1, MinConfidence: assign.Least})
			for i := worker; i < len(out) && errs[worker] == nil; i += workers {
				errs[worker] = out[i].scan(ctx, s)
				out[i].noise = disagree.Of(out[i].Row, out[i].value)
			}
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// scan looks at the row as `oakum scan` would at its file.
func (j *judged) scan(ctx context.Context, s *scanner.Scanner) error {
	text, from, to := j.Text()
	if !j.True() {
		from, to = j.LineSpan()
	}
	sum, err := s.Scan(ctx, piece{j.File, text}, func(e scanner.Event) error {
		f := e.Finding
		if f == nil || !touches(f, from, to) {
			return nil
		}
		if j.found == nil || f.Confidence > j.found.Confidence {
			j.found, j.value = f, string(text[f.Span.Start:min(int(f.Span.End), len(text))])
		}
		return nil
	})
	if j.found == nil {
		j.cause = cause(text, from, to, j.File, sum)
	}
	return err
}

// touches tells whether a finding, or a part of it, stands in text[from:to].
func touches(f *leak.Finding, from, to int) bool {
	within := func(s leak.Span) bool { return int(s.Start) < to && int(s.End) > from }
	return within(f.Span) || slices.ContainsFunc(f.Parts, func(p leak.Part) bool { return within(p.Span) })
}

// cause tells why nothing was found in a span: the answer of the assignment matcher,
// else of another rule, else that no rule read it.
func cause(text []byte, from, to int, path string, sum scanner.Summary) string {
	for _, a := range assign.Accounts(text, from, to, path) {
		if a.Value[0] < to && a.Value[1] > from && a.Why != "" {
			return a.Why
		}
	}
	for why := range sum.Dropped {
		return "dropped: " + why
	}
	return "not read"
}

// piece is a source of one text.
type piece struct {
	name string
	text []byte
}

func (p piece) Blobs(context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		yield(scanner.Blob{
			Place: leak.File{Name: p.name}, Size: int64(len(p.text)),
			Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(p.text)), nil },
		}, nil)
	}
}
