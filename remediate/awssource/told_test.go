package awssource_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
)

// told is what a scan says: findings as "rule place", their notes and how many parts
// they have, and gaps.
type told struct {
	findings []string
	notes    map[string][]string
	parts    map[string]int
	gaps     []string // "class code place: why"
}

func scan(t *testing.T, src scanner.Source) told {
	t.Helper()
	out := told{notes: map[string][]string{}, parts: map[string]int{}}
	_, err := scanner.New(builtin.Set(), scanner.Options{}).Scan(t.Context(), src, func(e scanner.Event) error {
		switch {
		case e.Finding != nil:
			id := e.Finding.Rule + " " + e.Finding.Place.String()
			out.findings = append(out.findings, id)
			out.notes[id], out.parts[id] = e.Finding.Notes, len(e.Finding.Parts)
		case e.Gap != nil:
			out.gaps = append(out.gaps, fmt.Sprintf("%s %s %s", e.Gap.Class, e.Gap.Code, e.Gap))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return out
}

func (o told) says(finding, words string) bool {
	return strings.Contains(strings.Join(o.notes[finding], "\n"), words)
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %s\nwant %s", what, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}
