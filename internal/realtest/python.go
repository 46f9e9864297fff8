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
