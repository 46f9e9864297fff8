// Package pipeline tells which job, step and variable a place in a pipeline's file is
// in, and whether a step logs in to a cloud with a key that never changes.
//
// A line of a workflow says little by itself: the same AWS_SECRET_ACCESS_KEY stands in
// five steps of three jobs. So files of CI systems, and of what else sets variables
// (compose files, Dockerfiles, Serverless, CloudFormation and SAM), are parsed where
// something was found in them, and nowhere else: what a scan finds does not depend on
// a parser. Where a file does not parse, a finding stands without names.
//
// It promises time in proportion to the text, at most [MaxText] of it, no panic on any
// input, and that a name that looks random, as a token used for a key does, is "*".
//
// Its limits: aliases and merge keys of YAML, templates, includes and what scripts
// fetch are not followed: names are those of where a value stands, not of where it is
// used. Jenkinsfiles and Dockerfiles are read by their lines and brackets.
package pipeline

import (
	"bytes"
	"path"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// System is what a file is for, as [leak.Step] has it; "" is none that is known.
type System string

const (
	GitHub         System = "github-actions" // and Gitea, Forgejo, which read the same
	GitLab         System = "gitlab-ci"
	CircleCI       System = "circleci"
	Jenkins        System = "jenkins"
	Azure          System = "azure-pipelines"
	Bitbucket      System = "bitbucket-pipelines"
	Drone          System = "drone" // and Woodpecker, which reads the same
	Travis         System = "travis-ci"
	CodeBuild      System = "codebuild"
	Compose        System = "compose"
	Dockerfile     System = "dockerfile"
	Serverless     System = "serverless"
	CloudFormation System = "cloudformation" // and SAM
)

// MaxText is how much of a file is parsed, in bytes: GitHub takes workflows of 512 KB
// (https://docs.github.com/actions/reference/limits), the other vendors less.
const MaxText = 512 << 10

// named are the files that are called what they are, by their whole name.
var named = map[string]System{
	".gitlab-ci.yml": GitLab, ".gitlab-ci.yaml": GitLab,
	"action.yml": GitHub, "action.yaml": GitHub,
	"azure-pipelines.yml": Azure, "azure-pipelines.yaml": Azure,
	"bitbucket-pipelines.yml": Bitbucket,
	".drone.yml":              Drone, ".drone.yaml": Drone, ".woodpecker.yml": Drone, ".woodpecker.yaml": Drone,
	".travis.yml": Travis, ".travis.yaml": Travis,
	"buildspec.yml": CodeBuild, "buildspec.yaml": CodeBuild,
	"serverless.yml": Serverless, "serverless.yaml": Serverless,
	"jenkinsfile": Jenkins, "dockerfile": Dockerfile, "containerfile": Dockerfile,
}

// Of tells by its path what a file is, as its system has it by default; of a
// template of CloudFormation only its text can tell, see Read.
func Of(name string) System {
	name = strings.ToLower(strings.ReplaceAll(name, "!/", "/"))
	dir, base := path.Split(name)
	if s, ok := named[base]; ok {
		return s
	}
	ext := path.Ext(base)
	isYAML := ext == ".yml" || ext == ".yaml"
	switch stem := strings.TrimSuffix(base, ext); {
	case isYAML && (dir == "workflows/" || in(dir, ".github/workflows", ".gitea/workflows", ".forgejo/workflows")): // the first, where .github itself is scanned
		return GitHub
	case isYAML && in(dir, ".circleci"):
		return CircleCI
	case isYAML && (in(dir, ".gitlab/ci", ".gitlab-ci") || strings.HasSuffix(stem, ".gitlab-ci")):
		return GitLab
	case isYAML && in(dir, ".woodpecker"):
		return Drone
	case isYAML && (in(dir, ".azure-pipelines", "azure-pipelines") || strings.HasPrefix(stem, "azure-pipelines")):
		return Azure
	case isYAML && strings.HasPrefix(stem, "buildspec"):
		return CodeBuild
	case isYAML && (stem == "compose" || strings.HasPrefix(stem, "compose.") || strings.HasPrefix(stem, "docker-compose")):
		return Compose
	case ext == ".jenkinsfile" || strings.HasPrefix(base, "jenkinsfile."):
		return Jenkins
	case ext == ".dockerfile" || strings.HasPrefix(base, "dockerfile.") || strings.HasPrefix(base, "containerfile."):
		return Dockerfile
	}
	return ""
}

// in tells whether dir, which ends with a slash, is one of folders or below one.
func in(dir string, folders ...string) bool {
	for _, f := range folders {
		if strings.HasPrefix(dir, f+"/") || strings.Contains(dir, "/"+f+"/") {
			return true
		}
	}
	return false
}

// template tells a CloudFormation template by words that one has
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html).
func template(name string, text []byte) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".yml", ".yaml", ".json", ".template":
		return bytes.Contains(text, []byte("AWSTemplateFormatVersion")) || bytes.Contains(text, []byte("AWS::Serverless"))
	}
	return false
}

