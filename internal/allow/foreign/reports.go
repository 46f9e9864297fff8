package foreign

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// Redacted tells whether a value in a report of gitleaks is what its --redact
// left: the word, or a beginning and dots for --redact=N.
func Redacted(value string) bool {
	return value == "" || value == "REDACTED" || strings.HasSuffix(value, "...")
}

// readGitleaks reads gitleaks' JSON report, which is its baseline too.
func readGitleaks(name string, data []byte) (all []Record, err error) {
	var found []struct {
		RuleID, File, Secret, Commit string
		StartLine, EndLine           int
	}
	if err := json.Unmarshal(data, &found); err != nil {
		return nil, malformed(name, "gitleaks report", err)
	}
	for i, f := range found {
		r := Record{At: entry(name, i), Rule: f.RuleID, Path: slashed(f.File), Line: f.StartLine, EndLine: f.EndLine, Commit: f.Commit}
		if !Redacted(f.Secret) {
			r.values = []leak.Secret{leak.NewSecret([]byte(f.Secret))}
		}
		all = append(all, r)
	}
	return all, nil
}

func entry(name string, i int) string { return fmt.Sprintf("%s: entry %d", name, i+1) }

// pemHead is what detect-secrets hashes of a private key: the words of its head
// line, the same for all keys, so that only the line tells which.
const pemHead = "Private Key"

// readDetectSecrets reads detect-secrets' baseline: by file, the SHA-1 of values.
func readDetectSecrets(name string, data []byte) (all []Record, err error) {
	var base struct {
		Results map[string][]struct {
			Type   string `json:"type"`
			Hash   string `json:"hashed_secret"`
			Line   int    `json:"line_number"`
			Secret *bool  `json:"is_secret"` // the verdict of its audit
		} `json:"results"`
	}
	if err := json.Unmarshal(data, &base); err != nil {
		return nil, malformed(name, "detect-secrets baseline", err)
	}
	n := 0
	for _, file := range slices.Sorted(maps.Keys(base.Results)) {
		for _, f := range base.Results[file] {
			r := Record{At: entry(name, n), Rule: f.Type, Path: slashed(file), Line: f.Line, hash: strings.ToLower(f.Hash)}
			if f.Type == pemHead {
				r.hash = ""
			}
			all = append(all, r)
			n++
		}
	}
	return all, nil
}

// readTruffleHog reads TruffleHog's --json: an object a finding, one behind the
// other, or an array of them. Where it stands is told by whichever source it was
// found in, by the same names in most.
func readTruffleHog(name string, data []byte) (all []Record, err error) {
	type found struct {
		SourceMetadata struct {
			Data map[string]struct {
				Commit string `json:"commit"`
				File   string `json:"file"`
				Line   int    `json:"line"`
			}
		}
		DetectorName, Raw, RawV2 string
	}
	n := 0
	err = eachObject(data, func(raw json.RawMessage) error {
		var f found
		if err := json.Unmarshal(raw, &f); err != nil {
			return err
		}
		r := Record{At: entry(name, n), Rule: f.DetectorName}
		n++
		if f.DetectorName == "" && f.Raw == "" {
			return nil // a line of its log among the findings
		}
		for _, where := range f.SourceMetadata.Data {
			r.Path, r.Line, r.Commit = slashed(where.File), where.Line, where.Commit
		}
		for _, v := range []string{f.Raw, f.RawV2} {
			if v != "" {
				r.values = append(r.values, leak.NewSecret([]byte(v)))
			}
		}
		all = append(all, r)
		return nil
	})
	if err != nil {
		return nil, malformed(name, "TruffleHog report", err)
	}
	return all, nil
}

// eachObject hands over each object of a file of them, or of an array.
func eachObject(data []byte, use func(json.RawMessage) error) error {
	if text := bytes.TrimSpace(data); len(text) > 0 && text[0] == '[' {
		var list []json.RawMessage
		if err := json.Unmarshal(text, &list); err != nil {
			return err
		}
		for _, raw := range list {
			if err := use(raw); err != nil {
				return err
			}
		}
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	for {
		var raw json.RawMessage
		if err := dec.Decode(&raw); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := use(raw); err != nil {
			return err
		}
	}
}
