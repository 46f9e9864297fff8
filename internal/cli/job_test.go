package cli

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
)

// script is a source that does what its steps say.
type script []func(yield func(scanner.Blob, error) bool)

func (s script) Blobs(context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		for _, step := range s {
			step(yield)
		}
	}
}

func textStep(name, text string) func(yield func(scanner.Blob, error) bool) {
	return func(yield func(scanner.Blob, error) bool) {
		yield(scanner.Blob{Place: leak.File{Name: name}, Size: int64(len(text)), Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(text)), nil
		}}, nil)
	}
}

func runScript(t *testing.T, ctx context.Context, j job, src scanner.Source) (*report.Document, error) {
	t.Helper()
	a := &app{Stdio: Stdio{Out: io.Discard, Err: io.Discard}}
	j.target.source = src
	j.config = &configuration{set: builtin.Set()}
	return a.run(ctx, j)
}

// What was found before the end is told, and the end is a gap.
func TestRunInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	found := make(chan struct{})
	j := job{progress: nil}
	j.options.Jobs = 1
	token := leaktest.Must(1, `TOKEN={{github "ghp_"}}`)
	steps := script{}
	for range 200 { // more than one batch, so that the first is delivered
		steps = append(steps, textStep("a.env", token))
	}
	steps = append(steps, func(func(scanner.Blob, error) bool) { close(found); cancel() })
	doc, err := runScript(t, ctx, j, steps)
	if err != nil {
		t.Fatal(err)
	}
	<-found
	if doc.Result.Complete || doc.Result.Reason == "" {
		t.Errorf("result %+v of a scan that was stopped", doc.Result)
	}
	if n := len(doc.Gaps); n != 1 || doc.Gaps[0].Code != leak.GapInterrupt {
		t.Errorf("gaps %v, want one that says interrupted", doc.Gaps)
	}
	if len(doc.Findings) == 0 && doc.Result.ExitCode != exitIncomplete {
		t.Errorf("exit code %d", doc.Result.ExitCode)
	}
}

// A source that does not listen to its context is left behind.
func TestRunLeavesADeafSource(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	stuck := make(chan struct{})
	defer close(stuck)
	deaf := func(func(scanner.Blob, error) bool) { cancel(); <-stuck }
	doc, err := runScript(t, ctx, job{}, script{textStep("a.txt", "nothing"), deaf})
	if err != nil {
		t.Fatal(err)
	}
	if doc.Result.Complete || doc.Result.ExitCode != exitIncomplete || len(doc.Gaps) != 1 || doc.Gaps[0].Code != leak.GapInterrupt {
		t.Errorf("result %+v with gaps %v", doc.Result, doc.Gaps)
	}
}

// A source that dies half-way leaves a report; one that never lived, an error.
func TestRunSourceError(t *testing.T) {
	broken := func(yield func(scanner.Blob, error) bool) { yield(scanner.Blob{}, errors.New("the disk is gone")) }
	if _, err := runScript(t, t.Context(), job{}, script{broken}); err == nil || !strings.Contains(err.Error(), "the disk is gone") {
		t.Errorf("error %v, want the source's", err)
	}
	doc, err := runScript(t, t.Context(), job{}, script{textStep("a.txt", "nothing"), broken})
	if err != nil {
		t.Fatal(err)
	}
	if doc.Result.Complete || doc.Result.ExitCode != exitIncomplete || len(doc.Gaps) != 1 || !strings.Contains(doc.Gaps[0].Error(), "the disk is gone") {
		t.Errorf("result %+v with gaps %v", doc.Result, doc.Gaps)
	}
}

func TestRunBoundariesCountWhereAsked(t *testing.T) {
	beyond := func(yield func(scanner.Blob, error) bool) {
		yield(scanner.Blob{}, &leak.Gap{Place: leak.File{Name: "sub"}, Class: leak.Boundary, Code: leak.GapSubmodule, Why: errors.New("another repository")})
	}
	for require, want := range map[bool]int{false: exitClean, true: exitIncomplete} {
		doc, err := runScript(t, t.Context(), job{requireComplete: require}, script{beyond})
		if err != nil {
			t.Fatal(err)
		}
		if doc.Result.ExitCode != want {
			t.Errorf("require-complete %v: exit code %d, want %d", require, doc.Result.ExitCode, want)
		}
	}
}
