package report

import (
	"encoding/json"
	"regexp"
	"slices"
	"testing"
	"time"
	"unicode/utf8"
)

// What GitLab's schema demands (secret-detection-report-format.json 15.1.4): the
// required fields, their patterns and words. Without them GitLab drops the whole
// report.
func TestGitLabHasWhatItsSchemaDemands(t *testing.T) {
	for name, d := range map[string]*Document{"empty": {}, "full": sample()} {
		ended := time.Date(2026, 11, 24, 3, 4, 5, 0, time.FixedZone("", 3600))
		var r gitlabReport
		if err := json.Unmarshal([]byte(write(t, d, "gitlab", Options{Ended: ended})), &r); err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`^15\.[0-9]+\.[0-9]+$`).MatchString(r.Version) || r.Scan.Type != "secret_detection" {
			t.Errorf("%s: version %q, type %q", name, r.Version, r.Scan.Type)
		}
		if r.Scan.End != "2026-11-24T02:04:05" || !slices.Contains([]string{"success", "failure"}, r.Scan.Status) {
			t.Errorf("%s: ended %q with %q", name, r.Scan.End, r.Scan.Status)
		}
		for _, tool := range []gitlabTool{r.Scan.Analyzer, r.Scan.Scanner} {
			if tool.ID == "" || tool.Name == "" || tool.Version == "" || tool.Vendor.Name == "" {
				t.Errorf("%s: tool %+v", name, tool)
			}
		}
		if r.Vulnerabilities == nil {
			t.Errorf("%s: vulnerabilities is null", name)
		}
		for _, v := range r.Vulnerabilities {
			gitlabDemands(t, v)
		}
	}
}

func gitlabDemands(t *testing.T, v gitlabVulnerability) {
	t.Helper()
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(v.ID) {
		t.Errorf("id %q is no UUID of version 8", v.ID)
	}
	if n := utf8.RuneCountInString(v.Name); n == 0 || n > gitlabName {
		t.Errorf("name of %d characters", n)
	}
	if !slices.Contains([]string{"Info", "Unknown", "Low", "Medium", "High", "Critical"}, v.Severity) {
		t.Errorf("severity %q", v.Severity)
	}
	if len(v.Identifiers) == 0 || v.Identifiers[0].Type == "" || v.Identifiers[0].Name == "" || v.Identifiers[0].Value == "" {
		t.Errorf("identifiers %+v", v.Identifiers)
	}
	if v.Location.Commit.SHA == "" {
		t.Error("a location without commit")
	}
}

func TestGitLabLeavesOutWhatIsSuppressed(t *testing.T) {
	var r gitlabReport
	if err := json.Unmarshal([]byte(write(t, sample(), "gitlab", Options{})), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Vulnerabilities) != 2 || r.Vulnerabilities[0].ID == r.Vulnerabilities[1].ID {
		t.Fatalf("vulnerabilities %+v", r.Vulnerabilities)
	}
	if r.Scan.Status != "failure" || len(r.Scan.Messages) != 4 {
		t.Errorf("an incomplete scan with 3 gaps and a suppressed finding says %q, %+v", r.Scan.Status, r.Scan.Messages)
	}
	if got := r.Vulnerabilities[1].Location.Commit.SHA; got != gitlabNoCommit {
		t.Errorf("a file of the working tree has commit %q", got)
	}
}
