package cli

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// A sibling is another binary of oakum's: it has the Kubernetes client, or the
// cloud SDKs, which the commit hook's build is not to carry. It is found beside this
// program and nowhere else: what lies in the current folder or in PATH may be
// anybody's. Its file says which program and which version it is (the Go tool's
// record), so nothing is run to find that out. See docs/design/014-siblings.md.
type sibling struct {
	name string // of its file, without .exe
	main string // the import path of its main package
}

var (
	oakumSibling     = sibling{"oakum", "github.com/oakum-sec/oakum/cmd/oakum"}
	webhookSibling   = sibling{"oakum-webhook", "github.com/oakum-sec/oakum/webhook/cmd/oakum-webhook"}
	remediateSibling = sibling{"oakum-remediate", "github.com/oakum-sec/oakum/remediate/cmd/oakum-remediate"}
)

// siblingCommands are those that oakum itself cannot do.
func (a *app) siblingCommands() []*cobra.Command {
	return []*cobra.Command{
		a.siblingCommand(webhookSibling, "webhook", "Keep credentials out of a Kubernetes cluster: admission webhook, audit, policies"),
		a.siblingCommand(remediateSibling, "remediate", "Move credentials into a secret store and rotate them: plan, apply, resume, rollback"),
		a.siblingCommand(remediateSibling, "run", "Run a command with secrets that are fetched at its start"),
	}
}

// oakumCommands are those that oakum alone can do, see templateCommands.
func (a *app) oakumCommands() []*cobra.Command {
	return []*cobra.Command{
		a.siblingCommand(oakumSibling, "rules", "List, show and test rules"),
		a.siblingCommand(oakumSibling, "gitleaks", "Take gitleaks' commands and flags, and write its reports"),
	}
}

// siblingCommand hands its whole command line over.
func (a *app) siblingCommand(s sibling, name, short string) *cobra.Command {
	return &cobra.Command{
		Use:                name,
		Short:              short,
		Long:               short + ".\nThis is " + s.name + "'s, which stands beside " + a.name + ".",
		DisableFlagParsing: true,
		RunE:               func(c *cobra.Command, _ []string) error { return a.runSibling(c.Context(), s) },
	}
}

// locate finds the sibling's file and makes sure that it is what it should be.
func (s sibling) locate(executable string) (string, error) {
	places, err := s.places(executable)
	if err != nil {
		return "", err
	}
	for _, path := range places {
		info, err := os.Stat(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err == nil && !info.Mode().IsRegular() {
			err = errors.New("no regular file")
		}
		if err != nil {
			return "", fmt.Errorf("look at %s: %w", path, err)
		}
		return path, s.fits(path)
	}
	return "", fmt.Errorf("%s is not installed: it is neither %s\ninstall it: %s", s.name, strings.Join(places, " nor "), s.install(filepath.Dir(places[0])))
}

// places are where a sibling may be: beside the program, links resolved, or in
// ../libexec/oakum, where packages put programs that users do not call themselves
// (Filesystem Hierarchy Standard 3.0, 4.7).
func (s sibling) places(executable string) ([]string, error) {
	path, err := filepath.EvalSymlinks(executable)
	if err != nil {
		return nil, fmt.Errorf("look for %s: %w", s.name, err)
	}
	file, dir := s.name, filepath.Dir(path)
	if runtime.GOOS == "windows" {
		file += ".exe"
	}
	return []string{filepath.Join(dir, file), filepath.Join(filepath.Dir(dir), "libexec", "oakum", file)}, nil
}

// fits tells whether the file is this sibling, of this program's version.
func (s sibling) fits(path string) error {
	theirs, err := buildinfo.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%s does not say what it was built from: %w", path, err)
	}
	if theirs.Path != s.main {
		return fmt.Errorf("%s is not %s: it was built from %s", path, s.name, theirs.Path)
	}
	ours, ok := debug.ReadBuildInfo()
	if !ok {
		return errors.New("this program does not say what it was built from: build it with the Go tool")
	}
	if a, b := originOf(ours), originOf(theirs); !a.equal(b) {
		return fmt.Errorf("%s is of another version: %s is not %s\ninstall it: %s", path, b, a, s.install(filepath.Dir(path)))
	}
	return nil
}

// install is the line that puts the sibling of this program's version into dir.
func (s sibling) install(dir string) string {
	at := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if o := originOf(info); o.commit != "" {
			at = " && git -C oakum-src checkout " + o.commit
		} else if o.version != "" {
			at = " && git -C oakum-src checkout " + o.version
		}
	}
	return "git clone https://github.com/oakum-sec/oakum oakum-src" + at + " && make -C oakum-src build && cp oakum-src/bin/" + s.name + " " + dir
}

// origin is what a binary was built from: a commit, or a released version. Both are
// "" where it was built from a folder that no version control knows.
type origin struct{ version, commit string }

func originOf(info *debug.BuildInfo) origin {
	o := origin{version: info.Main.Version}
	if o.version == "(devel)" {
		o.version = ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			o.commit = s.Value
		}
	}
	return o
}

// equal compares commits where both are known: the modules of one repository have
// tags, and with them versions, of their own.
func (o origin) equal(p origin) bool {
	if o.commit != "" && p.commit != "" {
		return o.commit == p.commit
	}
	return o.version == p.version
}

func (o origin) String() string {
	switch {
	case o.commit != "":
		return "commit " + o.commit[:min(12, len(o.commit))]
	case o.version != "":
		return o.version
	}
	return "a build without a version"
}
