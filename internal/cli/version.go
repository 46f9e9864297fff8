package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/report"
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
		Short: "Print the version, the commit it was built from and the Go release",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return a.printVersion() },
	}
}

func (a *app) printVersion() error {
	t := toolOf()
	_, err := fmt.Fprintf(a.Out, "oakum %s\ncommit %s\n%s %s/%s\n", t.Version, orUnknown(t.Commit), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
