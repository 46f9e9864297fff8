package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/bench/process"
	"github.com/oakum-sec/oakum/bench/words"
	"github.com/oakum-sec/oakum/internal/realtest"
)

// bench is what the measurements share.
type bench struct {
	options
	scratch string // holds all that is built and made
	words   string // the file of keywords
	about   string
}

// denied: a scan of a tree with findings ends with 1.
var denied = []int{1}

func prepare(ctx context.Context, o options) (*bench, error) {
	scratch, err := os.MkdirTemp("", "oakum-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{options: o, scratch: scratch}
	if b.oakum, err = filepath.Abs(o.oakum); err != nil {
		return nil, err
	}
	name := "the tree given"
	if b.tree == "" {
		out, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
		if err != nil {
			return nil, fmt.Errorf("find Go's sources: %w", err)
		}
		b.tree, name = filepath.Join(strings.TrimSpace(string(out)), "src"), "the sources of "+runtime.Version()
	}
	for _, reference := range []string{"walk", "empty"} {
		build := exec.CommandContext(ctx, "go", "build", "-o", b.at(reference), "./"+reference)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build %s: %w\n%s", reference, err, out)
		}
	}
	size, err := exec.CommandContext(ctx, b.at("walk"), b.tree).Output()
	if err != nil {
		return nil, fmt.Errorf("walk the tree: %w", err)
	}
	b.about = fmt.Sprintf("%s/%s, %d cores, %s; tree: %s, files and bytes: %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(),
		runtime.Version(), name, strings.TrimSpace(string(size)))
	return b, b.keywords()
}

func (b *bench) at(name string) string { return filepath.Join(b.scratch, name) }

// keywords writes the file of words by which the built-in rules are found.
func (b *bench) keywords() error {
	b.words = b.at("words")
	n, of, err := words.Write(b.words)
	b.about += fmt.Sprintf("; %d words of %d rules", n, of)
	return err
}

// treeRows measures the scan of a working tree.
func (b *bench) treeRows(ctx context.Context) ([]row, error) {
	scan := process.Command("oakum scan dir", b.scratch, denied, b.oakum, "scan", "dir", "--quiet", b.tree)
	walk := process.Command("walk and read", b.scratch, nil, b.at("walk"), b.tree)
	programs := []process.Program{scan, walk}
	part, err := realtest.Named("ripgrep")
	if err != nil {
		return nil, err
	}
	rg, missing := part.Path()
	if missing == nil {
		programs = append(programs, process.Command("rg -i -F -f", b.scratch, denied, rg, "-a", "-c", "--no-ignore", "--hidden", "-i", "-F", "-f", b.words, b.tree))
	} else {
		fmt.Fprintln(os.Stderr, "bench:", missing)
	}
	costs, err := process.Best(ctx, b.runs, programs...)
	if err != nil {
		return nil, err
	}
	rows := []row{versus("tree, CPU", scan, costs[0], walk, costs[1], cpu, 3)}
	if missing == nil {
		rows = append(rows, versus("tree, CPU", scan, costs[0], programs[2], costs[2], cpu, 1))
	}
	return rows, nil
}

// startRows measures what every commit pays.
func (b *bench) startRows(ctx context.Context) ([]row, error) {
	if err := os.Mkdir(b.at("nothing"), 0o755); err != nil {
		return nil, err
	}
	if err := b.stageTen(ctx); err != nil {
		return nil, err
	}
	empty := process.Command("empty Go program", b.scratch, nil, b.at("empty"))
	nothing := process.Command("oakum scan EMPTY", b.scratch, nil, b.oakum, "scan", "--quiet", b.at("nothing"))
	staged := process.Command("oakum scan --staged", b.at("repo"), nil, b.oakum, "scan", "--staged", "--quiet")
	costs, err := process.Best(ctx, b.runs, empty, nothing, staged)
	if err != nil {
		return nil, err
	}
	return []row{
		versus("start, wall", nothing, costs[1], empty, costs[0], wall, 6),
		within("start, wall", nothing, costs[1], costs[1].Wall, 25*time.Millisecond),
		memory("start, memory", nothing, costs[1], 40<<20),
		within("ten staged files, wall", staged, costs[2], costs[2].Wall, 40*time.Millisecond),
		versus("ten staged files, wall", staged, costs[2], empty, costs[0], wall, 0),
	}, nil
}

// stageTen makes a repository with ten small files in its index.
func (b *bench) stageTen(ctx context.Context) error {
	for i := range 10 {
		name := filepath.Join(b.at("repo"), fmt.Sprintf("file%d.go", i))
		text := strings.Repeat(fmt.Sprintf("// line of file %d\nvar limit = %d\n", i, i), 40)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return err
		}
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}} {
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Dir = b.at("repo")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("git %v: %w\n%s", args, err, out)
		}
	}
	return nil
}

// largeRows measures the memory that one large file takes.
func (b *bench) largeRows(ctx context.Context) ([]row, error) {
	if err := b.makeLarge(); err != nil {
		return nil, err
	}
	scan := process.Command("oakum scan dir LARGE", b.scratch, denied, b.oakum, "scan", "dir", "--quiet", b.at("large.txt"))
	costs, err := process.Best(ctx, 1, scan)
	if err != nil {
		return nil, err
	}
	r := memory(fmt.Sprintf("one file of %d MB, memory", b.large>>20), scan, costs[0], 150<<20)
	return []row{r}, os.Remove(b.at("large.txt"))
}

// makeLarge fills a file with the tree's Go sources, again and again.
func (b *bench) makeLarge() error {
	names, err := filepath.Glob(filepath.Join(b.tree, "*", "*.go"))
	if err != nil || len(names) == 0 {
		return fmt.Errorf("fill the large file: the tree has no Go sources (%v)", err)
	}
	f, err := os.Create(b.at("large.txt"))
	if err != nil {
		return err
	}
	defer f.Close()
	for written := int64(0); ; {
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			n, err := f.Write(text[:min(int64(len(text)), b.large-written)])
			if written += int64(n); err != nil || written == b.large {
				return err
			}
		}
	}
}

func cpu(c process.Cost) time.Duration  { return c.CPU }
func wall(c process.Cost) time.Duration { return c.Wall }

// versus compares two programs; a bar of 0 asks nothing.
func versus(what string, p process.Program, c process.Cost, than process.Program, t process.Cost, by func(process.Cost) time.Duration, bar float64) row {
	r := row{what: what, name: p.Name, cost: c, against: than.Name, than: t, ratio: float64(by(c)) / float64(by(t))}
	if bar > 0 {
		r.bar, r.over = fmt.Sprintf("≤ %g ×", bar), r.ratio > bar
	}
	return r
}

func within(what string, p process.Program, c process.Cost, took, bar time.Duration) row {
	return row{what: what, name: p.Name, cost: c, bar: "≤ " + bar.String(), over: took > bar}
}

func memory(what string, p process.Program, c process.Cost, bar int64) row {
	return row{what: what, name: p.Name, cost: c, bar: fmt.Sprintf("≤ %d MB", bar>>20), over: c.Peak > bar}
}
