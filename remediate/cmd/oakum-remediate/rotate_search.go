package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/internal/known"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/filesource"
)

// remember adds a retired value to the user's index of known secrets.
func remember(kit cli.Kit, name string, v leak.Secret) error {
	why, err := kit.Remember(known.Candidate{Name: "retired: " + name, Value: v})
	if err == nil && why != nil {
		kit.Say("the old value is not remembered: %v", why)
	}
	return err
}

// search tells where values still stand, raw or encoded, in the files of folders. A
// repository's history keeps them: what is retired there gives access to nothing.
func search(ctx context.Context, folders []string, values []leak.Secret) (places []string, err error) {
	dir, err := os.MkdirTemp("", "oakum-search-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	key, err := known.MakeKey(filepath.Join(dir, "key")) // for this search alone
	if err != nil {
		return nil, err
	}
	index := known.New(key)
	for i, v := range values {
		if _, refused, err := index.Add([]known.Candidate{{Name: fmt.Sprint("old ", i), Value: v}}, true); err != nil {
			return nil, err
		} else if len(refused) > 0 {
			return nil, fmt.Errorf("the old value cannot be looked for: %w; look by hand, and take `scan` out of the settings", refused[0])
		}
	}
	none, err := rules.Compile(nil)
	if err != nil {
		return nil, err
	}
	for _, folder := range folders {
		src := filesource.New([]filesource.Root{{Path: folder}}, filesource.Options{SkipGit: true})
		_, err := scanner.New(none, scanner.Options{Known: index}).Scan(ctx, src, func(e scanner.Event) error {
			if e.Finding != nil {
				places = append(places, fmt.Sprintf("%s:%d", filepath.Join(folder, filepath.FromSlash(e.Finding.Place.Path())), e.Finding.Line))
			}
			if e.Gap != nil && e.Gap.Class == leak.Failure {
				return fmt.Errorf("look for the old value: %w", e.Gap)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(places)
	return slices.Compact(places), nil
}
