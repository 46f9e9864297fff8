package cli

import (
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manualCommand writes what `man oakum` shows. It is for who makes packages, so the
// help does not list it. Each program writes the pages of its own commands, by the
// names under which users know them: oakum-webhook-serve(1) is `oakum webhook serve`.
func (a *app) manualCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "manual DIR",
		Short:  "Write the manual pages into a folder",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return fmt.Errorf("manual: %w", err)
			}
			return a.writeManual(args[0])
		},
	}
}

func (a *app) writeManual(dir string) error {
	root := a.rootCommand()
	root.Use = "oakum"
	root.DisableAutoGenTag = true // it has the day on which the pages were made
	own := map[string]bool{}
	if a.program.Commands != nil {
		for _, c := range a.program.Commands(Kit{a}) {
			own[c.Name()] = true
		}
	}
	pages := root.Commands()
	if a.program.Name == "" {
		pages = []*cobra.Command{root}
	}
	for _, c := range pages {
		if a.program.Name != "" && !own[c.Name()] {
			continue // oakum's own program writes these
		}
		if err := doc.GenManTree(c, manualHeader(), dir); err != nil {
			return fmt.Errorf("manual: %w", err)
		}
	}
	return nil
}

// manualHeader dates the pages by the commit that the program was built from, so
// that two builds of one commit write the same.
func manualHeader() *doc.GenManHeader {
	h := &doc.GenManHeader{Section: "1", Source: "oakum " + toolOf().Version, Manual: "oakum"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return h
	}
	for _, s := range info.Settings {
		if s.Key != "vcs.time" {
			continue
		}
		if at, err := time.Parse(time.RFC3339, s.Value); err == nil {
			h.Date = &at
		}
	}
	return h
}
