package leak

import "strings"

// Step is where in a pipeline, or another file that says what is to run and with
// which variables, a value stands. Fields are empty where nothing is known; what
// looks random is told as "*", since a name may hold what it should not.
type Step struct {
	System   string `json:"system"`             // "github-actions", "gitlab-ci", "dockerfile" …: see package pipeline
	Job      string `json:"job,omitempty"`      // a job; a compose file's service, a Dockerfile's stage, a template's resource
	Step     string `json:"step,omitempty"`     // by its name or id, else "step 3", "script 2", an instruction
	Variable string `json:"variable,omitempty"` // what the value is given to: a variable, an input of an action, a parameter
}

// jobWords are what a system calls that which is no job there.
var jobWords = map[string]string{
	"compose": "service", "dockerfile": "stage", "cloudformation": "resource", "serverless": "function",
	"jenkins": "stage", "drone": "pipeline",
}

// String is for people: "job deploy, step Log in, variable AWS_SECRET_ACCESS_KEY".
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
	switch {
	case strings.HasPrefix(s.Step, "step "), strings.HasPrefix(s.Step, "script "):
		words = append(words, s.Step)
	case s.System == "dockerfile":
		add("instruction", s.Step)
	default:
		add("step", s.Step)
	}
	add("variable", s.Variable)
	return strings.Join(words, ", ")
}
