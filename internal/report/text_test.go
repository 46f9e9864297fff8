package report

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestTextGolden(t *testing.T) {
	d := sample()
	d.Mask()
	got := write(t, d, "text", Options{ShowSuppressed: true})
	const golden = "testdata/sample.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the text report changed; look at it, then run go test -update\ngot:\n%s\nwant:\n%s", got, want)
	}
}

func TestTextColoursAndTimeOnlyWhereAsked(t *testing.T) {
	d := sample()
	d.Elapsed = 1234 * time.Millisecond
	plain := write(t, d, "text", Options{})
	if strings.Contains(plain, "\x1b") || strings.Contains(plain, "1.234s") {
		t.Error("colours or time in a report that is not for a terminal")
	}
	shown := write(t, d, "text", Options{Color: true, Elapsed: true})
	if !strings.Contains(shown, "\x1b[1;31mCRITICAL\x1b[0m") || !strings.Contains(shown, "1.234s") {
		t.Error("a terminal gets neither colours nor time")
	}
}

func TestTextHidesOnlySilenced(t *testing.T) {
	d := sample()
	if strings.Contains(write(t, d, "text", Options{}), d.Findings[2].ID) {
		t.Error("a suppressed finding is listed")
	}
	d.Findings[2].Decision.Verdict = 2
	if !strings.Contains(write(t, d, "text", Options{}), d.Findings[2].ID) {
		t.Error("a finding that denies is hidden because something tried to suppress it")
	}
}

func TestSummaryNeverCallsIncompleteClean(t *testing.T) {
	for name, c := range map[string]struct {
		d    Document
		want string
	}{
		"clean":      {Document{Result: Result{Complete: true}}, "clean · 0 texts, 0 B\n"},
		"incomplete": {Document{}, "incomplete · 0 texts, 0 B\n"},
		"stopped":    {Document{Result: Result{Reason: "stopped before its end"}}, "incomplete (stopped before its end) · 0 texts, 0 B\n"},
		"warned":     {Document{Result: Result{Complete: true}, Counts: Counts{Warned: 2}}, "2 warned · 0 texts, 0 B\n"},
	} {
		if got := write(t, &c.d, "text", Options{}); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 999_949: "999.9 kB", 999_960: "1.0 MB", 5_678_901: "5.7 MB", 2e18: "2.0 EB"} {
		if got := size(n); got != want {
			t.Errorf("size(%d) = %s, want %s", n, got, want)
		}
	}
}
