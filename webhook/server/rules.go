package server

import (
	"errors"
	"fmt"
	"os"

	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/rules/rulefile"
)

// readRules reads the text of a rule file; "" has none.
func readRules(name string) ([]byte, error) {
	if name == "" {
		return nil, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the rules: %w", err)
	}
	return text, nil
}

// errOneFile is about extend.path: of a second file, nobody would see that it changed.
var errOneFile = errors.New("a server reads one rule file: put the rules of extend.path into it")

// compileRules makes a set of a rule file, and tells what of it was only understood so far.
// Without a file, or with one that adds nothing, it is the built-in set, which was compiled
// when the program was built.
func compileRules(name string, text []byte) (set *rules.Set, notices []string, err error) {
	if name == "" {
		return builtin.Set(), nil, nil
	}
	file, err := rulefile.Parse(name, text)
	if err != nil {
		return nil, nil, err
	}
	if file.AddsNothing() {
		return builtin.Set(), nil, nil
	}
	base, err := builtin.Rules()
	if err != nil {
		return nil, nil, err
	}
	all, notices, err := file.Merge(base, func(string) ([]byte, error) { return nil, errOneFile })
	if err != nil {
		return nil, nil, err
	}
	if set, err = rules.Compile(all); err != nil {
		return nil, nil, fmt.Errorf("compile the rules of %s: %w", name, err)
	}
	return set, notices, nil
}
