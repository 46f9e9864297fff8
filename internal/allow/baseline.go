package allow

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// Known is a baseline's line: a finding that was there when it was taken.
type Known struct {
	ID    string `json:"id"`
	Rule  string `json:"rule"`
	Place string `json:"place"` // for people, and to follow a file that moves; what is compared is the ID
}

// Baseline is a list of known findings, a JSON object a line, sorted by id.
type Baseline struct {
	name  string
	known map[string]Known
	used  map[string]bool
	follower
}

// NewBaseline takes a baseline of findings.
func NewBaseline(findings []*leak.Finding) *Baseline {
	b := &Baseline{known: map[string]Known{}}
	for _, f := range findings {
		b.known[f.ID] = Known{f.ID, f.Rule, f.Place.String()}
	}
	return b
}

// ParseBaseline reads a baseline. An error names file and line.
func ParseBaseline(name string, data []byte) (*Baseline, error) {
	b := &Baseline{name: name, known: map[string]Known{}, used: map[string]bool{}}
	n := 0
	for line := range bytes.Lines(data) {
		n++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var k Known
		if err := json.Unmarshal(line, &k); err != nil {
			return nil, fmt.Errorf("%s:%d: read baseline: %w; make one with `oakum baseline --output %s`", name, n, err, name)
		}
		if err := CheckFingerprint(k.ID); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		b.known[k.ID] = k
		b.learn(k.ID, k.Place)
	}
	return b, nil
}

// Len is how many findings it knows.
func (b *Baseline) Len() int { return len(b.known) }

// Bytes is the baseline's file.
func (b *Baseline) Bytes() ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	for _, k := range b.sorted() {
		if err := enc.Encode(k); err != nil {
			return nil, fmt.Errorf("write baseline: %w", err)
		}
	}
	return out.Bytes(), nil
}

func (b *Baseline) sorted() []Known {
	all := make([]Known, 0, len(b.known))
	for _, k := range b.known {
		all = append(all, k)
	}
	slices.SortFunc(all, func(x, y Known) int { return cmp.Or(strings.Compare(x.ID, y.ID), strings.Compare(x.Place, y.Place)) })
	return all
}

// Match implements List.
func (b *Baseline) Match(f *leak.Finding) *leak.Suppression {
	id := f.ID
	if _, ok := b.known[id]; !ok {
		if id = b.follow(f); id == "" {
			return nil
		}
	}
	b.used[id] = true
	return &leak.Suppression{Kind: leak.SuppressBaseline, Where: b.name}
}

// Unused implements List: what was known and is gone.
func (b *Baseline) Unused() []string {
	var out []string
	for _, k := range b.sorted() {
		if !b.used[k.ID] {
			out = append(out, fmt.Sprintf("%s: %s (%s in %s)", b.name, k.ID, k.Rule, k.Place))
		}
	}
	return out
}
