package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/internal/setup"
)

// The pipelines that docs/ci.md shows are those that init writes, and do what they say:
// their commands run here, each in its platform's recorded environment, with the real
// program in the place of the one that they would install.
func TestPipelinesOfTheDocument(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("pipelines run in a POSIX shell")
	}
	doc, err := os.ReadFile("../../docs/ci.md")
	if err != nil {
		t.Fatal(err)
	}
	bin := binary(t)
	u := newUpstream(t)
	cases := map[string]string{"github": "github-pull_request", "gitlab": "gitlab-merge_request", "gitea": "gitea-pull_request", "bitbucket": "bitbucket-pull-request",
		"azure": "azure-pull-request", "circleci": "circleci-branch", "buildkite": "buildkite-pull-request", "jenkins": "jenkins-change"}
	reports := map[string]string{"gitlab": "gl-secret-detection-report.json", "bitbucket": "test-results/oakum.xml", "circleci": "oakum/results.xml",
		"buildkite": "oakum.md", "jenkins": "oakum.xml"}
	for _, p := range setup.Platforms() {
		t.Run(p.Name, func(t *testing.T) {
			here := *u.house
			here.t = t
			up := &upstream{&here, u.names}
			step, err := setup.StepText(p.Name, "v0.1.0")
			if err != nil {
				t.Fatal(err)
			}
			section := "### " + p.Title + "\n"
			if i := strings.Index(string(doc), section); i < 0 || !strings.Contains(string(doc)[i:], string(step)) {
				t.Errorf("the document does not show the step below %q", section)
			}
			c := readGateCase(t, filepath.Join(repositoryTop(t), "testdata/ci", cases[p.Name]+".txtar"))
			job := up.job(bin, c)
			installed := false
			code := 0
			for _, command := range commandsOf(t, p.Name, step) {
				installed = installed || strings.Contains(command, "go install github.com/oakum-sec/oakum/cmd/oakum@v0.1.0")
				if code != 0 {
					t.Fatalf("a command ends with %d\n%s", code, job.log)
				}
				code = job.run(t, command)
			}
			if !installed || code != 1 {
				t.Errorf("installed: %v; the last command ends with %d, not 1\n%s", installed, code, job.log)
			}
			if report := reports[p.Name]; report != "" {
				if _, err := os.Stat(filepath.Join(job.dir, report)); err != nil {
					t.Error(err)
				}
			}
			if p.Name == "buildkite" && !strings.Contains(job.log.String(), "annotate --style error --context oakum ## ❌ oakum: 2 denied") {
				t.Errorf("the agent was not called: %s", job.log)
			}
		})
	}
	if len(cases) != len(setup.Platforms()) {
		t.Errorf("%d platforms", len(cases))
	}
}

// top is the repository's folder: tests change theirs.
var top, topError = filepath.Abs("../..")

func repositoryTop(t *testing.T) string {
	t.Helper()
	if topError != nil {
		t.Fatal(topError)
	}
	return top
}

// job is a shell in a job's clone and environment.
type job struct {
	dir string
	env []string
	log *strings.Builder
}

// job has the programs that steps call: go installs the oakum that is under test.
func (u *upstream) job(bin string, c gateCase) *job {
	u.t.Helper()
	tools := u.t.TempDir()
	for name, script := range map[string]string{
		"go":              `case "$1" in env) echo "` + tools + `/gopath" ;; install) to=${GOBIN:-` + tools + `/gopath/bin} && mkdir -p "$to" && cp "` + bin + `" "$to/oakum" ;; esac`,
		"buildkite-agent": `echo "$*" "$(head -1)"`,
		"curl":            `while [ $# -gt 0 ]; do case "$1" in -o) cp "$ARCHIVE" "$2" ;; esac; shift; done`,
	} {
		if err := os.WriteFile(filepath.Join(tools, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			u.t.Fatal(err)
		}
	}
	j := &job{dir: u.clone(u.expand(c.clone, "")), log: &strings.Builder{}}
	for _, kv := range u.jobEnv(c) {
		if path, ok := strings.CutPrefix(kv, "PATH="); ok {
			kv = "PATH=" + tools + ":" + tools + "/gopath/bin:" + path
		}
		j.env = append(j.env, kv)
	}
	return j
}

func (j *job) run(t *testing.T, command string) (code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-e", "-c", command)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = j.dir, j.env, j.log, j.log
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}

// commandsOf are a step's shell commands, in their order, as its platform hands them to a shell.
func commandsOf(t *testing.T, platform string, step []byte) (commands []string) {
	t.Helper()
	if platform == "jenkins" {
		for _, m := range regexp.MustCompile(`(?m)^\s*sh '([^']*)'$`).FindAllStringSubmatch(string(step), -1) {
			commands = append(commands, m[1])
		}
		return commands
	}
	var tree yaml.Node
	if err := yaml.Unmarshal(step, &tree); err != nil {
		t.Fatal(err)
	}
	seen := map[*yaml.Node]bool{}
	var walk func(n *yaml.Node, key string)
	walk = func(n *yaml.Node, key string) {
		switch {
		case n.Kind == yaml.AliasNode || seen[n]:
		case n.Kind == yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				walk(n.Content[i+1], n.Content[i].Value)
			}
		case n.Kind == yaml.ScalarNode && (key == "run" || key == "script" || key == "command"):
			commands = append(commands, inShell(platform, n.Value))
		default:
			for _, c := range n.Content {
				walk(c, key)
			}
		}
	}
	walk(&tree, "")
	return commands
}

// inShell is a command after the platform has put its own values into it.
func inShell(platform, command string) string {
	switch platform {
	case "buildkite": // https://buildkite.com/docs/agent/cli/reference/pipeline#environment-variable-substitution
		return strings.ReplaceAll(command, "$$", "$")
	case "circleci":
		return strings.ReplaceAll(command, "<< pipeline.git.base_revision >>", "")
	}
	return command
}
