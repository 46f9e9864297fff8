package realtest

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed lock/pre-commit.txt
var preCommitLock string

// preCommit is pre-commit with all that it needs.
func preCommit() Part { return python("pre-commit", "pre-commit", preCommitLock) }

// ripgrep is what the benchmark compares with. The distribution's package is
// unpacked, not installed.
func ripgrep() Part {
	return Part{
		Name:    "ripgrep",
		Program: "usr/bin/rg",
		recipe:  "apt-get download ripgrep; dpkg -x",
		bring:   func(ctx context.Context, dir string) error { return unpack(ctx, dir, "ripgrep") },
	}
}

// gitleaksModule is the release whose command line and reports oakum gitleaks
// takes and writes. The Go checksum database vouches for its content.
const gitleaksModule = "github.com/zricethezav/gitleaks/v8@v8.30.0"

// gitleaks is what oakum gitleaks stands in for, built from its module.
func gitleaks() Part {
	return Part{
		Name:    "gitleaks",
		Program: "bin/gitleaks",
		recipe:  "go install " + gitleaksModule,
		bring: func(ctx context.Context, dir string) error {
			bin := "GOBIN=" + filepath.Join(dir, "bin")
			return run(ctx, dir, "env", bin, "GOFLAGS=-mod=mod", "CGO_ENABLED=0", "go", "install", gitleaksModule)
		},
	}
}

// helmModule is the release that renders and installs our chart in tests. The Go
// checksum database vouches for its content.
const helmModule = "helm.sh/helm/v3/cmd/helm@v3.22.0"

// helm is built from its module, which costs some 110 seconds of a core where Go's
// build cache is empty.
func helm() Part {
	return Part{
		Name:    "helm",
		Program: "bin/helm",
		recipe:  "go install " + helmModule,
		bring: func(ctx context.Context, dir string) error {
			bin := "GOBIN=" + filepath.Join(dir, "bin")
			return run(ctx, dir, "env", bin, "GOFLAGS=-mod=mod", "CGO_ENABLED=0", "GOWORK=off", "go", "install", helmModule)
		},
	}
}

// unpack fetches a package of the distribution and lays its files into dir.
func unpack(ctx context.Context, dir, name string) error {
	if err := run(ctx, dir, "apt-get", "download", "--quiet", name); err != nil {
		return err
	}
	debs, err := filepath.Glob(filepath.Join(dir, name+"_*.deb"))
	if err != nil || len(debs) != 1 {
		return fmt.Errorf("found %d packages of %s in %s, expected one", len(debs), name, dir)
	}
	return run(ctx, dir, "dpkg", "-x", debs[0], dir)
}

func run(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %v: %w", name, args, err)
	}
	return nil
}
