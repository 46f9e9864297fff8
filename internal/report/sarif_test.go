package report

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/oakum-sec/oakum/leak"
)

// sarifValidator compiles the schema of the OASIS standard, errata 01, kept
// beside the test because tests have no network.
func sarifValidator(t *testing.T) *jsonschema.Schema {
	t.Helper()
	f, err := os.Open("testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat() // "uri", "uri-reference", "date-time" are to hold too
	if err := c.AddResource(sarifSchema, doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(sarifSchema)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestSARIFIsValid(t *testing.T) {
	schema := sarifValidator(t)
	overruled := sample()
	overruled.Findings[2].Decision = &leak.Decision{Verdict: leak.Deny}
	absolute := sample()
	absolute.Targets[0].Path = "/srv/a b"
	absolute.Findings[0].Place = leak.File{Name: "C:/odd:name/%41"}
	for name, d := range map[string]*Document{"empty": {}, "full": sample(), "overruled": overruled, "absolute": absolute} {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(write(t, d, "sarif", Options{})))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if schema.Validate(map[string]any{"version": "2.1.0", "runs": []any{map[string]any{}}}) == nil {
		t.Error("the validator lets a run without tool pass: it validates nothing")
	}
}

// What the schema cannot say: indexes, fingerprints and levels fit together.
func TestSARIFRefersRightly(t *testing.T) {
	d := sample()
	var log sarifLog
	if err := json.Unmarshal([]byte(write(t, d, "sarif", Options{})), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if len(run.Results) != len(d.Findings) || len(run.Tool.Driver.Rules) != len(d.Rules) {
		t.Fatalf("%d results of %d rules", len(run.Results), len(run.Tool.Driver.Rules))
	}
	levels := []string{"error", "error", "note"}
	for i, r := range run.Results {
		if run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("result %d: rule index %d is not %s", i, r.RuleIndex, r.RuleID)
		}
		if r.PartialFingerprints["oakum/v1"] != d.Findings[i].ID {
			t.Errorf("result %d: fingerprint %v", i, r.PartialFingerprints)
		}
		if r.Level != levels[i] {
			t.Errorf("result %d: level %s, want %s", i, r.Level, levels[i])
		}
	}
	if s := run.Results[2].Suppressions; len(s) != 1 || s[0].Kind != "inSource" || s[0].Status != "accepted" {
		t.Errorf("suppressions = %+v", s)
	}
	if region := run.Results[2].Locations; region[0].PhysicalLocation != nil {
		t.Error("stdin has no path, and yet a physical location")
	}
	inv := run.Invocations[0]
	if inv.ExecutionSuccessful || inv.ExitCode != 1 || len(inv.ToolExecutionNotifications) != len(d.Gaps)+len(d.Notices) {
		t.Errorf("invocation = %+v", inv)
	}
	if run.VersionControlProvenance[0].RevisionID != d.Targets[0].Head {
		t.Errorf("provenance = %+v", run.VersionControlProvenance)
	}
}

// Each kind of place, and a step, has a location that the schema takes and a reader can
// find: a file's place in it, and a name for what is no file.
func TestSARIFNamesEveryPlace(t *testing.T) {
	schema := sarifValidator(t)
	step := &leak.Step{System: "github-actions", Job: "deploy", Step: "Log in", Number: 3, Variable: "AWS_SECRET_ACCESS_KEY"}
	digest := "sha256:" + strings.Repeat("ab", 32)
	kinds := map[string]bool{}
	for _, c := range []struct {
		at       leak.Place
		step     *leak.Step
		uri      string
		logicals []sarifLogical
	}{
		{leak.File{Name: "a/b.env", Inner: leak.Inner{"c"}}, nil, "a/b.env%21/c", nil},
		{leak.File{Name: ".github/workflows/a.yml"}, step, ".github/workflows/a.yml", []sarifLogical{{"AWS_SECRET_ACCESS_KEY", "github-actions/deploy/Log in/AWS_SECRET_ACCESS_KEY", "variable"}}},
		{leak.GitBlob{Name: "Dockerfile", Blob: "aa"}, &leak.Step{System: "dockerfile", Job: "build", Step: "RUN"}, "Dockerfile", []sarifLogical{{"RUN", "dockerfile/build/RUN", "member"}}},
		{leak.Stdin{}, nil, "", []sarifLogical{{"", "stdin", "stdin"}}},
		{leak.GitMessage{What: "commit", Object: "abcdef0123456"}, nil, "", []sarifLogical{{"", "commit abcdef0123", "git-message"}}},
		{leak.ImageFile{Image: "shop:1", Layer: digest, Name: "app/x.env"}, nil, "app/x.env", []sarifLogical{{"app/x.env", "shop:1@" + digest + ":app/x.env", "resource"}}},
		{leak.ImageFile{Image: "shop:1", Layer: digest, Name: ".gitlab-ci.yml"}, &leak.Step{System: "gitlab-ci", Job: "a"}, ".gitlab-ci.yml",
			[]sarifLogical{{".gitlab-ci.yml", "shop:1@" + digest + ":.gitlab-ci.yml", "resource"}, {"a", "gitlab-ci/a", "function"}}},
		{leak.ImageConfig{Image: "shop:1", Field: "config.Env[3]"}, nil, "", []sarifLogical{{"config.Env[3]", "shop:1 config.Env[3]", "property"}}},
		{leak.Variable{Scope: "github:acme", Name: "TOKEN"}, nil, "", []sarifLogical{{"TOKEN", "github:acme/TOKEN", "variable"}}},
		{leak.JobLog{Scope: "gitlab:acme/app", Job: "deploy #7"}, nil, "", []sarifLogical{{"deploy #7", "gitlab:acme/app log of deploy #7", "resource"}}},
		{leak.ObjectField{Object: "v1/Pod", Namespace: "n", Name: "p", Field: "spec.env[0]"}, nil, "", []sarifLogical{{"spec.env[0]", "v1/Pod n/p spec.env[0]", "property"}}},
		{leak.ObjectField{File: "k/p.yaml", Object: "v1/Pod", Name: "p", Field: "spec.env[0]"}, nil, "k/p.yaml", []sarifLogical{{"spec.env[0]", "v1/Pod p spec.env[0]", "property"}}},
	} {
		kinds[c.at.Kind()] = true
		d := sample()
		d.Findings[0].Sighting = leak.Sighting{Place: c.at, Step: c.step, Line: 1, Column: 2}
		out := write(t, d, "sarif", Options{})
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(out))
		if err == nil {
			err = schema.Validate(doc)
		}
		var log sarifLog
		if err == nil {
			err = json.Unmarshal([]byte(out), &log)
		}
		if err != nil {
			t.Errorf("%s: %v", c.at, err)
			continue
		}
		l, uri := log.Runs[0].Results[0].Locations[0], ""
		if l.PhysicalLocation != nil {
			uri = l.PhysicalLocation.ArtifactLocation.URI
		}
		if uri != c.uri || !slices.Equal(l.LogicalLocations, c.logicals) {
			t.Errorf("%s: at %q and %+v", c.at, uri, l.LogicalLocations)
		}
	}
	if len(kinds) != 9 {
		t.Errorf("%d kinds of places", len(kinds))
	}
}

func TestFileURI(t *testing.T) {
	for path, want := range map[string]string{
		"a/b.env":      "a/b.env",
		"a b/ü#?%.env": "a%20b/%C3%BC%23%3F%25.env",
		"x:y/z":        "./x:y/z",
		"/srv/x":       "file:///srv/x",
		"C:/x":         "file:///C:/x",
		"a.zip!/b.env": "a.zip%21/b.env",
	} {
		if got := fileURI(path); got != want {
			t.Errorf("fileURI(%q) = %q, want %q", path, got, want)
		}
	}
}
