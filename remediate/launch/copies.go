package launch

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/ref"
)

// copies resolves the references of whole files: what a program reads in the place of
// its config.json. Where they stand a value is written as the file's format wants it.
func (w Wanted) copies(into map[string]leak.Secret, text func(ref.Ref) (string, error)) error {
	for _, name := range slices.Sorted(maps.Keys(w.Copies)) {
		file := w.Copies[name]
		content, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		escape := escapeOf(file)
		out, err := ref.Expand(string(content), func(r ref.Ref) (string, error) {
			v, err := text(r)
			if err != nil {
				return "", err
			}
			return escape(v)
		})
		if err != nil {
			return fmt.Errorf("%s: %s: %w", name, file, err)
		}
		into[name] = leak.NewSecret([]byte(out))
	}
	return nil
}

// escapeOf is how a value is written within a file: in JSON as within quotation marks;
// in any other format only where it reads the same with and without them.
func escapeOf(file string) func(string) (string, error) {
	if strings.EqualFold(filepath.Ext(file), ".json") {
		return inJSON
	}
	return asItIs
}

func inJSON(v string) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", err
	}
	return strings.TrimSuffix(strings.TrimPrefix(b.String(), `"`), "\"\n"), nil
}

// plain are the marks that no format of settings gives a meaning to within a value.
const plain = "-_./@+=~"

func asItIs(v string) (string, error) {
	for _, c := range v {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune(plain, c) {
			return "", errors.New("the value holds characters that mean something in such a file: have it in a variable, or the file as JSON")
		}
	}
	return v, nil
}
