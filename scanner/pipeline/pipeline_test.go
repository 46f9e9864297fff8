package pipeline_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/scanner/pipeline"
)

// What the cases of ../../testdata/pipelines say of files is held by the scanner's
// TestSteps; here is what does not depend on findings.

func TestOf(t *testing.T) {
	names := map[pipeline.System][]string{
		pipeline.GitHub:         {".github/workflows/a.yml", "vendor/x/.github/workflows/a.yaml", ".gitea/workflows/a.yml", ".forgejo/workflows/a.yml", "action.yml", ".github/actions/x/action.yaml", "workflows/a.yml", "app.zip!/.github/workflows/a.yml"},
		pipeline.GitLab:         {".gitlab-ci.yml", "sub/.gitlab-ci.yml", "ci/build.gitlab-ci.yml", ".gitlab/ci/build.yml", ".gitlab-ci/x.yaml"},
		pipeline.CircleCI:       {".circleci/config.yml"},
		pipeline.Jenkins:        {"Jenkinsfile", "ci/Jenkinsfile.prod", "x.jenkinsfile"},
		pipeline.Azure:          {"azure-pipelines.yml", "azure-pipelines-prod.yml", ".azure-pipelines/x.yml"},
		pipeline.Bitbucket:      {"bitbucket-pipelines.yml"},
		pipeline.Drone:          {".drone.yml", ".woodpecker.yml", ".woodpecker/build.yaml"},
		pipeline.Travis:         {".travis.yml"},
		pipeline.CodeBuild:      {"buildspec.yml", "ci/buildspec-prod.yaml"},
		pipeline.Compose:        {"docker-compose.yml", "docker-compose.prod.yml", "compose.yaml", "compose.dev.yml"},
		pipeline.Dockerfile:     {"Dockerfile", "Containerfile", "Dockerfile.prod", "app.Dockerfile", "root/dockerfile"},
		pipeline.Serverless:     {"serverless.yml"},
		pipeline.CloudFormation: nil, // by its text
		"":                      {"a.yml", "x/workflows/a.yml", ".github/a.yml", "Jenkinsfile.d/x", "dockerfiles/a.txt", ".github/workflows/a.txt", ""},
	}
	seen := 0
	for want, list := range names {
		for _, name := range list {
			seen++
			if got := pipeline.Of(name); got != want {
				t.Errorf("%s is of %q, not %q", name, got, want)
			}
		}
	}
	if seen < 40 {
		t.Errorf("only %d names", seen)
	}
}

// hostile are texts that somebody may write to keep a scan busy, each as long as is parsed.
func hostile() map[string]string {
	full := func(piece string) string {
		return strings.Repeat(piece, pipeline.MaxText/len(piece)) + ""
	}
	aliases := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 30; i++ {
		aliases += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	return map[string]string{
		"aliases of aliases": aliases,
		"an alias of itself": "a: &a\n  b: *a\n",
		"flow lists":         full("["),
		"flow mappings":      full("{a: "),
		"indented lists":     full("- "),
		"keys":               full("? "),
		"one key a line":     full("a:\n"),
		"comments":           full("# x\n"),
		"comments behind":    "a:\n" + full("  - x # y\n"),
		"quotes":             full("'"),
		"escapes":            `a: "` + full(`\u0041`),
		"anchors":            full("- &a x\n"),
		"tags":               full("- !!str x\n"),
		"documents":          full("---\na: b\n"),
		"folded":             "a: >\n" + full("  x\n\n"),
		"braces":             full("{"),
		"stages":             full("stage('x') { "),
		"here-documents":     full("RUN <<EOF\n"),
		"continued":          full("RUN x \\\n"),
		"one line":           `{"jobs":{"a":{"steps":[` + full(`{"env":{"AWS_SECRET_ACCESS_KEY":"$X"}},`) + `{}]}}}`,
		"keys in one job":    "jobs:\n  a:\n    env:\n" + full("      AWS_SECRET_ACCESS_KEY: ${{ secrets.A }}\n"),
		"no UTF-8":           full("\xff\xfe: \x80\n"),
		"nothing":            "",
	}
}

var everyName = []string{".github/workflows/a.yml", ".gitlab-ci.yml", ".circleci/config.yml", "Jenkinsfile", "azure-pipelines.yml", "bitbucket-pipelines.yml",
	".drone.yml", ".travis.yml", "buildspec.yml", "docker-compose.yml", "Dockerfile", "serverless.yml", "template.json"}

// patience is how long a file of 512 KB may take with so many questions. Real ones take
// a hundredth.
const (
	patience  = 10 * time.Second
	questions = 2000
)

func TestHostile(t *testing.T) {
	asked := 0
	for what, text := range hostile() {
		for _, name := range []string{".github/workflows/a.yml", "Jenkinsfile", "Dockerfile"} { // one a parser
			begin := time.Now()
			f := pipeline.Read([]string{name}, []byte(text))
			lines := strings.Count(text, "\n") + 1
			for i := range questions {
				asked++
				ask(t, f, 1+i*lines/questions, 1+i*10)
			}
			if took := time.Since(begin); took > patience {
				t.Errorf("%s as %s takes %v", what, name, took)
			}
		}
	}
	if asked < 100_000 {
		t.Errorf("only %d questions", asked)
	}
}

// ask asks all there is to ask of a place, and holds what is promised of the answer.
func ask(t *testing.T, f *pipeline.File, line, column int) {
	if f == nil {
		return
	}
	if s := f.At(line, column, "TOKEN"); s != nil {
		for _, name := range []string{s.Job, s.Step, s.Variable} {
			if len(name) > 80 || strings.ContainsAny(name, "\n\r\x00\x1b") {
				t.Errorf("a name is told as %q", name)
			}
		}
	}
	f.Static(line, column, "aws-secret-access-key", "${{ secrets.X }}")
	f.Static(line, column, "", "gcloud auth activate-service-account")
	f.Refers(line, column)
}

// corpus renders the files of pipelines that the scanner's tests are about.
func corpus(t testing.TB) (texts []string) {
	files, err := filepath.Glob("../../testdata/pipelines/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		tmpl, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text, err := leaktest.Render(1, string(tmpl))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, one := range strings.Split(text, "\n-- ")[1:] {
			_, one, _ = strings.Cut(one, "\n")
			texts = append(texts, strings.NewReplacer("${[", "${{", "]}", "}}").Replace(one))
		}
	}
	if len(texts) < 35 {
		t.Fatalf("only %d files of pipelines", len(texts))
	}
	return texts
}

// FuzzRead: whatever stands in a file of such a name.
func FuzzRead(f *testing.F) {
	seeds := 0
	for _, text := range corpus(f) {
		for which := range everyName {
			f.Add(uint8(which), []byte(text))
			seeds++
		}
	}
	if seeds < 400 {
		f.Fatalf("only %d seeds", seeds)
	}
	f.Fuzz(func(t *testing.T, which uint8, text []byte) {
		file := pipeline.Read([]string{everyName[int(which)%len(everyName)]}, text)
		for line := range min(bytes.Count(text, []byte{'\n'})+3, 200) {
			ask(t, file, line, 1+line%40)
		}
	})
}
