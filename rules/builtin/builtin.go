// Package builtin holds oakum's own rules, one TOML file a provider.
//
// They are compiled when oakum is built: index.bin holds what the search needs
// at once, and each rule, to be decoded when it first matches. So a process that
// scans a handful of files starts as fast with four hundred rules as with four.
// After a change in a TOML file run go generate ./rules/builtin; a test compares.
package builtin

import (
	"embed"
	"fmt"
	"io/fs"

	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/rulefile"
)

//go:generate go run generate.go

//go:embed *.toml
var files embed.FS

//go:embed index.bin
var index string

// Set is the compiled set of all built-in rules. It panics if index.bin is of
// another version of package rules: no test passes then.
func Set() *rules.Set {
	s, err := rules.Open(index)
	if err != nil {
		panic(err)
	}
	return s
}

// Rules parses the embedded files anew: for listing, testing and merging with a
// user's configuration. They come in the order of files, then of lines.
func Rules() ([]rules.Rule, error) {
	names, err := fs.Glob(files, "*.toml")
	if err != nil {
		return nil, err
	}
	var all []rules.Rule
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read built-in rules %s: %w", name, err)
		}
		c, err := rulefile.ParseTrusted("builtin/"+name, text)
		if err != nil {
			return nil, err
		}
		all = append(all, c.Rules...)
	}
	return all, nil
}
