package tree

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// entry is a path as the index or a commit has it.
type entry struct{ mode, object string }

const (
	modeLink   = "120000"
	modeModule = "160000"
)

// looked is what the index and the commit have for the paths that are asked for, and
// the index for the folders above them: a submodule is one of those. It is of one
// moment, and serves one Plan: whoever plans again looks again.
type looked struct{ index, head map[string]entry }

// look asks git twice, however many paths there are.
func (s *Set) look(ctx context.Context, paths []string) (l looked, err error) {
	wanted := map[string]bool{}
	for _, path := range paths {
		wanted[path] = true
		for i, c := range path {
			if c == '/' {
				wanted[path[:i]] = true
			}
		}
	}
	if l.index, err = s.git.indexed(ctx, slices.Sorted(maps.Keys(wanted)), wanted); err != nil {
		return l, fmt.Errorf("look into the index of %s: %w", s.Dir, err)
	}
	if l.head, err = s.git.committed(ctx, s.Head, paths); err != nil {
		return l, fmt.Errorf("look into the commit %.10s of %s: %w", s.Head, s.Dir, err)
	}
	return l, nil
}

// indexed is what the index has for paths. A folder's name has git tell of all that is
// below it; what is not wanted is dropped.
func (g git) indexed(ctx context.Context, paths []string, wanted map[string]bool) (map[string]entry, error) {
	found := map[string]entry{}
	for some := range atATime(paths) {
		args := []string{"ls-files", "-s", "-z", "--"}
		for _, path := range some {
			args = append(args, ":(literal,top)"+path)
		}
		out, err := g.run(ctx, nil, args...)
		if err != nil {
			return nil, err
		}
		for name, fields := range lines(out) { // mode, object, stage
			if wanted[name] {
				found[name] = entry{fields[0], fields[1]}
			}
		}
	}
	return found, nil
}

// committed is what a commit has for paths.
func (g git) committed(ctx context.Context, commit string, paths []string) (map[string]entry, error) {
	found := map[string]entry{}
	for some := range atATime(paths) {
		out, err := g.run(ctx, nil, append([]string{"ls-tree", "-z", "--full-tree", commit, "--"}, some...)...)
		if err != nil {
			return nil, err
		}
		for name, fields := range lines(out) { // mode, type, object
			found[name] = entry{fields[0], fields[2]}
		}
	}
	return found, nil
}

// atATime gives paths in parts that fit into one command line: Windows takes 32,767
// characters (CreateProcessW), and git has a prefix of its own for each path.
func atATime(paths []string) func(yield func([]string) bool) {
	const most, prefix = 24 << 10, len(":(literal,top)") + len(`"" `)
	return func(yield func([]string) bool) {
		for len(paths) > 0 {
			n, size := 1, len(paths[0])+prefix
			for n < len(paths) && size+len(paths[n])+prefix <= most {
				size += len(paths[n]) + prefix
				n++
			}
			if !yield(paths[:n]) {
				return
			}
			paths = paths[n:]
		}
	}
}

// lines are three words and a path each, as ls-files and ls-tree write them with -z.
func lines(out []byte) func(yield func(name string, fields []string) bool) {
	return func(yield func(string, []string) bool) {
		for line := range strings.SplitSeq(string(out), "\x00") {
			head, name, ok := strings.Cut(line, "\t")
			if fields := strings.Fields(head); ok && len(fields) == 3 && !yield(name, fields) {
				return
			}
		}
	}
}
