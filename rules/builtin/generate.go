//go:build ignore

// Compiles the built-in rules into index.bin, and lists them in docs/rules.md.
package main

import (
	"log"
	"os"

	"github.com/oakum-sec/oakum/internal/rulebook"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/builtin"
)

func main() {
	all, err := builtin.Rules()
	if err != nil {
		log.Fatal(err)
	}
	index, err := rules.Index(all)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("index.bin", index, 0o644); err != nil {
		log.Fatal(err)
	}
	var list []*rules.Rule
	for i := range all {
		list = append(list, &all[i])
	}
	if err := os.WriteFile("../../docs/rules.md", []byte(rulebook.Page(list)), 0o644); err != nil {
		log.Fatal(err)
	}
}
