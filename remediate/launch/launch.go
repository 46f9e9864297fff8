// Package launch starts a program with the secrets that references stand for: in its
// environment, or in files of a memory file system. It is what `oakum run` does.
//
// Its promises: no value is in an argument, in a log or in a file on a disk; the
// program's exit code and signals are its own; and nothing is started where one
// reference cannot be resolved, for a program with half of its secrets fails where
// nobody looks.
//
// Its limits: who may read the program's environment (/proc/PID/environ: the same user,
// and root) reads the values. Files are left behind, until the next start of the
// machine, where oakum is killed by SIGKILL.
package launch

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/joho/godotenv"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/ref"
)

// Wanted is what a program is to be given.
type Wanted struct {
	Env      []string           // NAME=VALUE, as this process has it; a value may hold references
	Names    ref.Names          // the repository's names file
	EnvFiles []string           // dotenv files; a value may hold references
	Files    map[string]ref.Ref // by the variable that is to hold the file's path
	Copies   map[string]string  // files to copy with their references resolved, by the variable that is to hold the copy's path
}

// Given is what it gets.
type Given struct {
	Env   []string
	Files map[string]leak.Secret
	Count int // of references that were resolved
}

// Resolve gets all values. Of a variable that stands in several places the last one
// counts: this process's environment, the names file, the dotenv files in order. That
// is the order of `docker run --env-file`, so that what a file says does not depend on
// the shell.
func (w Wanted) Resolve(ctx context.Context, value func(context.Context, ref.Ref) (leak.Secret, error)) (Given, error) {
	g := Given{Files: map[string]leak.Secret{}}
	text := func(r ref.Ref) (string, error) {
		g.Count++
		v, err := value(ctx, r)
		if err != nil {
			return "", err
		}
		return inEnvironment(v)
	}
	all, err := w.variables()
	if err != nil {
		return g, err
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		expanded, err := ref.Expand(all[name], text)
		if err != nil {
			return g, fmt.Errorf("%s: %w", name, err)
		}
		g.Env = append(g.Env, name+"="+expanded)
	}
	for _, name := range slices.Sorted(maps.Keys(w.Files)) {
		g.Count++
		if g.Files[name], err = value(ctx, w.Files[name]); err != nil {
			return g, fmt.Errorf("%s: resolve %s: %w", name, w.Files[name], err)
		}
	}
	return g, w.copies(g.Files, text)
}

// variables are all of them with their references.
func (w Wanted) variables() (map[string]string, error) {
	all := map[string]string{}
	for _, v := range w.Env {
		if name, value, ok := strings.Cut(v, "="); ok && name != "" {
			all[name] = value
		}
	}
	for name, r := range w.Names {
		all[name] = r.String()
	}
	for _, file := range w.EnvFiles {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("read the variables: %w", err)
		}
		of, err := godotenv.Parse(f)
		f.Close()
		if err != nil { // its words quote the line, which may hold a value
			return nil, fmt.Errorf("%s is not read as a dotenv file: each line is NAME=VALUE or a comment", file)
		}
		maps.Copy(all, of)
	}
	return all, nil
}

// Equal tells whether a program was given the same.
func (g Given) Equal(h Given) bool {
	return slices.Equal(g.Env, h.Env) && maps.EqualFunc(g.Files, h.Files, leak.Secret.Equal)
}
