package ref

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// NamesFile is where a repository keeps its Names, at its root.
const NamesFile = ".oakum-refs.yaml"

// Names says what each environment variable's name stands for. It is a file
// that people review, and that `oakum run` resolves; no value is in it:
//
//	version: 1
//	environment:
//	  DB_PASSWORD: ref+awssecrets://prod/mysql#/password
type Names map[string]Ref

type namesFile struct {
	Version     int               `yaml:"version"`
	Environment map[string]string `yaml:"environment"`
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// ValidName tells whether every shell and platform takes name as a variable's.
func ValidName(name string) bool { return variableName.MatchString(name) }

// ReadNames reads a names file strictly: a field that is not known is an error.
// An empty text holds none.
func ReadNames(text []byte) (Names, error) {
	var file namesFile
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&file); errors.Is(err, io.EOF) {
		return Names{}, nil
	} else if err != nil {
		return nil, fmt.Errorf("read %s: %w", NamesFile, err)
	}
	if file.Version != 1 {
		return nil, fmt.Errorf("read %s: version %d; this oakum reads version: 1", NamesFile, file.Version)
	}
	names := Names{}
	for name, text := range file.Environment {
		r, err := Parse(text)
		if err != nil {
			return nil, fmt.Errorf("read %s: %s: %w", NamesFile, name, err)
		}
		if !ValidName(name) {
			return nil, fmt.Errorf("read %s: %q is no name of an environment variable", NamesFile, name)
		}
		names[name] = r
	}
	return names, nil
}

// Add has name stand for r. A name that stands for something else already is
// an error, and nothing is changed: two secrets never share a name by accident.
func (n Names) Add(name string, r Ref) error {
	if !ValidName(name) {
		return fmt.Errorf("%q is no name of an environment variable", name)
	}
	if err := r.Validate(); err != nil {
		return err
	}
	if old, ok := n[name]; ok && old.String() != r.String() {
		return fmt.Errorf("%s stands for %s already; choose another name for %s", name, old, r)
	}
	n[name] = r
	return nil
}

// Bytes is the file's text, with names in their order.
func (n Names) Bytes() []byte {
	var out strings.Builder
	out.WriteString("# What each environment variable stands for; `oakum run -- CMD` sets them. No value is in here.\nversion: 1\nenvironment:")
	if len(n) == 0 {
		out.WriteString(" {}")
	}
	out.WriteString("\n")
	for _, name := range slices.Sorted(maps.Keys(n)) {
		fmt.Fprintf(&out, "  %s: %s\n", name, n[name])
	}
	return []byte(out.String())
}
