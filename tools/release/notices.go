package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"golang.org/x/mod/module"
)

// notices are the licences of all that is linked in, as those ask for.
func notices(source string, built []binary) ([]byte, error) {
	cache, err := goEnv(source, "GOMODCACHE")
	if err != nil {
		return nil, err
	}
	root, err := goEnv(source, "GOROOT")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.WriteString("oakum contains the software that is listed here, each under the licence that follows its name.\n")
	if err := notice(&out, "Go and its standard library", root); err != nil {
		return nil, err
	}
	for _, m := range modules(built) {
		path, err := module.EscapePath(m.Path)
		if err != nil {
			return nil, err
		}
		version, err := module.EscapeVersion(m.Version)
		if err != nil {
			return nil, err
		}
		if err := notice(&out, m.Path+" "+m.Version, filepath.Join(cache, filepath.FromSlash(path)+"@"+version)); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

func goEnv(dir, name string) (string, error) {
	c := exec.Command("go", "env", name)
	c.Dir = dir
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("go env %s: %w", name, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// modules are those of others that the programs are made of, each once.
func modules(built []binary) []*debug.Module {
	var all []*debug.Module
	for _, b := range built {
		for _, m := range b.info.Deps {
			if m.Replace == nil { // what is replaced is this repository's own
				all = append(all, m)
			}
		}
	}
	slices.SortFunc(all, func(a, b *debug.Module) int {
		return strings.Compare(a.Path+"\x00"+a.Version, b.Path+"\x00"+b.Version)
	})
	return slices.CompactFunc(all, func(a, b *debug.Module) bool { return a.Path == b.Path && a.Version == b.Version })
}

var licenceFile = regexp.MustCompile(`(?i)^((un)?licen[cs]e|copying|notice|patents)([-.].*)?$`)

// notice adds the licences that lie at a module's top.
func notice(out *bytes.Buffer, name, dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("the licence of %s: %w", name, err)
	}
	found := false
	for _, f := range files {
		if f.IsDir() || !licenceFile.MatchString(f.Name()) || strings.HasSuffix(f.Name(), ".go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "\n%s\n%s: %s\n\n%s\n", strings.Repeat("=", 80), name, f.Name(), bytes.TrimSpace(text))
		found = true
	}
	if !found {
		return fmt.Errorf("%s has no licence file in %s: what may not be passed on is not linked in", name, dir)
	}
	return nil
}
