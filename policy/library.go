package policy

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed library
var library embed.FS

// Sample is a policy to copy, with its test and, where it has one, its data.
type Sample struct {
	Name  string // "grace_period"
	Doc   string // what it does: the comment that it begins with, on one line
	Files map[string][]byte
}

// Library are the policies to copy, by name.
func Library() ([]Sample, error) {
	entries, err := library.ReadDir("library")
	if err != nil {
		return nil, err
	}
	var all []Sample
	for _, e := range entries {
		name, isPolicy := strings.CutSuffix(e.Name(), ".rego")
		if !isPolicy || strings.HasSuffix(name, "_test") {
			continue
		}
		s := Sample{Name: name, Files: map[string][]byte{}}
		for from, to := range map[string]string{name + ".rego": name + ".rego", name + "_test.rego": name + "_test.rego", name + ".json": "data.json"} {
			content, err := library.ReadFile("library/" + from)
			if err == nil {
				s.Files[to] = content
			}
		}
		s.Doc = leadingComment(string(s.Files[name+".rego"]))
		all = append(all, s)
	}
	return all, nil
}

// leadingComment is the comment that a module begins with, on one line.
func leadingComment(src string) string {
	var words []string
	for line := range strings.Lines(src) {
		comment, ok := strings.CutPrefix(line, "#")
		if !ok {
			break
		}
		words = append(words, strings.Fields(comment)...)
	}
	return strings.Join(words, " ")
}

// Builtin is one of oakum's own modules: "default" decides what nobody else
// decides, "lib" has the words for policies.
func Builtin(name string) ([]byte, error) {
	if !slices.Contains([]string{"default", "lib"}, name) {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return fs.ReadFile(embedded, path.Join("rego", name+".rego"))
}
