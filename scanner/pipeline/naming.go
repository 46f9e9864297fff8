package pipeline

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// way is a path through a file, and what a system's reading of it makes known.
type way struct {
	root *yaml.Node
	path []crumb
	*spot
}

// ways are how each system's files are built, by its reference.
var ways = map[System]func(*way){
	GitHub:         (*way).github,
	GitLab:         (*way).gitlab,
	CircleCI:       (*way).circle,
	Azure:          (*way).azure,
	Bitbucket:      (*way).bitbucket,
	Drone:          (*way).drone,
	Travis:         (*way).travis,
	CodeBuild:      (*way).codebuild,
	Compose:        (*way).compose,
	Serverless:     (*way).serverless,
	CloudFormation: (*way).cloudFormation,
}

// key is that of the i-th crumb, "" where there is none.
func (w *way) key(i int) string {
	if i < len(w.path) {
		return w.path[i].key
	}
	return ""
}

// job takes the i-th crumb for a job's.
func (w *way) job(i int, name string) {
	if i < len(w.path) {
		w.Job, w.first, w.last = name, w.path[i].first, w.path[i].last
	}
}

// step takes the i-th crumb for a step's.
func (w *way) step(i int, name string) {
	w.Step, w.Number, w.first, w.last = name, w.path[i].index+1, w.path[i].first, w.path[i].last
}

// element is the first element, from the i-th crumb on, of a list that is called so;
// -1 where there is none.
func (w *way) element(i int, lists ...string) int {
	for ; i+1 < len(w.path); i++ {
		for _, name := range lists {
			if w.path[i].key == name && w.path[i+1].index >= 0 {
				return i + 1
			}
		}
	}
	return -1
}

// label is how a step is called: what it says itself, else what it runs, else which
// one it is.
func label(c crumb, name, runs string) string {
	if name != "" {
		return name
	}
	if runs, _, _ = strings.Cut(runs, "@"); runs != "" {
		return runs
	}
	return "step " + strconv.Itoa(c.index+1)
}

// github reads a workflow (jobs) or a composite action (runs)
// (https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax).
func (w *way) github() {
	if w.key(0) == "jobs" {
		w.job(1, w.key(1))
	}
	if i := w.element(0, "steps"); i >= 0 {
		w.uses = field(w.path[i].to, "uses")
		w.step(i, label(w.path[i], field(w.path[i].to, "name", "id"), w.uses))
	}
}

// gitlabGlobals are the keywords at the top of a file that are no jobs
// (https://docs.gitlab.com/ci/yaml/#global-keywords).
var gitlabGlobals = []string{"default", "include", "stages", "variables", "workflow", "spec", "image", "services", "cache", "before_script", "after_script"}

func (w *way) gitlab() {
	top := w.key(0)
	if slices.Contains(gitlabGlobals, top) {
		w.script(0, "script", "before_script", "after_script")
		return
	}
	w.job(0, top)
	w.script(1, "script", "before_script", "after_script")
}

// script takes the lines of a job's scripts for its steps, where the job has no others.
func (w *way) script(from int, lists ...string) {
	if i := w.element(from, lists...); i >= 0 {
		w.Step = w.path[i-1].key + " " + strconv.Itoa(w.path[i].index+1)
	} else if slices.Contains(lists, w.key(from)) {
		w.Step = w.key(from)
	}
}

// circle reads jobs, commands and workflows, which call jobs of orbs
// (https://circleci.com/docs/reference/configuration-reference/).
func (w *way) circle() {
	switch w.key(0) {
	case "jobs", "commands", "executors":
		w.job(1, w.key(1))
	case "workflows":
		if i := w.element(1, "jobs"); i >= 0 {
			w.job(i, w.key(i+1))
			w.uses = w.key(i + 1)
		}
		return
	}
	if i := w.element(1, "steps"); i >= 0 {
		w.uses = w.key(i + 1)
		name := ""
		if i+1 < len(w.path) {
			name = field(w.path[i+1].to, "name")
		}
		w.step(i, label(w.path[i], name, strings.TrimSuffix(w.uses, "run")))
	}
}

