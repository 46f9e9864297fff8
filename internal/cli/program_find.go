package cli

import (
	"bytes"
	"context"
	"io"
	"iter"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/filesource"
)

// findFlags are a scan's flags that say what it finds; the others say how it tells.
var findFlags = []string{"jobs", "config", "baseline", "allow-file", "min-proof", "min-confidence", "policy", "deny-generic", "no-inline", "known", "no-known"}

// Find gives c the flags that say what a scan finds, for a command that goes on with
// the findings themselves. Nobody is told how far the scan is.
func (k Kit) Find(c *cobra.Command) *Scan {
	s := &Scan{a: k.a}
	all := &cobra.Command{}
	s.flags.register(all)
	s.flags.output.quiet = true
	for _, name := range findFlags {
		if f := all.PersistentFlags().Lookup(name); f != nil {
			c.Flags().AddFlag(f)
		}
	}
	return s
}

// StateDir is where oakum remembers things between runs.
func (k Kit) StateDir() (string, error) { return k.a.stateDir() }

// Say tells the user something on stderr.
func (k Kit) Say(format string, args ...any) { k.a.say(format, args...) }

// Terminal tells whether a person sits before a screen that can be drawn on.
func (k Kit) Terminal() bool {
	in, ok := k.a.In.(*os.File)
	return ok && isTerminal(in) && isTerminal(k.a.Out) && k.a.env["TERM"] != "dumb"
}

// Code is an error that ends the command with a code of docs/compat.md; a nil err
// where all is said.
func (k Kit) Code(code int, err error) error { return &exitError{code, err} }

// Path finds what `oakum scan PATH` does; the findings carry their values.
func (s *Scan) Path(ctx context.Context, path string) (*report.Document, error) {
	return s.a.scanned(ctx, &s.flags, func() (target, error) { return pathTarget([]string{path}, gitOptions{}) })
}

// Files is Path of some files of a folder or of a repository's working tree, as they
// lie on disk. Their places are named as Path names them.
func (s *Scan) Files(ctx context.Context, path string, names map[string]bool) (*report.Document, error) {
	return s.a.scanned(ctx, &s.flags, func() (target, error) {
		t, err := pathTarget([]string{path}, gitOptions{})
		if err != nil {
			return t, err
		}
		root := path
		if t.root != "" {
			root = t.root
		}
		t.source = namedFiles{filesource.New([]filesource.Root{{Path: root}}, filesource.Options{SkipGit: true}), names}
		t.remembers, t.whole = nil, false
		return t, nil
	})
}

// namedFiles are the blobs of a source that have one of these names. What it passes over is
// not asked for, so a Gap elsewhere is none here.
type namedFiles struct {
	scanner.Source
	names map[string]bool
}

func (c namedFiles) Blobs(ctx context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		for b, err := range c.Source.Blobs(ctx) {
			if gap, ok := err.(*leak.Gap); ok && (gap.Place == nil || !c.names[gap.Place.Path()]) {
				continue
			}
			if err == nil && !c.names[b.Place.Path()] {
				continue
			}
			if !yield(b, err) {
				return
			}
		}
	}
}

// Texts finds what is in texts that stand under names in the folder or repository at
// path, or will: the scan of a change that is not made yet.
func (s *Scan) Texts(ctx context.Context, path string, texts map[string][]byte) (*report.Document, error) {
	return s.a.scanned(ctx, &s.flags, func() (target, error) {
		t, err := pathTarget([]string{path}, gitOptions{})
		t.source = written(texts)
		t.remembers, t.whole, t.notice = nil, false, nil
		return t, err
	})
}

type written map[string][]byte

func (w written) Blobs(context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		for _, name := range slices.Sorted(maps.Keys(w)) {
			text := w[name]
			b := scanner.Blob{Place: leak.File{Name: name}, Size: int64(len(text)),
				Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }}
			if !yield(b, nil) {
				return
			}
		}
	}
}
