package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// number is the version without its v, as archives are named by it.
func (r *release) number() string { return strings.TrimPrefix(r.stamp.version, "v") }

// pythonVersion is a Go version as Python says it (PEP 440): v0.2.0-rc.1 is 0.2.0rc1,
// and a commit without a tag is a development release that is numbered by its time.
func pythonVersion(version string) (string, error) {
	plain := strings.TrimPrefix(semver.Canonical(version), "v")
	if plain == "" {
		return "", fmt.Errorf("%q is no version", version)
	}
	base, pre, ok := strings.Cut(plain, "-")
	if !ok {
		return base, nil
	}
	if module.IsPseudoVersion(version) {
		at, err := module.PseudoVersionTime(version)
		if err != nil {
			return "", err
		}
		return base + ".dev" + at.UTC().Format("20060102150405"), nil
	}
	kind, n, ok := strings.Cut(pre, ".")
	short := map[string]string{"alpha": "a", "beta": "b", "rc": "rc"}[kind]
	if !ok || short == "" || strings.Trim(n, "0123456789") != "" || n == "" {
		return "", fmt.Errorf("tag %s: Python has no such version: name it vX.Y.Z, or vX.Y.Z-alpha.N, -beta.N, -rc.N", version)
	}
	return base + short + n, nil
}

// debianVersion is a Go version as dpkg sorts it: what comes before a release has a
// tilde (Debian Policy 5.6.12).
func debianVersion(version string) string {
	base, pre, ok := strings.Cut(strings.TrimPrefix(version, "v"), "-")
	if !ok {
		return base
	}
	return base + "~" + strings.ReplaceAll(pre, "-", ".")
}

// checkPins holds that what a tag is installed by names that tag: pyproject.toml, by
// which pre-commit takes the wheel. A commit without a tag is no release that anybody
// installs by it.
func (r *release) checkPins() error {
	if module.IsPseudoVersion(r.stamp.version) {
		return nil
	}
	version, err := pythonVersion(r.stamp.version)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(r.source, "pyproject.toml"))
	if err != nil {
		return err
	}
	for _, want := range []string{fmt.Sprintf("version = %q\n", version), fmt.Sprintf("dependencies = [%q]\n", "oakum-bin=="+version)} {
		if !strings.Contains(string(text), "\n"+want) {
			return fmt.Errorf("the tag is %s, but pyproject.toml has no line %s: change it, commit, and set the tag anew", r.stamp.version, strings.TrimSpace(want))
		}
	}
	return nil
}
