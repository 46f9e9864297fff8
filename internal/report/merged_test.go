package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// reportOf is a stored report of findings, read back: without values.
func reportOf(t *testing.T, target Target, findings ...*leak.Finding) *Document {
	t.Helper()
	var m scanner.Merge
	for _, f := range findings {
		m.Add(f)
	}
	d := &Document{Schema: Schema, Tool: Tool{Name: "oakum"}, Targets: []Target{target}, Findings: m.Findings(), Result: Result{Complete: true}}
	d.Summary = scanner.Summary{Blobs: 2, Bytes: 10, Findings: int64(len(findings))}
	var b bytes.Buffer
	err := Write(&b, "json", d, Options{})
	if err == nil {
		d, err = Read(&b)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func at(p leak.Place, line int, change ...func(*leak.Finding)) *leak.Finding {
	f := &leak.Finding{Sighting: leak.Sighting{Place: p, Line: line, Span: leak.Span{Start: int64(line), End: int64(line + 1)}},
		ID: "v1." + strings.Repeat("a", 32), Rule: "r", Proof: leak.Proven, Seen: 1, Decision: &leak.Decision{Verdict: leak.Warn, Reason: "so"}}
	for _, c := range change {
		c(f)
	}
	return f
}

func placesOf(f *leak.Finding) (all []string) {
	for _, s := range append([]leak.Sighting{f.Sighting}, f.Also...) {
		all = append(all, fmt.Sprintf("%s:%d", s.Place, s.Line))
	}
	slices.Sort(all)
	return all
}

// One value in a repository (twice in a file), an image, a variable and a pod is one
// finding with five places, denied if one report denies it.
func TestMerged(t *testing.T) {
	deny := func(f *leak.Finding) {
		f.Decision, f.Notes = &leak.Decision{Verdict: leak.Deny, Reason: "in an image"}, []string{"layer 3"}
	}
	hushed := func(f *leak.Finding) { f.Suppressed = &leak.Suppression{Kind: leak.SuppressAllowFile} }
	other := func(f *leak.Finding) { f.ID = "p1.x" }
	docs := []*Document{
		reportOf(t, Target{Kind: "git", Path: "shop", Base: "shop"}, at(leak.File{Name: "a.env"}, 1, hushed), at(leak.File{Name: "a.env"}, 7, hushed), at(leak.GitBlob{Name: "b.env", Blob: "cd"}, 2, other)),
		reportOf(t, Target{Kind: "image", Path: "shop:1"}, at(leak.ImageFile{Image: "shop:1", Layer: "sha256:ab", Name: "a.env"}, 1, deny)),
		reportOf(t, Target{Kind: "ci"}, at(leak.Variable{Scope: "github:acme", Name: "TOKEN"}, 0)),
		reportOf(t, Target{Kind: "k8s", Path: "-"}, at(leak.ObjectField{Object: "v1/Pod", Name: "p", Field: "spec"}, 3)),
	}
	d := Merged(docs)
	if len(d.Findings) != 2 || len(d.Targets) != 4 || d.Summary.Blobs != 8 || d.Counts != (Counts{Denied: 1, Warned: 1}) || d.Result.Verdict != leak.Deny || d.Result.ExitCode != 1 {
		t.Errorf("%d findings, targets %v, %+v, %+v, %+v", len(d.Findings), d.Targets, d.Summary, d.Counts, d.Result)
	}
	f := d.Findings[0]
	want := []string{"github:acme variable TOKEN:0", "shop/a.env:1", "shop/a.env:7", "shop:1@ab:a.env:1", "v1/Pod p spec:3"}
	if got := placesOf(f); !slices.Equal(got, want) || f.Seen != 5 || f.Suppressed != nil {
		t.Errorf("seen %d times at %q, suppressed by %v", f.Seen, got, f.Suppressed)
	}
	if f.Decision.Reason != "in an image" || !slices.Equal(f.Notes, []string{"layer 3"}) {
		t.Errorf("%v %q", f.Decision, f.Notes)
	}
	if got := placesOf(d.Findings[1]); !slices.Equal(got, []string{"shop/b.env:2"}) {
		t.Errorf("the other is at %q", got)
	}
	// Twice the same report is that report, with all its numbers twice but the places.
	twice := Merged([]*Document{docs[0], docs[0]})
	if got := placesOf(twice.Findings[0]); !slices.Equal(got, []string{"a.env:1", "a.env:7"}) || twice.Findings[0].Seen != 2 || twice.Findings[0].Suppressed == nil {
		t.Errorf("twice: %q, seen %d", got, twice.Findings[0].Seen)
	}
}

// What a report has more places of than it lists is still counted.
func TestMergedCounts(t *testing.T) {
	var many []*leak.Finding
	for i := range 2 * leak.MaxAlso {
		many = append(many, at(leak.File{Name: fmt.Sprint("f", i)}, 1))
	}
	d := Merged([]*Document{reportOf(t, Target{Kind: "dir"}, many...), reportOf(t, Target{Kind: "ci"}, at(leak.Variable{Name: "X"}, 0))})
	if f := d.Findings[0]; f.Seen != 2*leak.MaxAlso+1 || len(f.Also) != leak.MaxAlso {
		t.Errorf("seen %d, %d listed", f.Seen, len(f.Also)+1)
	}
}
