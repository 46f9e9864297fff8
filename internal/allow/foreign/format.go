package foreign

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// formats are the names that --format takes, and their readers.
var formats = []struct {
	name string
	read func(name string, data []byte) ([]Record, error)
}{
	{"gitleaksignore", readIgnore},
	{"gitleaks", readGitleaks},
	{"detect-secrets", readDetectSecrets},
	{"trufflehog", readTruffleHog},
	{"kingfisher", readKingfisher},
	{"kingfisher-baseline", readKingfisherBaseline},
	{"betterleaksignore", readHashes},
}

// Formats lists the names of the formats that are read.
func Formats() []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

// Read reads a list of the format, or where that is "" of the one that it looks
// like. The errors name the file and never quote it.
func Read(name string, data []byte, format string) ([]Record, string, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if format == "" {
		if format = detect(data); format == "" {
			return nil, "", fmt.Errorf("%s: this looks like no list that can be imported: name its format with --format %s", name, strings.Join(Formats(), "|"))
		}
	}
	i := slices.Index(Formats(), format)
	if i < 0 {
		return nil, "", fmt.Errorf("--format: unknown format %q: use one of %s", format, strings.Join(Formats(), ", "))
	}
	records, err := formats[i].read(name, data)
	return records, format, err
}

// Knows tells whether data looks like one of the formats.
func Knows(data []byte) bool { return detect(data) != "" }

// detect tells a file's format by what only that format has.
func detect(data []byte) string {
	text := bytes.TrimSpace(data)
	switch {
	case len(text) == 0:
		return "gitleaksignore" // an empty one: nothing is accepted yet
	case text[0] == '[':
		return ofArray(text)
	case text[0] == '{':
		return ofObject(text)
	case kingfisherYAML(text):
		return "kingfisher-baseline"
	}
	return ofLines(text)
}

func ofArray(text []byte) string {
	var items []map[string]json.RawMessage
	if json.Unmarshal(text, &items) != nil {
		return ""
	}
	if len(items) == 0 {
		return "gitleaks"
	}
	return ofKeys(items[0])
}

// ofObject looks at the first object; a file with one a line goes on behind it.
func ofObject(text []byte) string {
	var first map[string]json.RawMessage
	if json.NewDecoder(bytes.NewReader(text)).Decode(&first) != nil {
		return ""
	}
	return ofKeys(first)
}

func ofKeys(object map[string]json.RawMessage) string {
	has := func(keys ...string) bool {
		return !slices.ContainsFunc(keys, func(k string) bool { _, ok := object[k]; return !ok })
	}
	switch {
	case has("RuleID", "File", "StartLine"):
		return "gitleaks"
	case has("results") && (has("plugins_used") || has("version")):
		return "detect-secrets"
	case has("SourceMetadata", "DetectorName"), has("SourceMetadata", "Raw"):
		return "trufflehog"
	case has("rule", "finding"), has("findings", "metadata"), has("findings"):
		return "kingfisher"
	}
	return ""
}

// ofLines tells the two formats of lines apart by their first entry.
func ofLines(text []byte) string {
	for line := range bytes.Lines(text) {
		entry := strings.TrimSpace(string(line))
		switch {
		case entry == "" || strings.HasPrefix(entry, "#"):
		case isHash(entry, 64):
			return "betterleaksignore"
		case ignoreLine.MatchString(entry):
			return "gitleaksignore"
		default:
			return ""
		}
	}
	return "gitleaksignore"
}

func isHash(s string, size int) bool {
	return len(s) == size && strings.Trim(s, "0123456789abcdef") == ""
}

// malformed hides what a parser quotes of the file.
func malformed(name, what string, err error) error {
	if at, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("%s: read %s: malformed at byte %d", name, what, at.Offset)
	}
	return fmt.Errorf("%s: read %s: it is malformed", name, what)
}
