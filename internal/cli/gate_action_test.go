package cli_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// actionFile is what counts of action.yml:
// https://docs.github.com/actions/reference/workflows-and-actions/metadata-syntax
type actionFile struct {
	Inputs  map[string]struct{ Description, Default string }
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Using string
		Steps []struct {
			ID, Shell, Run string
			Env            map[string]string
		}
	}
}

func readAction(t *testing.T) (a actionFile) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repositoryTop(t), "action.yml"))
	if err == nil {
		d := yaml.NewDecoder(bytes.NewReader(text))
		err = d.Decode(&a)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

var expression = regexp.MustCompile(`\$\{\{ *([a-z_.-]+) *\}\}`)

// The action uses the inputs that it declares, each as a variable: an expression in a
// script would run what a branch is called.
func TestActionIsWellFormed(t *testing.T) {
	a := readAction(t)
	var used []string
	for _, s := range a.Runs.Steps {
		if s.Shell != "bash" || s.ID == "" || strings.Contains(s.Run, "${{") {
			t.Errorf("step %q: its shell is %q; an expression in its script: %v", s.ID, s.Shell, strings.Contains(s.Run, "${{"))
		}
		for name, value := range s.Env {
			m := expression.FindStringSubmatch(value)
			if m == nil || !strings.Contains(s.Run, "$"+name) {
				t.Errorf("step %s: %s=%s is no expression, or not used", s.ID, name, value)
				continue
			}
			if input, ok := strings.CutPrefix(m[1], "inputs."); ok {
				used = append(used, input)
			}
		}
	}
	for name, in := range a.Inputs {
		if !slices.Contains(used, name) || in.Description == "" {
			t.Errorf("input %s: not used, or not described", name)
		}
	}
	for _, name := range used {
		if _, ok := a.Inputs[name]; !ok {
			t.Errorf("input %s is not declared", name)
		}
	}
	if a.Runs.Using != "composite" || len(used) < 10 || a.Outputs["exit-code"].Value != "${{ steps.scan.outputs.exit-code }}" {
		t.Errorf("%s, %d inputs, %v", a.Runs.Using, len(used), a.Outputs)
	}
}

// runAction runs the steps in a job as the runner would; the last one's code counts.
func (u *upstream) runAction(bin string, inputs map[string]string) (code int, j *job, outputs map[string]string) {
	t := u.t
	a := readAction(t)
	j = u.job(bin, readGateCase(t, filepath.Join(repositoryTop(t), "testdata/ci/github-pull_request.txtar")))
	outputs = map[string]string{}
	own, temp := j.env, t.TempDir()
	values := map[string]string{"github.action_ref": "v0.1.0", "runner.os": "Linux", "runner.arch": "X64", "runner.temp": temp}
	for name, in := range a.Inputs {
		values["inputs."+name] = in.Default
	}
	for name, v := range inputs {
		values["inputs."+name] = v
	}
	for _, s := range a.Runs.Steps {
		output := filepath.Join(t.TempDir(), "output")
		j.env = append(slices.Clone(own), "GITHUB_OUTPUT="+output, "ARCHIVE="+values["archive"])
		if archive := inputs["archive"]; archive != "" {
			j.env = append(j.env, "ARCHIVE="+archive)
		}
		for name, value := range s.Env {
			key := expression.FindStringSubmatch(value)[1]
			v, ok := values[key]
			if !ok {
				t.Fatalf("%s is nothing that a runner has", key)
			}
			j.env = append(j.env, name+"="+v)
		}
		if code = j.run(t, s.Run); code != 0 && s.ID != "scan" {
			return code, j, outputs
		}
		text, _ := os.ReadFile(output)
		for line := range strings.Lines(string(text)) {
			name, v, _ := strings.Cut(strings.TrimSpace(line), "=")
			values["steps."+s.ID+".outputs."+name] = v
			outputs[s.ID+"."+name] = v
		}
	}
	return code, j, outputs
}

// TestAction runs the action's scripts by bash, with the real program: one that is
// there, one that go install builds, and one in a release's archive.
func TestAction(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("its test runs bash")
	}
	bin := binary(t)
	u := newUpstream(t)
	archive := filepath.Join(t.TempDir(), "release.tar.gz")
	sum := packRelease(t, archive, bin, "oakum_0.1.0_linux_amd64/bin/oakum")
	for name, c := range map[string]struct {
		inputs map[string]string
		code   int
		says   string
	}{
		"present":             {inputs: map[string]string{"oakum": bin, "report": "out/oakum.sarif"}, code: 1},
		"go install":          {code: 1},
		"release":             {inputs: map[string]string{"version": "v0.1.0", "checksum": sum, "archive": archive}, code: 1},
		"a wrong checksum":    {inputs: map[string]string{"version": "v0.1.0", "checksum": strings.Repeat("0", 64), "archive": archive}, code: 2, says: "::error title=oakum::the archive oakum_0.1.0_linux_amd64.tar.gz has the checksum " + sum},
		"a base of one's own": {inputs: map[string]string{"oakum": bin, "base": "feature"}, code: 0, says: "clean"},
		"hostile inputs":      {inputs: map[string]string{"oakum": bin, "base": "$(touch pwned); --no-inline", "path": "."}, code: 2, says: "what --base names"},
		"no such policy":      {inputs: map[string]string{"oakum": bin, "policy": "nowhere"}, code: 1, says: "named, not obeyed"},
		"a setting":           {inputs: map[string]string{"oakum": bin, "deny-generic": "always"}, code: 2, says: "--deny-generic"},
	} {
		t.Run(name, func(t *testing.T) {
			here := *u.house
			here.t = t
			up := &upstream{&here, u.names}
			code, j, outputs := up.runAction(bin, c.inputs)
			if code != c.code || !strings.Contains(j.log.String(), c.says) {
				t.Errorf("code %d, want %d, with %q\n%s", code, c.code, c.says, j.log)
			}
			if ran := outputs["get.program"] != ""; ran && outputs["scan.exit-code"] != fmt.Sprint(c.code) {
				t.Errorf("outputs %v", outputs)
			}
			if c.code == 1 && !strings.Contains(j.log.String(), "::error file=f1.env,line=1,") {
				t.Errorf("no annotation\n%s", j.log)
			}
			if report := c.inputs["report"]; report != "" {
				if _, err := os.Stat(filepath.Join(j.dir, report)); err != nil {
					t.Error(err)
				}
			}
			if _, err := os.Stat(filepath.Join(j.dir, "pwned")); err == nil {
				t.Error("an input was run")
			}
		})
	}
}

