// Command oracle scans one repository three ways and compares what they find:
//
//   - fast: as `oakum scan git` does, which leaves it to the source to find out
//     where the rules match at all;
//   - reader: every text of the same source, read whole;
//   - git: what `git cat-file --batch-all-objects` prints, object by object, read
//     whole. Git's reading of the packs, not ours.
//
// A finding is an object, the archive members within it, a rule, a span, the
// encodings taken off and the finding's id. All three must find the same, as
// often. The first two must also tell the same word for word: every finding with
// its commit, paths and author, and every gap. Where something differs, the exit
// code is 1 and the first differences are listed, without values.
//
//	go run ./oracle PATH
//
// Git does not know under which paths a text is known, which rules may ask for:
// the third way takes paths from the reader, and nothing else. Findings in what
// is no object (configuration, names of refs, reflogs) are left out, as are
// checked-out submodules and the working tree.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/gitsource"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var opt scanner.Options
	flag.IntVar(&opt.Jobs, "jobs", 0, "workers (default: one a core)")
	shown := flag.Int("shown", 10, "how many differences to list")
	flag.Parse()
	same, err := check(ctx, os.Stdout, flag.Arg(0), opt, *shown)
	if err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(2)
	}
	if !same {
		os.Exit(1)
	}
}

// way is one way to scan, and what it found.
type way struct {
	name   string
	source scanner.Source
	found  tally[key]    // in objects
	told   tally[string] // findings and gaps, in JSON, wherever they are
	sum    scanner.Summary
}

// check scans the repository at path in all three ways and tells whether they
// found the same.
func check(ctx context.Context, out io.Writer, path string, opt scanner.Options, shown int) (same bool, err error) {
	if path == "" {
		return false, errors.New("which repository? go run ./oracle PATH")
	}
	opt.Now = time.Now() // for all three the same: expiry is part of a verdict
	repo, err := gitsource.Open(path, gitsource.Options{NoSubmodules: true})
	if err != nil {
		return false, err
	}
	defer repo.Close()
	known := newCatalog(repo)
	all := []*way{{name: "fast", source: repo}, {name: "reader", source: known}, {name: "git", source: &catFile{path: path, known: known}}}
	if _, narrows := any(repo).(scanner.Narrowing); !narrows {
		fmt.Fprintln(out, "fast does not narrow: it is the reader once more")
	}
	s := scanner.New(builtin.Set(), opt)
	for _, w := range all {
		if err := w.scan(ctx, out, s); err != nil {
			return false, err
		}
	}
	same = known.compare(out, all[2].source.(*catFile))
	fast, reader, git := all[0], all[1], all[2]
	for _, pair := range [][2]*way{{fast, reader}, {reader, git}, {fast, git}} {
		same = compare(out, pair[0], pair[1], pair[0].found, pair[1].found, shown) && same
	}
	fmt.Fprint(out, "word for word, findings and gaps: ")
	same = compare(out, fast, reader, fast.told, reader.told, shown) && same
	if fast.sum.Blobs != reader.sum.Blobs || fast.sum.Bytes != reader.sum.Bytes {
		fmt.Fprintln(out, "fast and reader count texts or bytes differently")
		same = false
	}
	return same, nil
}

func (w *way) scan(ctx context.Context, out io.Writer, s *scanner.Scanner) error {
	began := time.Now()
	w.found, w.told = tally[key]{}, tally[string]{}
	var err error
	w.sum, err = s.Scan(ctx, w.source, w.note)
	if err != nil {
		return fmt.Errorf("scan, the way %s: %w", w.name, err)
	}
	fmt.Fprintf(out, "%-6s %8d texts %14d bytes %8d findings in objects %6d failures %6.1f s\n", w.name, w.sum.Blobs, w.sum.Bytes, w.found.total(), w.sum.Failures, time.Since(began).Seconds())
	return nil
}

// note takes down one event.
func (w *way) note(e scanner.Event) (err error) {
	var words []byte
	switch {
	case e.Finding != nil:
		if k, ok := keyOf(e.Finding); ok {
			w.found[k]++
		}
		words, err = json.Marshal(e.Finding)
	case e.Gap != nil:
		words, err = json.Marshal(e.Gap)
	default:
		return nil
	}
	w.told[string(words)]++
	return err
}
