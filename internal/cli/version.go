package cli

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/rules/builtin"
)

// toolOf reads what the Go tool recorded in the binary: the module's version
// where it was installed as one, "devel" where it was built from a checkout.
func toolOf() report.Tool {
	t := report.Tool{Name: "oakum", Version: "devel"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return t
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		t.Version = v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			t.Commit = s.Value
		}
	}
	return t
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, the commit, the Go release, and where rules come from",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return a.printVersion() },
	}
}

func (a *app) printVersion() error {
	t := toolOf()
	_, err := fmt.Fprintf(a.Out, "%s %s\ncommit %s\n%s %s/%s\nrules %d built in; others come from --config, or from the .oakum.toml of a trusted target\n",
		cmp.Or(a.program.Name, "oakum"), t.Version, cmp.Or(t.Commit, "unknown"), runtime.Version(), runtime.GOOS, runtime.GOARCH, len(builtin.Set().Rules()))
	return err
}
