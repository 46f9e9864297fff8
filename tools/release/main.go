// Release makes what a release of oakum consists of, from a commit and nothing
// else:
//
//	oakum_V_OS_ARCH.tar.gz, .zip   the three programs, manual pages, completions, licences
//	oakum_V_OS_ARCH.cdx.json       what each program was built from (CycloneDX)
//	oakum_V_ARCH.deb               the same for Debian and its kin
//	oakum_bin-V-….whl              oakum alone, for pip and the pre-commit framework
//	SHA256SUMS                     of all of these
//
// Its promise: the same commit and the same Go release give the same bytes, wherever
// and whenever it runs. So all times are the commit's, all lists are sorted, paths of
// this machine stay out (-trimpath), and a working tree with changes is refused.
//
// Its limits: nothing is signed and nothing is uploaded. Container images are made
// by tools/images.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "release: %v\n", err)
		os.Exit(1)
	}
}

// targets are the platforms of a release.
var targets = []target{
	{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}, {"windows", "amd64"}, {"windows", "arm64"},
}

// kinds are what can be made, by the names that -only takes.
var kinds = []string{"archive", "wheel", "deb"}

func run(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("release", flag.ContinueOnError)
	source := f.String("source", ".", "the `FOLDER` of a checkout of oakum")
	out := f.String("out", "dist", "the `FOLDER` to write into; it must be empty or missing")
	only := f.String("only", "", "make these `KINDS` alone: archive, wheel, deb")
	some := f.String("targets", "", "for these `PLATFORMS` alone, as in linux/amd64,darwin/arm64; \"host\" is this one")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return fmt.Errorf("%q is not expected", f.Arg(0))
	}
	r := &release{source: *source, out: *out, kinds: kinds, targets: targets}
	if *only != "" {
		r.kinds = strings.Split(*only, ",")
	}
	for _, k := range r.kinds {
		if !slices.Contains(kinds, k) {
			return fmt.Errorf("-only: %q is none of %s", k, strings.Join(kinds, ", "))
		}
	}
	if *some != "" {
		var err error
		if r.targets, err = parseTargets(*some); err != nil {
			return err
		}
	}
	return r.make(ctx)
}

// emptyFolder makes the folder; what is there already is never mixed with a release.
func emptyFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	there, err := os.ReadDir(dir)
	if err == nil && len(there) > 0 {
		err = errors.New(dir + " is not empty: remove it, or name another with -out")
	}
	return err
}
