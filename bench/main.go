// Command bench measures whole processes: the built oakum beside programs that
// do less, or the same by other means, in turns and in one run. Ratios are the
// result; seconds depend on the machine.
//
//	make bench                    builds oakum, brings ripgrep, runs this
//	go run . -tree DIR            another tree than Go's own sources
//	go run . -save NAME           keeps the table in results/NAME.txt
//
// README.md says what the rows mean.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var o options
	flag.StringVar(&o.oakum, "oakum", "../bin/oakum", "the built `program`")
	flag.StringVar(&o.tree, "tree", "", "the `folder` to scan (default: the sources of the installed Go)")
	flag.IntVar(&o.runs, "runs", 15, "how often each is measured")
	flag.Int64Var(&o.large, "large", 2<<30, "the large file's size in `bytes`")
	save := flag.String("save", "", "keep the table in results/`NAME`.txt")
	flag.Parse()
	if err := run(ctx, o, *save); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	oakum, tree string
	runs        int
	large       int64
}

func run(ctx context.Context, o options, save string) error {
	var out io.Writer = os.Stdout
	if save != "" {
		f, err := os.Create(filepath.Join("results", filepath.Base(save)+".txt"))
		if err != nil {
			return fmt.Errorf("keep the table: %w", err)
		}
		defer f.Close()
		out = io.MultiWriter(os.Stdout, f)
	}
	b, err := prepare(ctx, o)
	if err != nil {
		return err
	}
	defer os.RemoveAll(b.scratch)
	fmt.Fprintln(out, b.about)
	for _, measure := range []func(context.Context) ([]row, error){b.treeRows, b.startRows, b.largeRows} {
		rows, err := measure(ctx)
		if err != nil {
			return err
		}
		for _, r := range rows {
			fmt.Fprintln(out, r)
		}
	}
	return nil
}
