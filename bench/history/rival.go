package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/oakum-sec/oakum/internal/realtest"
)

// rival finds a scanner: in the folder OAKUM_RIVALS, where rivals.sh puts it by
// default, or in PATH.
func rival(name string) (string, error) {
	dir := os.Getenv("OAKUM_RIVALS")
	if dir == "" {
		if cache, err := os.UserCacheDir(); err == nil {
			dir = filepath.Join(cache, "oakum", "rivals")
		}
	}
	at := filepath.Join(dir, name)
	if _, err := os.Stat(at); dir != "" && !errors.Is(err, fs.ErrNotExist) {
		return at, err
	}
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	return "", fmt.Errorf("%s is neither in OAKUM_RIVALS nor in PATH: bench/rivals.sh brings it", name)
}

func ripgrep() (string, error) {
	part, err := realtest.Named("ripgrep")
	if err != nil {
		return "", err
	}
	path, err := part.Path()
	if err == nil {
		return path, nil
	}
	if inPath, lookErr := exec.LookPath("rg"); lookErr == nil {
		return inPath, nil
	}
	return "", err
}

// versions asks each program for its own; the first line counts.
func (s *session) versions(ctx context.Context, paths map[string]string) {
	for _, v := range [][]string{
		{"oakum", paths["OAKUM"], "version"}, {"git", "git", "--version"}, {"Kingfisher", paths["KINGFISHER"], "--version"},
		{"Betterleaks", paths["BETTERLEAKS"], "version"}, {"ripgrep", paths["RG"], "--version"},
	} {
		if v[1] == "" {
			continue
		}
		if out, err := exec.CommandContext(ctx, v[1], v[2:]...).Output(); err == nil {
			first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
			s.record.Versions[v[0]] = first
		}
	}
}
