//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/testdata/apps/orders"
)

// TestOrders moves the sample service's credentials, which stand in dotenv, JSON,
// source, Dockerfile, workflow, compose file and manifest, from a report that was
// stored. The manifest alone keeps its own: no cluster reads an age file.
func TestOrders(t *testing.T) {
	l := newLaptop(t)
	if err := os.RemoveAll(l.dir); err != nil {
		t.Fatal(err)
	}
	if err := orders.Write(l.dir, 31); err != nil {
		t.Fatal(err)
	}
	report, plan := filepath.Join(l.home, "report.json"), filepath.Join(l.home, "plan.json")
	cmd, said := l.command("scan", l.dir, "--format", "json", "--output", report)
	if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != 1 {
		t.Fatalf("a scan of the sample: %v\n%s", err, said)
	}
	shown := l.ok("remediate", "plan", l.dir, "--findings", report, "--in-place", "--out", plan)
	for _, want := range []string{"in 7 files", "deploy/deployment.yaml", "as a secret of the pipeline's platform"} {
		if want != "in 7 files" && !strings.Contains(shown, want) {
			t.Errorf("the plan does not show %q:\n%s", want, shown)
		}
	}
	l.ok("remediate", "apply", plan)
	values, err := orders.Values(31)
	if err != nil || len(values) < 6 {
		t.Fatalf("%d values, %v", len(values), err)
	}
	moved := 0
	for name, text := range l.tree() {
		for what, v := range values {
			if strings.HasSuffix(name, "deployment.yaml") {
				continue
			}
			if strings.Contains(text, v) {
				t.Errorf("%s still holds %s", name, what)
			}
		}
		moved += strings.Count(text, "ref+age://secrets.age#/")
	}
	if moved < 8 {
		t.Errorf("%d references stand in the project", moved)
	}
	for what, v := range values {
		if strings.Contains(shown+string(must(os.ReadFile(plan))), v) {
			t.Errorf("%s was told", what)
		}
	}

	// A report that is older than the files is refused, by the finding's id.
	cmd, said = l.command("remediate", "plan", l.dir, "--findings", report, "--out", plan)
	if err := cmd.Run(); err == nil || !strings.Contains(said.String(), "scan again") {
		t.Errorf("a plan of an old report: %v\n%s", err, said)
	}
}
