package rows

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	name := filepath.Join(t.TempDir(), "rows.jsonl")
	text := `{"repo": 1, "ext": ".py", "file": "a.py", "category": "Password:Secret", "label": "T", "before": ["x"], "line": "p = 'abcd'", "after": ["y"], "start": 5, "end": 9}
{"repo": 2, "file": "b.md", "category": "UUID", "label": "F", "before": [], "line": "none", "after": [], "start": -1, "end": -1}
`
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := Read(name)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d rows, %v", len(all), err)
	}
	r := &all[0]
	whole, from, to := r.Text()
	if string(whole) != "x\np = 'abcd'\ny\n" || string(whole[from:to]) != "abcd" || r.Value() != "abcd" || !r.True() || !r.Generic() {
		t.Errorf("read %q, value %q, %+v", whole, whole[from:to], r)
	}
	if from, to := r.LineSpan(); string(whole[from:to]) != r.Line {
		t.Errorf("the line stands at %d to %d", from, to)
	}
	if r := &all[1]; r.Value() != "" || r.True() || r.Generic() {
		t.Errorf("%+v", r)
	}
	if err := os.WriteFile(name, []byte("{}\n{broken\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(name); err == nil || !strings.Contains(err.Error(), "row 2") {
		t.Errorf("a broken row: %v", err)
	}
}

func TestDisagreement(t *testing.T) {
	row := func(repo int, label, category, line, value string) Row {
		start := strings.Index(line, value)
		if value == "" {
			start = -1
		}
		return Row{Repo: repo, File: "a", Category: category, Label: label, Line: line, Start: start, End: start + len(value)}
	}
	uuid := "0c9eb1f2-8f4e-4a0b-9a53-7e1f6b1f2c3d"
	all := []Row{
		row(1, "T", "Password", `password = "letmein"`, "letmein"),
		row(2, "F", "Password", `password = "letmein"`, ""),
		row(3, "T", "Token", `x = "tok" // "other"`, "tok"),
		row(3, "F", "Token", `x = "tok" // "other"`, ""),
		row(4, "T", "Token", `token = "`+uuid+`"`, uuid),
		row(5, "T", "Nonce", `nonce = "abc"`, "abc"),
		row(6, "T", "Key", `key = "xxxxxxxxxxxx"`, "xxxxxxxxxxxx"),
		row(7, "T", "Key", `key = "AbcEXAMPLEKEY"`, "AbcEXAMPLEKEY"),
		row(8, "T", "Key", `key = "an honest one"`, "an honest one"),
	}
	d := NewDisagreement(all)
	for i, want := range []string{NoiseDefault, NoiseDefault, "", NoiseBoth, NoiseUUID, NoiseNonce, NoiseMask, NoiseExample, ""} {
		if got := d.Of(&all[i], "letmein"); got != want {
			t.Errorf("row %d: %q, want %q", i, got, want)
		}
	}
	if got := d.Of(&all[1], "something else"); got != "" {
		t.Errorf("another value on an F line: %q", got)
	}
}
