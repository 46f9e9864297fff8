package scanner_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/sourcetest"
)

// pipelinesFolder holds files of pipelines as leaktest templates, a file a system. Each
// begins with its name, what it is for, and the findings that are wanted, in order:
//
//	-- .github/workflows/deploy.yml : an AWS pair --
//	> aws-access-key-id job deploy, step 2 “Upload”, variable AWS_ACCESS_KEY_ID
//
// or "-" for one without a step. ${[ … ]} is GitHub's expression.
const pipelinesFolder = "../testdata/pipelines"

// stepCase is a file and what is to be found in it.
type stepCase struct {
	system, name string
	text         sourcetest.Text
	want         []string
}

func stepCases(t testing.TB, seed uint64) (all []stepCase) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(pipelinesFolder, "*.txt"))
	if err != nil || len(files) != 13 {
		t.Fatalf("%d files of pipelines: %v", len(files), err)
	}
	for _, file := range files {
		tmpl, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		heads := caseHead.FindAllSubmatchIndex(tmpl, -1)
		for i, h := range heads {
			end := len(tmpl)
			if i+1 < len(heads) {
				end = heads[i+1][0]
			}
			text, err := leaktest.Render(seed*1000+uint64(i), string(tmpl[h[1]:end]))
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			system := strings.TrimSuffix(filepath.Base(file), ".txt")
			c := stepCase{system: system, name: fmt.Sprintf("%s: %s", system, tmpl[h[0]:h[1]-1])}
			for wanted, rest, more := strings.Cut(text, "\n"); more && strings.HasPrefix(wanted, "> "); wanted, rest, more = strings.Cut(text, "\n") {
				c.want, text = append(c.want, wanted[2:]), rest
			}
			text = strings.NewReplacer("${[", "${{", "]}", "}}").Replace(text)
			c.text = sourcetest.Text{Name: string(tmpl[h[2]:h[3]]), Content: []byte(text)}
			all = append(all, c)
		}
	}
	return all
}

// stepsOf scans one text and tells each finding's rule and step.
func stepsOf(t *testing.T, c stepCase, text sourcetest.Text) (got []string) {
	t.Helper()
	_, err := scanner.New(builtin.Set(), scanner.Options{}).Scan(t.Context(), sourcetest.Memory{text}.Plain(), func(e scanner.Event) error {
		f := e.Finding
		switch {
		case f == nil:
		case f.Step == nil:
			got = append(got, f.Rule+" -")
		default:
			got = append(got, f.Rule+" "+f.Step.String())
			if f.Step.System != c.system {
				t.Errorf("%s: %s is of %s", c.name, f.Rule, f.Step.System)
			}
		}
		if f != nil && f.Rule == scanner.IdentityRule && (f.Secret.Len() > 0 || f.Hint != "" || len(f.Notes) == 0) {
			t.Errorf("%s: a static identity has a value of %d bytes, hint %q, notes %q", c.name, f.Secret.Len(), f.Hint, f.Notes)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestSteps holds that findings name job, step and variable, and that static keys are
// told where they are used and a role would do, and nowhere else.
func TestSteps(t *testing.T) {
	cases, wanted := 0, 0
	for seed := range uint64(2) {
		for _, c := range stepCases(t, seed) {
			cases, wanted = cases+1, wanted+len(c.want)
			if got := stepsOf(t, c, c.text); !slices.Equal(got, c.want) {
				t.Errorf("%s: found\n\t%s\nwant\n\t%s", c.name, strings.Join(got, "\n\t"), strings.Join(c.want, "\n\t"))
			}
			crlf := sourcetest.Text{Name: c.text.Name, Content: bytes.ReplaceAll(c.text.Content, []byte("\n"), []byte("\r\n"))}
			if got := stepsOf(t, c, crlf); !slices.Equal(got, c.want) {
				t.Errorf("%s: with CRLF, found\n\t%s", c.name, strings.Join(got, "\n\t"))
			}
		}
	}
	if cases < 70 || wanted < 140 {
		t.Errorf("only %d cases with %d findings", cases, wanted)
	}
	t.Logf("%d cases, %d findings", cases, wanted)
}

// TestStepsNarrowed: a scan of versions of pipelines as edits of each other tells the
// same, steps included, as one of each by itself.
func TestStepsNarrowed(t *testing.T) {
	var texts sourcetest.Memory
	for _, c := range stepCases(t, 3) {
		older := bytes.ReplaceAll(c.text.Content, []byte("steps:"), []byte("steps: # so it was\n"))
		older = bytes.ReplaceAll(older, []byte("deploy"), []byte("ship"))
		texts = append(texts, c.text, sourcetest.Text{Name: c.text.Name, Content: older})
	}
	for what, source := range map[string]scanner.Source{"edited": texts.Edited(), "deltas": texts.Deltas()} {
		t.Run(what, func(t *testing.T) {
			sourcetest.Run(t, builtin.Set(), len(texts), func(*testing.T) scanner.Source { return source })
		})
	}
}

// Files of pipelines in archives are read as those on disk are.
func TestStepsInArchives(t *testing.T) {
	for _, c := range stepCases(t, 4) {
		packed := tarGz(t, map[string][]byte{"src/" + c.text.Name: c.text.Content})
		if got := stepsOf(t, c, sourcetest.Text{Name: "release.tar.gz", Content: packed}); !slices.Equal(got, c.want) {
			t.Errorf("%s: found\n\t%s", c.name, strings.Join(got, "\n\t"))
		}
	}
}

// BenchmarkStepsOfNone is a large workflow in which nothing is found: it is not parsed,
// which would take ten times as long.
func BenchmarkStepsOfNone(b *testing.B) {
	text := sourcetest.Text{Name: ".github/workflows/a.yml", Content: bytes.Repeat([]byte("      - name: a step without anything in it\n        run: make\n"), 8_000)}
	s := scanner.New(builtin.Set(), scanner.Options{Jobs: 1})
	b.SetBytes(int64(len(text.Content)))
	for b.Loop() {
		if _, err := s.Scan(b.Context(), sourcetest.Memory{text}.Plain(), func(scanner.Event) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
