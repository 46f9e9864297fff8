package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// repository is what is measured on.
type repository struct {
	path   string // absolute
	packs  []string
	format string // of its ids: "sha1" or "sha256"
	facts  facts
}

// facts are what the tables tell of a repository.
type facts struct {
	Name    string           `json:"name"`
	Objects map[string]int64 `json:"objects"` // by type
	Packs   int              `json:"packs"`
	PackKiB int64            `json:"pack_kib"`
	Loose   int64            `json:"loose"`
	Range   int64            `json:"range_commits"` // in the range that a row scans; 0 where there is none
}

// quietly makes git, and what runs it, ask and fetch nothing.
var quietly = []string{"GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1", "LC_ALL=C"}

func openRepository(ctx context.Context, path, name string) (*repository, error) {
	if path == "" {
		return nil, errors.New("which repository? say -repo PATH, or make bench REPO=PATH")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if name == "" {
		name = nameOf(abs)
	}
	r := &repository{path: abs, facts: facts{Name: name, Objects: map[string]int64{}}}
	folder, err := r.git(ctx, "rev-parse", "--path-format=absolute", "--git-path", "objects/pack")
	if err == nil {
		r.packs, err = filepath.Glob(filepath.Join(folder, "*.pack"))
	}
	if err == nil {
		r.format, err = r.git(ctx, "rev-parse", "--show-object-format")
	}
	if err == nil {
		err = r.count(ctx)
	}
	return r, err
}

// nameOf is the last part of a path that says something.
func nameOf(path string) string {
	base := filepath.Base(path)
	if base == ".git" || base == "repo" {
		base = filepath.Base(filepath.Dir(path))
	}
	return strings.TrimSuffix(base, ".git")
}

// count fills in the facts.
func (r *repository) count(ctx context.Context) error {
	types, err := r.git(ctx, "cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objecttype)")
	if err != nil {
		return err
	}
	for kind := range strings.Lines(types + "\n") {
		r.facts.Objects[strings.TrimSpace(kind)]++
	}
	counts, err := r.git(ctx, "count-objects", "-v")
	if err != nil {
		return err
	}
	for line := range strings.Lines(counts) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		n, _ := strconv.ParseInt(value, 10, 64)
		switch key {
		case "count":
			r.facts.Loose = n
		case "packs":
			r.facts.Packs = int(n)
		case "size-pack":
			r.facts.PackKiB = n
		}
	}
	if n, err := r.git(ctx, "rev-list", "--count", rangeBack+"..HEAD"); err == nil { // a short history has none
		r.facts.Range, _ = strconv.ParseInt(n, 10, 64)
	}
	return nil
}

func (f facts) String() string {
	return fmt.Sprintf("%s: %d commits (%d in %s..HEAD), %d trees, %d blobs, %d tags; packs: %d, of %.0f MB; %d loose objects", f.Name,
		f.Objects["commit"], f.Range, rangeBack, f.Objects["tree"], f.Objects["blob"], f.Objects["tag"], f.Packs, float64(f.PackKiB)/1024, f.Loose)
}

// git runs git in the repository and returns what it printed.
func (r *repository) git(ctx context.Context, args ...string) (string, error) {
	cmd := r.command(ctx, args...)
	var words bytes.Buffer
	cmd.Stderr = &words
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w\n%s", strings.Join(args, " "), err, words.Bytes())
	}
	return strings.TrimSuffix(string(out), "\n"), nil
}

func (r *repository) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", r.path}, args...)...)
	cmd.Env = append(cmd.Environ(), quietly...)
	return cmd
}
