package foreign

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// ignoreLine is an entry of .gitleaksignore: [commit:]path:rule:line.
var ignoreLine = regexp.MustCompile(`^(?:([0-9a-fA-F]{7,64}):)?([^:]+):([^:]+):(\d+)$`)

// readIgnore reads a .gitleaksignore, as gitleaks' README ("gitleaksignore") has it.
func readIgnore(name string, data []byte) (all []Record, err error) {
	n := 0
	for line := range bytes.Lines(data) {
		n++
		text := strings.TrimSpace(string(line))
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		m := ignoreLine.FindStringSubmatch(text)
		if m == nil {
			return nil, fmt.Errorf("%s:%d: not [commit:]path:rule-id:line", name, n)
		}
		at, err := strconv.Atoi(m[4])
		if err != nil {
			return nil, fmt.Errorf("%s:%d: its line number is none", name, n)
		}
		all = append(all, Record{At: fmt.Sprintf("%s:%d", name, n), Commit: strings.ToLower(m[1]), Path: slashed(m[2]), Rule: m[3], Line: at})
	}
	return all, nil
}

// readHashes reads betterleaks 2's list: the SHA-256 of a value a line.
func readHashes(name string, data []byte) (all []Record, err error) {
	n := 0
	for line := range bytes.Lines(data) {
		n++
		text, _, _ := strings.Cut(strings.TrimSpace(string(line)), "#")
		if text = strings.ToLower(strings.TrimSpace(text)); text == "" {
			continue
		}
		if !isHash(text, 64) {
			return nil, fmt.Errorf("%s:%d: not the SHA-256 of a value, in hex", name, n)
		}
		all = append(all, Record{At: fmt.Sprintf("%s:%d", name, n), hash: text})
	}
	return all, nil
}

// slashed is a path of whatever system with '/'.
func slashed(path string) string { return strings.ReplaceAll(path, `\`, "/") }
