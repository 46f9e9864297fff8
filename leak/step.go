package leak

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Step is where in a pipeline, or another file that says what is to run and with
// which variables, a value stands. Fields are empty where nothing is known; what
// looks random is told as "*", since a name may hold what it should not.
type Step struct {
	System   string `json:"system"`             // "github-actions", "gitlab-ci", "dockerfile" …: see package pipeline
	Job      string `json:"job,omitempty"`      // a job; a compose file's service, a Dockerfile's stage, a template's resource
	Step     string `json:"step,omitempty"`     // by its name or id, else "step 3", "script 2", an instruction
	Number   int    `json:"number,omitempty"`   // which of its job's steps, from 1 on; 0 where they are not numbered
	Variable string `json:"variable,omitempty"` // what the value is given to: a variable, an input of an action, a parameter
}

// jobWords are what a system calls that which is no job there.
var jobWords = map[string]string{
	"compose": "service", "dockerfile": "stage", "cloudformation": "resource", "serverless": "function",
	"jenkins": "stage", "drone": "pipeline",
}

// String is for people: "job deploy, step 3 “Log in”, variable AWS_SECRET_ACCESS_KEY".
func (s Step) String() string {
	var words []string
	add := func(what, name string) {
		if name != "" {
			words = append(words, what+" "+name)
		}
	}
	job := "job"
	if w, ok := jobWords[s.System]; ok {
		job = w
	}
	add(job, s.Job)
	switch own := "step " + strconv.Itoa(s.Number); {
	case s.Number > 0 && s.Step != "" && s.Step != own:
		words = append(words, fmt.Sprintf("%s “%s”", own, s.Step))
	case s.Number > 0, s.Number == 0 && numbered(s.Step):
		words = append(words, cmp.Or(s.Step, own))
	case s.System == "dockerfile":
		add("instruction", s.Step)
	default:
		add("step", s.Step)
	}
	add("variable", s.Variable)
	return strings.Join(words, ", ")
}

// numbered tells whether a step is called after its list: "script 2", "before_script 1".
func numbered(step string) bool {
	list, n, _ := strings.Cut(step, " ")
	_, err := strconv.Atoi(n)
	return err == nil && list != ""
}