// packRelease makes an archive as make release does, and gives its checksum.
func packRelease(t *testing.T, file, program, name string) string {
	t.Helper()
	text, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	err = w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text))})
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = z.Close()
	}
	if err == nil {
		err = os.WriteFile(file, b.Bytes(), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(b.Bytes()))
}

var gitlabInput = regexp.MustCompile(`\$\[\[ *inputs\.([a-z_]+) *\]\]`)

// The GitLab component uses the inputs that it declares, and its job and the plain
// template's do what they say.
func TestGitLabTemplates(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("its test runs bash")
	}
	bin := binary(t)
	u := newUpstream(t)
	component, err := os.ReadFile(filepath.Join(repositoryTop(t), "templates/oakum.yml"))
	if err != nil {
		t.Fatal(err)
	}
	head, body, ok := strings.Cut(string(component), "\n---\n")
	var spec struct {
		Spec struct {
			Inputs map[string]struct {
				Default     any
				Description string
			}
		}
	}
	if err := yaml.Unmarshal([]byte(head), &spec); err != nil || !ok {
		t.Fatal(err)
	}
	used := map[string]bool{}
	filled := gitlabInput.ReplaceAllStringFunc(body, func(s string) string {
		name := gitlabInput.FindStringSubmatch(s)[1]
		used[name] = true
		in, ok := spec.Spec.Inputs[name]
		if !ok {
			t.Errorf("input %s is not declared", name)
		}
		if s, ok := in.Default.(string); ok {
			return `"` + s + `"`
		}
		return fmt.Sprint(in.Default)
	})
	for name, in := range spec.Spec.Inputs {
		if !used[name] || in.Description == "" {
			t.Errorf("input %s: not used, or not described", name)
		}
	}
	plain, err := os.ReadFile(filepath.Join(repositoryTop(t), "ci/oakum.gitlab-ci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"component": filled, "template": string(plain)} {
		t.Run(name, func(t *testing.T) {
			here := *u.house
			here.t = t
			(&upstream{&here, u.names}).runGitLab(bin, text)
		})
	}
}

// runGitLab runs the job of a pipeline for a merge request, and once more with a
// policy that is not there.
func (u *upstream) runGitLab(bin, text string) {
	t := u.t
	var p struct {
		Variables map[string]string
		Oakum     struct {
			Variables map[string]string
			Script    []string
			Artifacts struct{ Reports map[string]string }
		}
	}
	if err := yaml.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	for policy, says := range map[string]string{"": "2 denied", "nowhere": "named, not obeyed"} {
		j := u.job(bin, readGateCase(t, filepath.Join(repositoryTop(t), "testdata/ci/gitlab-merge_request.txtar")))
		for _, variables := range []map[string]string{p.Variables, p.Oakum.Variables, {"OAKUM_POLICY": policy}} {
			for name, value := range variables {
				j.env = append(j.env, name+"="+value)
			}
		}
		if code := j.run(t, strings.Join(p.Oakum.Script, "\n")); code != 1 || !strings.Contains(j.log.String(), says) {
			t.Errorf("code %d, want 1, with %q\n%s", code, says, j.log)
		}
		report, err := os.ReadFile(filepath.Join(j.dir, p.Oakum.Artifacts.Reports["secret_detection"]))
		if err != nil || !bytes.Contains(report, []byte(`"secret_detection"`)) || p.Oakum.Variables["GIT_DEPTH"] != "0" {
			t.Errorf("%v, depth %q", err, p.Oakum.Variables["GIT_DEPTH"])
		}
	}
}
