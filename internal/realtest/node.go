package realtest

import (
	"context"
	_ "embed"
	"os"
	"path/filepath"
)

//go:embed lock/iam-simulate.json
var iamSimulateLock string

// iamSimulate is what our evaluation of IAM policies is held against. It is under
// the AGPL: it runs as a program of its own, in tests alone, and is neither linked
// nor shipped.
func iamSimulate() Part {
	return node("iam-simulate", "node_modules/@cloud-copilot/iam-simulate/dist/esm/index.js",
		`{"private": true, "dependencies": {"@cloud-copilot/iam-simulate": "0.1.173"}}`, iamSimulateLock)
}

//go:embed lock/node-libraries.json
var nodeLibrariesLock string

// nodeLibraries are what the sample service testdata/apps/orders runs with: clients of
// MariaDB and PostgreSQL, and AWS's SDK. Its program is their folder.
func nodeLibraries() Part {
	return node("node-libraries", "node_modules",
		`{"name": "node-libraries", "private": true, "dependencies": {"@aws-sdk/client-secrets-manager": "3.1164.0", "@aws-sdk/client-ssm": "3.1164.0", "mysql2": "3.24.6", "pg": "8.23.1"}}`, nodeLibrariesLock)
}

// node is a package from npm with all that it needs, each pinned by its hash. No
// script of a package runs. npm and node are the system's.
func node(name, program, manifest, lock string) Part {
	return Part{
		Name:    name,
		Program: program,
		recipe:  manifest + lock,
		bring: func(ctx context.Context, dir string) error {
			if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(manifest), 0o644); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, "package-lock.json"), []byte(lock), 0o644); err != nil {
				return err
			}
			return run(ctx, dir, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
		},
	}
}
