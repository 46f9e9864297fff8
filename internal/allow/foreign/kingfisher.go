package foreign

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/leak"
)

// kingfisherFound is a finding of Kingfisher's JSON.
type kingfisherFound struct {
	Rule struct {
		ID string `json:"id"`
	} `json:"rule"`
	Finding *struct {
		Snippet string `json:"snippet"`
		Path    string `json:"path"`
		Line    int    `json:"line"`
		Git     struct {
			Commit struct {
				ID string `json:"id"`
			} `json:"commit"`
		} `json:"git_metadata"`
	} `json:"finding"`
}

// readKingfisher reads Kingfisher's json (one object with all findings) and its
// jsonl (one a line, and a last one that sums up).
func readKingfisher(name string, data []byte) (all []Record, err error) {
	take := func(f kingfisherFound) {
		if f.Finding == nil {
			return
		}
		r := Record{At: entry(name, len(all)), Rule: f.Rule.ID, Path: slashed(f.Finding.Path), Line: f.Finding.Line, Commit: f.Finding.Git.Commit.ID}
		if s := f.Finding.Snippet; s != "" && !strings.HasPrefix(s, "[REDACTED") {
			r.values = []leak.Secret{leak.NewSecret([]byte(s))}
		}
		all = append(all, r)
	}
	err = eachObject(data, func(raw json.RawMessage) error {
		var whole struct {
			Findings json.RawMessage `json:"findings"` // in the summary a number
		}
		var one kingfisherFound
		if err := json.Unmarshal(raw, &one); err != nil {
			return err
		}
		take(one)
		var list []kingfisherFound
		if err := json.Unmarshal(raw, &whole); err != nil {
			return err
		}
		if len(whole.Findings) > 0 && whole.Findings[0] == '[' {
			if err := json.Unmarshal(whole.Findings, &list); err != nil {
				return err
			}
		}
		for _, f := range list {
			take(f)
		}
		return nil
	})
	if err != nil {
		return nil, malformed(name, "Kingfisher report", err)
	}
	return all, nil
}

// kingfisherMark begins a baseline of Kingfisher: version 2, or 1 before it.
var kingfisherMark = regexp.MustCompile(`(?m)^(fingerprint_algorithm:|ExactFindings:)`)

func kingfisherYAML(text []byte) bool { return kingfisherMark.Match(text) }

// readKingfisherBaseline reads the YAML of --baseline-file.
func readKingfisherBaseline(name string, data []byte) (all []Record, err error) {
	type known struct {
		Path     string `yaml:"path"`
		Rule     string `yaml:"rule_id"`
		Line     int    `yaml:"line"`
		FilePath string `yaml:"filepath"` // version 1
		LineNum  int    `yaml:"linenum"`
	}
	var base struct {
		Repositories []struct {
			Findings []known `yaml:"findings"`
		} `yaml:"repositories"`
		ExactFindings struct {
			Matches []known `yaml:"matches"`
		} `yaml:"ExactFindings"`
	}
	if err := yaml.Unmarshal(data, &base); err != nil {
		return nil, fmt.Errorf("%s: read Kingfisher baseline: it is malformed", name) // yaml's errors quote
	}
	list := base.ExactFindings.Matches
	for _, repo := range base.Repositories {
		list = append(list, repo.Findings...)
	}
	for i, k := range list {
		all = append(all, Record{At: entry(name, i), Rule: k.Rule, Path: slashed(k.Path + k.FilePath), Line: k.Line + k.LineNum})
	}
	return all, nil
}
