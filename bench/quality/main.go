// Command quality measures what oakum finds and what it leaves alone, with the
// built binary at its default settings:
//
//	make quality                     brings the material, builds oakum, runs this
//	go run ./quality -list FILE      writes each unjudged finding to FILE, a line each
//
// Clean material is what distributions and registries ship (material.sh): whatever
// is found there counts as false, unless judged.txt says what it is. Seeded leaks
// are made from the rules' own examples and from generated passwords and tokens, in
// the ways in which some thirty languages and formats write them: each has to be
// found. Decoys are put in the same places: none may be.
//
// Its limits: whoever wrote the rules wrote the seeds too, so recall here finds
// regressions and holes, and says nothing of formats that nobody thought of. No
// value is printed; findings are named by their ids.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var o options
	flag.StringVar(&o.oakum, "oakum", "../bin/oakum", "the built `program`")
	flag.StringVar(&o.clean, "clean", cleanFolder(), "the `folder` of clean material, a folder a kind")
	flag.StringVar(&o.judged, "judged", "quality/judged.txt", "`file` of findings that were looked at")
	flag.StringVar(&o.list, "list", "", "write the findings that were not looked at to `FILE`")
	flag.IntVar(&o.seeds, "seeds", 3, "how often each seeded leak is made anew")
	flag.Parse()
	if err := run(ctx, os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, "quality:", err)
		os.Exit(1)
	}
}

type options struct {
	oakum, clean, judged, list string
	seeds                      int
}

func run(ctx context.Context, out io.Writer, o options) error {
	scratch, err := os.MkdirTemp("", "oakum-quality")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	b := binary{o.oakum, scratch}
	if err := seeded(ctx, out, b, o.seeds); err != nil {
		return fmt.Errorf("seeded leaks: %w", err)
	}
	if err := clean(ctx, out, b, o); err != nil {
		return fmt.Errorf("clean material: %w", err)
	}
	return nil
}
