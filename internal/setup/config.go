package setup

import (
	"errors"
	"io/fs"
)

// The files that init writes at the top of a repository.
const (
	ConfigFile   = ".oakum.toml"
	BaselineFile = ".oakum-baseline"
)

// configText changes nothing by itself: it is the place where a repository's own
// words go.
const configText = `# oakum's configuration for this repository (docs/rules-format.md). It counts where somebody has
# trusted it (oakum trust), in hooks, and in pipelines as it was before the change.
title = "this repository"

[extend]
useDefault = true      # oakum's own rules, and what follows
# disabledRules = ["rule-id"]

# [[allowlists]]
# description = "inert keys that our tests are made of"
# paths = ['''^testdata/''']
`

// Config is the change that gives a repository a configuration, nil where it has one.
func Config(names []string, read func(file string) ([]byte, error)) (*Change, error) {
	for _, name := range names {
		if _, err := read(name); err == nil || !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return &Change{File: ConfigFile, New: []byte(configText), Why: "the place for this repository's own rules and exceptions"}, nil
}

// Baseline is the change that writes down what is there today; nil where a baseline
// is there, which is not taken anew: what came since would be in it.
func Baseline(text []byte, read func(file string) ([]byte, error)) (*Change, error) {
	if _, err := read(BaselineFile); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return &Change{File: BaselineFile, New: text, Why: "what is there today, so that scans tell of new findings"}, nil
}
