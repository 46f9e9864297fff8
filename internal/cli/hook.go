package cli

import (
	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/hook"
)

// hookCommand is about git hooks: installing them, and what they run.
func (a *app) hookCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "hook",
		Short: "Keep credentials out: git hooks that look at what a change adds",
	}
	c.AddCommand(a.hookInstallCommand(), a.hookUninstallCommand(), a.hookRunCommand())
	return c
}

// parseTypes reads hooks by git's names for them.
func parseTypes(names []string) ([]hook.Type, error) {
	var types []hook.Type
	for _, name := range names {
		t, err := hook.ParseType(name)
		if err != nil {
			return nil, err
		}
		types = append(types, t)
	}
	return types, nil
}
