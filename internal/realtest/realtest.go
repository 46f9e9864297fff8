// Package realtest brings and finds the real programs that oakum is tested
// against: the git, the pre-commit and the Kubernetes that users run, not stand-ins.
//
// `make check` brings every part into a cache folder of the user (OAKUM_PARTS,
// by default oakum/parts in the user's cache folder), each under a name that
// ends in a digest of how it is brought, so that a new version never meets an
// old one's files. A test asks [Find]; a part that is not there skips the test
// with the reason, or fails it where OAKUM_PARTS_REQUIRED=1. Each part that a
// test was given is noted in the file that OAKUM_PARTS_RAN names, which is how
// `make check` can say at the end which parts ran.
//
// Nothing is installed into the system. It is a module of its own because the
// product must not depend on any of it.
package realtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Part is one real program.
type Part struct {
	Name    string
	Program string // its path in the part's folder; "" is a program of the system, looked up in PATH
	recipe  string // everything that decides what is brought; its digest names the folder
	bring   func(ctx context.Context, dir string) error
}

// whole is the file that says that a part's folder is complete.
const whole = ".whole"

// Parts lists all parts, those of the system first.
func Parts() []Part {
	return []Part{{Name: "git"}, preCommit(), moto(), rotationLibraries(), iamSimulate(), ripgrep(), gitleaks(), dockerRegistry(), helm(),
		openBao(), buildah(), mariaDB(), postgres(), sshd(), {Name: "node"}, nodeLibraries(), javaLibraries(), dotnet(), etcd(), kubernetes("kube-apiserver"), kubernetes("kube-controller-manager"), kubernetes("kubectl")}
}

// Named finds a part by its name.
func Named(name string) (Part, error) {
	for _, p := range Parts() {
		if p.Name == name {
			return p, nil
		}
	}
	return Part{}, fmt.Errorf("no part is called %q", name)
}

// folder is where the part lies or will lie.
func (p Part) folder() (string, error) {
	root := os.Getenv("OAKUM_PARTS")
	if root == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("find a place for %s: %w (set OAKUM_PARTS)", p.Name, err)
		}
		root = filepath.Join(cache, "oakum", "parts")
	}
	sum := sha256.Sum256([]byte(p.recipe))
	return filepath.Join(root, p.Name+"-"+hex.EncodeToString(sum[:6])), nil
}

// Path is the part's program, or an error that says how to bring it.
func (p Part) Path() (string, error) {
	if p.Program == "" {
		path, err := exec.LookPath(p.Name)
		if err != nil {
			return "", fmt.Errorf("look for %s: %w (install it)", p.Name, err)
		}
		return path, nil
	}
	dir, err := p.folder()
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(dir, whole)); err != nil {
		return "", fmt.Errorf("look for %s: %w (make parts brings it)", p.Name, err)
	}
	return filepath.Join(dir, filepath.FromSlash(p.Program)), nil
}

// Bring makes the part ready and returns its program. Where it is there
// already, nothing is done. A mark is written last: what a killed run left is
// begun anew.
func (p Part) Bring(ctx context.Context) (string, error) {
	if path, err := p.Path(); err == nil || p.bring == nil {
		return path, err
	}
	dir, err := p.folder()
	if err != nil {
		return "", err
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("clear %s: %w", dir, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make %s: %w", dir, err)
	}
	if err := p.bring(ctx, dir); err != nil {
		return "", fmt.Errorf("bring %s: %w", p.Name, err)
	}
	if err := os.WriteFile(filepath.Join(dir, whole), nil, 0o644); err != nil {
		return "", fmt.Errorf("mark %s as whole: %w", p.Name, err)
	}
	return p.Path()
}

// Find gives a test the path of a part's program.
func Find(t testing.TB, name string) string {
	t.Helper()
	part, err := Named(name)
	if err != nil {
		t.Fatal(err)
	}
	path, err := part.Path()
	if err != nil {
		if os.Getenv("OAKUM_PARTS_REQUIRED") == "1" {
			t.Fatalf("a real part is missing: %v", err)
		}
		t.Skipf("a real part is missing: %v", err)
	}
	if err := noteRan(name); err != nil {
		t.Fatal(err)
	}
	return path
}

// noteRan appends the part's name to the file that OAKUM_PARTS_RAN names. Short
// appends of several test processes do not mix.
func noteRan(name string) error {
	file := os.Getenv("OAKUM_PARTS_RAN")
	if file == "" {
		return nil
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("note that %s ran: %w", name, err)
	}
	_, err = f.WriteString(name + "\n")
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}
