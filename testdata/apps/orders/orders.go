// Package orders renders the sample project of a service whose credentials stand
// everywhere in it: dotenv, JSON, source, Dockerfile, workflow, compose file and
// manifest. It is what remediation is tried out on, from the leak to its end.
package orders

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak/leaktest"
)

//go:embed secrets.tmpl all:tree
var templates embed.FS

// between stands between two files while they are one template, so that they share
// their values.
const between = "\x00%s\x00"

// Render gives the project's files, by their paths with slashes.
func Render(seed uint64) (map[string]string, error) {
	var all strings.Builder
	head, err := templates.ReadFile("secrets.tmpl")
	if err != nil {
		return nil, err
	}
	all.Write(head)
	err = fs.WalkDir(templates, "tree", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := templates.ReadFile(path)
		fmt.Fprintf(&all, between, strings.TrimSuffix(strings.TrimPrefix(path, "tree/"), ".tmpl"))
		all.Write(text)
		return err
	})
	if err != nil {
		return nil, err
	}
	text, err := leaktest.Render(seed, all.String())
	if err != nil {
		return nil, fmt.Errorf("render orders: %w", err)
	}
	parts := strings.Split(text, "\x00")[1:]
	files := map[string]string{}
	for name := range slices.Chunk(parts, 2) {
		files[name[0]] = name[1]
	}
	return files, nil
}

// Values are the project's credentials, by what they open.
func Values(seed uint64) (map[string]string, error) {
	head, err := templates.ReadFile("secrets.tmpl")
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for _, name := range []string{"orders", "report", "root", "smtp", "session", "id", "secret", "npm"} {
		if values[name], err = leaktest.Render(seed, string(head)+"{{$"+name+"}}"); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// Write puts the project into a folder, which it makes.
func Write(dir string, seed uint64) error {
	files, err := Render(seed)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(files[name]), 0o644); err != nil {
			return err
		}
	}
	return nil
}
