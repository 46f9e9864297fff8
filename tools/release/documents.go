package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// completions are where shells look for them, by the shell's name.
var completions = map[string]string{
	"bash":       "share/bash-completion/completions/oakum",
	"zsh":        "share/zsh/site-functions/_oakum",
	"fish":       "share/fish/vendor_completions.d/oakum.fish",
	"powershell": "share/oakum/oakum.ps1",
}

// documents are what the programs say of themselves: each is run here, so where this
// platform is not among those of the release it is built besides.
func (r *release) documents(ctx context.Context, work string, here []binary) (tree, error) {
	if here == nil {
		var err error
		if here, err = r.build(ctx, work, host(), programs); err != nil {
			return nil, err
		}
		if _, err := commonStamp(r.stamp, here); err != nil {
			return nil, err
		}
	}
	dir := filepath.Join(work, host().os+"-"+host().arch)
	pages := filepath.Join(work, "man")
	for _, b := range here {
		if _, err := output(ctx, filepath.Join(dir, host().exe(b.name)), "manual", pages); err != nil {
			return nil, err
		}
	}
	all, err := manualPages(pages)
	if err != nil {
		return nil, err
	}
	for shell, name := range completions {
		text, err := output(ctx, filepath.Join(dir, host().exe("oakum")), "completion", shell)
		if err != nil {
			return nil, err
		}
		all = append(all, file{name, 0o644, text})
	}
	return all, nil
}

func manualPages(dir string) (all tree, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.1"))
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("the programs wrote no manual pages: %w", err)
	}
	slices.Sort(names)
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		all = append(all, file{"share/man/man1/" + filepath.Base(name), 0o644, text})
	}
	return all, nil
}

func output(ctx context.Context, path string, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, path, args...)
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", filepath.Base(path), args[0], err)
	}
	return out, nil
}