// azure reads stages, jobs and steps, of which a file may leave out the outer ones
// (https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/).
func (w *way) azure() {
	if i := w.element(0, "stages"); i >= 0 {
		w.job(i, field(w.path[i].to, "stage", "template"))
	}
	if i := w.element(0, "jobs"); i >= 0 {
		stage := w.Job
		w.job(i, field(w.path[i].to, "job", "deployment", "template"))
		if stage != "" && w.Job != "" {
			w.Job = stage + "/" + w.Job
		}
	}
	if i := w.element(0, "steps"); i >= 0 {
		w.uses = field(w.path[i].to, "task")
		w.step(i, label(w.path[i], field(w.path[i].to, "displayName", "name"), w.uses))
	}
}

// bitbucket reads pipelines, whose steps may lie in stages and parallel groups
// (https://support.atlassian.com/bitbucket-cloud/docs/bitbucket-pipelines-configuration-reference/).
func (w *way) bitbucket() {
	top, last := w.key(0), -1
	if top != "pipelines" && top != "definitions" {
		return
	}
	var job []string
	for i := 1; i < len(w.path); i++ {
		switch c := w.path[i]; {
		case c.key == "step":
			last = i
		case c.index < 0 && last < 0 && c.key != "parallel" && c.key != "steps" && c.key != "stage":
			job = append(job, c.key)
		}
	}
	w.job(min(1, len(w.path)-1), strings.Join(job, "/"))
	if last < 0 {
		return
	}
	w.step(last, label(w.path[last-1], field(w.path[last].to, "name"), ""))
	w.Number = w.path[last-1].index + 1
	if i := w.element(last, "script", "after-script"); i >= 0 {
		w.uses = field(w.path[i].to, "pipe")
	}
}

// drone reads one document a pipeline
// (https://docs.drone.io/yaml/docker/), or Woodpecker's one, whose steps may be a mapping.
func (w *way) drone() {
	w.Job = field(w.root, "name")
	if top := w.key(0); top == "steps" || top == "services" || top == "pipeline" {
		if len(w.path) < 2 {
			return
		}
		name := w.key(1)
		if w.path[1].index >= 0 {
			name = label(w.path[1], field(w.path[1].to, "name"), field(w.path[1].to, "image"))
		}
		w.step(1, name)
	}
}

// travis reads the jobs of a matrix, or the one that the file is
// (https://docs.travis-ci.com/user/reference/).
func (w *way) travis() {
	if i := w.element(0, "include"); i >= 0 {
		w.job(i, label(w.path[i], field(w.path[i].to, "name", "stage"), ""))
	}
	w.script(0, "before_install", "install", "before_script", "script", "after_success", "after_failure", "before_deploy", "after_deploy", "after_script")
	for _, c := range w.path {
		if c.key == "deploy" {
			w.Step = "deploy"
		}
	}
}

// codebuild reads phases
// (https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html).
func (w *way) codebuild() {
	if store := w.key(1); w.key(0) == "env" && (store == "parameter-store" || store == "secrets-manager") {
		w.uses = store
	}
	if w.key(0) != "phases" {
		return
	}
	w.job(1, w.key(1))
	w.script(1, "commands", "finally")
}

// compose reads services (https://docs.docker.com/reference/compose-file/).
func (w *way) compose() {
	switch top := w.key(0); top {
	case "services", "secrets", "configs":
		w.job(1, w.key(1))
	default:
		if strings.HasPrefix(top, "x-") {
			w.job(0, top)
		}
	}
}

// serverless reads functions (https://www.serverless.com/framework/docs/providers/aws/guide/serverless.yml).
func (w *way) serverless() {
	if w.key(0) == "functions" {
		w.job(1, w.key(1))
	}
	if i := w.keyed("Resources"); i > 0 {
		w.job(i+1, w.key(i+1))
	}
}

func (w *way) keyed(key string) int {
	for i, c := range w.path {
		if c.key == key {
			return i
		}
	}
	return -1
}

// cloudFormation reads resources
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html).
func (w *way) cloudFormation() {
	if w.key(0) == "Resources" {
		w.job(1, w.key(1))
	}
}
