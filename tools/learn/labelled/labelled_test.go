package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/tools/learn/rows"
)

// A measurement counts what is found and missed, says why, and writes its lists
// where it was told to and nowhere else.
func TestMeasure(t *testing.T) {
	token := leaktest.Must(1, "{{alnum 32}}")
	row := func(label, category, file, line, value string) rows.Row {
		start := -1
		if value != "" {
			start = strings.Index(line, value)
		}
		return rows.Row{Repo: 1, Ext: ".env", File: file, Category: category, Label: label, Line: line, Start: start, End: start + len(value)}
	}
	all := []rows.Row{
		row("T", "Token", ".env", "API_TOKEN="+token, token),
		row("T", "Token", "yarn.lock", "token: "+token, token),
		row("T", "API", "a.md", "the id is "+token, token),
		row("F", "Token", ".env", "API_TOKEN=${TOKEN}", ""),
		row("F", "Secret", ".env", "SECRET="+leaktest.Must(2, "{{alnum 32}}"), ""),
		row("T", "UUID", ".env", "ID="+token, token),
	}
	got, err := measure(t.Context(), all)
	if err != nil || len(got) != 5 {
		t.Fatalf("%d rows judged, %v", len(got), err)
	}
	for i, want := range []string{"", "file kind", "not read", "reference", ""} {
		if got[i].cause != want || (got[i].found != nil) != (want == "") {
			t.Errorf("row %d: cause %q, want %q; found %v", i, got[i].cause, want, got[i].found != nil)
		}
	}
	var out strings.Builder
	tell(&out, got, 0.5)
	if want := "precision 0.500  recall 0.333  F1 0.400  (found 1 of 3, false 1 of 2)"; !strings.Contains(out.String(), want) {
		t.Errorf("no %q in\n%s", want, out.String())
	}
	if strings.Contains(out.String(), token) {
		t.Error("the summary shows a value")
	}
	dir := t.TempDir()
	if err := writeErrors(dir, got, 0.5); err != nil {
		t.Fatal(err)
	}
	missed, _ := os.ReadFile(filepath.Join(dir, "missed.txt"))
	if strings.Count(string(missed), "\n") != 2 {
		t.Errorf("missed:\n%s", missed)
	}
	if err := writeErrors("", got, 0.5); err != nil {
		t.Error(err)
	}
}
