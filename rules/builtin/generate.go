//go:build ignore

// Compiles the built-in rules into index.bin.
package main

import (
	"log"
	"os"

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
}
