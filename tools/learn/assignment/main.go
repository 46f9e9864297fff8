// Assignment learns what package rules/assign weighs values by: the chains of
// characters in letters/model.bin, and the weights in weights.go.
//
//	go run ./assignment -rows train.jsonl -check dev.jsonl [-write]
//
// It learns from labelled rows (see package rows) and from values and files that it
// makes itself from a seed. Only sums over shapes are kept: no row, and no word of
// one. The same rows give the same bytes.
//
// It prints how well the weights do on rows they were not learnt from: those of the
// file -check names, and those of the training file, repositories taking turns. That
// is the ranking of what the reader finds; ../labelled measures the whole scanner.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/oakum-sec/oakum/tools/learn/rows"
)

// options are the flags.
type options struct {
	rows, check, errors, target, stage string
	write                              bool
}

func main() {
	var o options
	flag.StringVar(&o.rows, "rows", "", "labelled rows to learn from: a `FILE`")
	flag.StringVar(&o.check, "check", "", "labelled rows to measure on: a `FILE`")
	flag.StringVar(&o.errors, "errors", "", "a `FOLDER` outside the tree to write the scored candidates to, values and all")
	flag.StringVar(&o.target, "package", "../../rules/assign", "the `FOLDER` of weights.go and letters/model.bin")
	flag.StringVar(&o.stage, "stage", "weights", "what to learn: letters or weights")
	flag.BoolVar(&o.write, "write", false, "write what was learnt; without it, only tell")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "assignment:", err)
		os.Exit(2)
	}
}

// run learns one of the two. The weights are facts about what the chains say: learn
// letters first, and build anew.
func run(o options) error {
	train, err := rows.Read(o.rows)
	if err != nil {
		return err
	}
	if o.stage == "letters" {
		model := learnLetters(train)
		fmt.Printf("letters: %d bytes\n", len(model))
		if !o.write {
			return nil
		}
		return os.WriteFile(filepath.Join(o.target, "letters", "model.bin"), model, 0o644)
	}
	w, list := learnWeights(train)
	if err := dump(o.errors, "train.txt", list); err != nil {
		return err
	}
	if o.check != "" {
		dev, err := rows.Read(o.check)
		if err != nil {
			return err
		}
		if err := dump(o.errors, "check.txt", w.measure(dev)); err != nil {
			return err
		}
	}
	if !o.write {
		return nil
	}
	source, err := w.source()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.target, "weights.go"), source, 0o644)
}