// File is a file that was read. One that does not parse knows its system alone. It is
// for one goroutine.
type File struct {
	System System
	text   []byte
	lines  []int // where each begins
	layout layout
	words  map[stretch]bool // see elsewhere
}

// layout tells what a place is in. nil is a file that does not parse.
type layout interface {
	// at is of the byte at column of a line, both from 1 on. name is what a value there
	// was found under, which counts where the layout knows none.
	at(line, column int, name string) spot
}

// spot is what is known of a place: its step, and the lines, from 1 on, of the
// smallest of step, job and file that holds it.
type spot struct {
	Job, Step, Variable string // as in leak.Step, and so is Number
	Number              int
	first, last         int
	uses                string // the action, orb, task, pipe or store that the step runs
}

// Read parses a file that is known under any of names; nil: it is none that is known.
func Read(names []string, text []byte) *File {
	f := &File{text: text}
	for _, name := range names {
		if f.System = Of(name); f.System != "" {
			break
		}
		if template(name, text) {
			f.System = CloudFormation
			break
		}
	}
	if f.System == "" {
		return nil
	}
	if len(text) > MaxText {
		return f
	}
	f.lines = append(f.lines, 0)
	for i, c := range text {
		if c == '\n' {
			f.lines = append(f.lines, i+1)
		}
	}
	f.layout = f.read()
	return f
}

func (f *File) read() layout {
	switch f.System {
	case Dockerfile:
		return readDockerfile(f)
	case Jenkins:
		return readJenkinsfile(f)
	}
	return readTree(f)
}

// At is the step that the byte at column of a line is in, both from 1 on; name is what
// the value there was found under. nil: nothing is known of it.
func (f *File) At(line, column int, name string) *leak.Step {
	if f.layout == nil {
		return nil
	}
	s := f.layout.at(line, column, name)
	if s.Job == "" && s.Step == "" && s.Variable == "" {
		return nil
	}
	step := f.step(s)
	return &step
}

// step is a spot as it may be told.
func (f *File) step(s spot) leak.Step {
	return leak.Step{System: string(f.System), Job: shown(s.Job), Step: shown(s.Step), Number: s.Number, Variable: shown(s.Variable)}
}

// line is the text of one, from 1 on, without its break.
func (f *File) line(n int) []byte {
	if n < 1 || n > len(f.lines) {
		return nil
	}
	rest := f.text[f.lines[n-1]:]
	if i := bytes.IndexByte(rest, '\n'); i >= 0 {
		rest = rest[:i]
	}
	return bytes.TrimSuffix(rest, []byte{'\r'})
}

// between is the text of lines first to last.
func (f *File) between(first, last int) []byte {
	first = max(first, 1)
	if last >= len(f.lines) {
		return f.text[f.lines[min(first, len(f.lines))-1]:]
	}
	if last < first {
		return nil
	}
	return f.text[f.lines[first-1]:f.lines[last]]
}

// maxName bounds a name that is told, in bytes.
const maxName = 64

// shown is a name as it may be told: cut where it is longer than names are, a star
// where it looks random.
func shown(name string) string {
	name = strings.TrimSpace(name)
	if cut := strings.ToValidUTF8(name[:min(len(name), maxName)], ""); cut != name {
		name = cut + "…"
	}
	run, letters, digits := 0, 0, 0
	for _, c := range name {
		switch {
		case c >= '0' && c <= '9':
			run, digits = run+1, digits+1
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			run, letters = run+1, letters+1
		case c < ' ':
			return "*"
		default:
			run, letters, digits = 0, 0, 0
		}
		if run > 15 && letters > 2 && digits > 2 {
			return "*"
		}
	}
	return name
}
