package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/oakum-sec/oakum/internal/report"
)

// binary is the built program, and a folder for its reports.
type binary struct{ program, scratch string }

// scan scans a folder at default settings.
func (b binary) scan(ctx context.Context, dir string) (*report.Document, error) {
	program, err := filepath.Abs(b.program)
	if err != nil {
		return nil, err
	}
	stored := filepath.Join(b.scratch, "report.json")
	cmd := exec.CommandContext(ctx, program, "scan", "dir", ".", "--quiet", "--format", "json", "--output", stored)
	cmd.Dir = dir
	said, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && (exit.ExitCode() == 1 || exit.ExitCode() == 3) {
		err = nil // findings, and what could not be looked at, are in the report
	}
	if err != nil {
		return nil, fmt.Errorf("scan %s: %w\n%s", dir, err, said)
	}
	f, err := os.Open(stored)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return report.Read(f)
}
