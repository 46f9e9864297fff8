// Labelled measures oakum on labelled lines (see package rows): each row is scanned
// as a piece of its file, under the file's name, by the scanner with the built-in
// rules at its default settings.
//
//	go run ./labelled -rows dev.jsonl [-errors FOLDER] [-min-confidence 0.6]
//
// A row that is a credential (T) is found where a finding overlaps the labelled span,
// one that is none (F) where a finding stands on its line. Precision and recall are
// over the generic categories: those in which a name vouches for a value. They are
// given twice, over all rows and without those on which people disagree, which are
// counted by kind.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/tools/learn/rows"
)

func main() {
	file := flag.String("rows", "", "labelled rows: a `FILE`")
	errors := flag.String("errors", "", "a `FOLDER` outside the tree to write the errors to, values and all")
	least := flag.Float64("min-confidence", scanner.DefaultMinConfidence, "as of oakum scan")
	flag.Parse()
	if err := run(*file, *errors, *least); err != nil {
		fmt.Fprintln(os.Stderr, "labelled:", err)
		os.Exit(2)
	}
}

func run(file, errors string, least float64) error {
	all, err := rows.Read(file)
	if err != nil {
		return err
	}
	judged, err := measure(context.Background(), all)
	if err != nil {
		return err
	}
	tell(os.Stdout, judged, least)
	return writeErrors(errors, judged, least)
}
