package main

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// program is one of the three; each has a module of its own (docs/design/014-siblings.md).
type program struct{ name, module string }

var programs = []program{{"oakum", "."}, {"oakum-webhook", "webhook"}, {"oakum-remediate", "remediate"}}

// binary is a program that was built, with what the Go tool recorded in it.
type binary struct {
	program
	content []byte
	info    *buildinfo.BuildInfo
}

// build builds the programs for one platform into a folder of work.
func (r *release) build(ctx context.Context, work string, t target, some []program) ([]binary, error) {
	var all []binary
	for _, p := range some {
		path := filepath.Join(work, t.os+"-"+t.arch, t.exe(p.name))
		// -s -w leave the symbol tables out, which no stack trace needs.
		c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=true", "-ldflags=-s -w", "-o", path, "./cmd/"+p.name)
		c.Dir, c.Env = filepath.Join(r.source, p.module), buildEnv(t)
		if out, err := c.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build %s for %s: %w\n%s", p.name, t, err, out)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read what %s was built from: %w", p.name, err)
		}
		all = append(all, binary{p, content, info})
	}
	return all, nil
}

// buildEnv leaves of the environment what says where things are, and sets what
// would change the bytes.
func buildEnv(t target) []string {
	return append(os.Environ(), "GOOS="+t.os, "GOARCH="+t.arch, "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=", "GOEXPERIMENT=",
		"GOAMD64=v1", "GOARM64=v8.0", "GOFIPS140=off")
}

// stamp is which oakum it is.
type stamp struct {
	version string // v0.1.0, or the pseudo-version of a commit without a tag
	commit  string
	at      time.Time // of the commit
	goes    string    // Go's release
}

// stampOf reads the Go tool's record: there is no second place that says a version.
func stampOf(b binary) (s stamp, err error) {
	s.version, s.goes = b.info.Main.Version, b.info.GoVersion
	for _, one := range b.info.Settings {
		switch one.Key {
		case "vcs.revision":
			s.commit = one.Value
		case "vcs.time":
			if s.at, err = time.Parse(time.RFC3339, one.Value); err != nil {
				return s, fmt.Errorf("the time of the commit: %w", err)
			}
		case "vcs.modified":
			if one.Value == "true" {
				return s, errors.New("the working tree has changes or files that git does not know: commit them, or release from a clone (git clone . DIR)")
			}
		}
	}
	if s.commit == "" || !strings.HasPrefix(s.version, "v") {
		return s, errors.New("the programs do not say which commit they are of: release from a clone of the repository (git clone . DIR; Go does not know linked worktrees)")
	}
	return s, nil
}

// commonStamp holds that all programs are of one commit. The version is that of
// oakum, the first: nested modules have tags of their own.
func commonStamp(known stamp, built []binary) (stamp, error) {
	for _, b := range built {
		s, err := stampOf(b)
		if err != nil {
			return s, err
		}
		if known.commit == "" {
			known = s
		}
		if s.commit != known.commit {
			return s, fmt.Errorf("%s is of commit %s, others of %s: do not commit while a release is made", b.name, s.commit, known.commit)
		}
	}
	return known, nil
}
