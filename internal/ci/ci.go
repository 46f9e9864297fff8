// Package ci finds out, in a job of a CI system, which change the job is about:
// what was there before it, what it brings, and whose files say how it is judged.
//
// It reads what the platform says (its variables, and for GitHub and its like the
// file with the event) and asks a repository's history for the rest. One file a
// platform, written from the platform's documentation, which it names.
//
// Its promises: where the platform names what was there before, that is taken; where
// it does not, the branch that the change starts from; and never is less judged than
// the change. A checkout that is too shallow to tell is an error that names the line
// that fetches what is missing: nothing is fetched from here.
//
// Limits: what the platform says is believed. Whoever can change the pipeline's
// definition can leave the step out altogether.
package ci

import (
	"errors"
	"fmt"
	"strings"
)

// Platform is a CI system, in the words that policies and reports use.
type Platform string

// The platforms.
const (
	GitHub    Platform = "github"
	Gitea     Platform = "gitea" // Forgejo too
	GitLab    Platform = "gitlab"
	Bitbucket Platform = "bitbucket"
	Azure     Platform = "azure"
	CircleCI  Platform = "circleci"
	Buildkite Platform = "buildkite"
	Jenkins   Platform = "jenkins"
)

// Kind is what a job is about.
type Kind string

// The kinds. A change that a platform calls otherwise is one of these.
const (
	Proposal Kind = "proposal" // a pull or merge request, or a place in a merge queue
	Push     Kind = "push"     // commits on a branch
	Tag      Kind = "tag"      // a tag
	Look     Kind = "look"     // nothing has changed: a schedule, a person's click
)

// Change is what a platform says of a job. What it does not say is "".
type Change struct {
	Platform Platform
	Event    string // in the platform's own word
	Kind     Kind

	Heads  []string // what is judged: the first of them that is in the clone
	Before []string // commits that were there before: all of them that are in the clone
	Last   string   // one more, of which the platform is known to be unsure: where nothing else is there
	Shared bool     // Before was on the same branch, so that it is no word of anybody else's
	Merge  string   // a commit that the platform made, where it did, of the target's tip and of what is judged

	Branch        string
	Target        string // that a proposal wants to go into
	Tag           string
	DefaultBranch string
	Protected     bool // the branch, or the target, is protected
	Environment   string
	User          string
}

// World is what a platform's file may look at.
type World struct {
	Env  func(name string) string
	Read func(file string) ([]byte, error) // a file that a variable names
}

// reader is a platform: the variable by which a job knows it, and its file's function.
type reader struct {
	mark string
	read func(World) (Change, error)
}

// readers, those first that pass for one that follows.
var readers = []reader{
	{"GITEA_ACTIONS", gitea}, {"FORGEJO_ACTIONS", gitea}, {"GITHUB_ACTIONS", github}, {"GITLAB_CI", gitlab},
	{"BITBUCKET_BUILD_NUMBER", bitbucket}, {"TF_BUILD", azure}, {"CIRCLECI", circleci}, {"BUILDKITE", buildkite}, {"JENKINS_URL", jenkins},
}

// ErrNoPlatform is returned by Find outside of a job.
var ErrNoPlatform = errors.New("this is no job of a CI system that oakum knows")

// Find reads what the platform says of the running job.
func Find(w World) (Change, error) {
	var marks []string
	for _, r := range readers {
		if w.Env(r.mark) != "" {
			c, err := r.read(w)
			if err != nil {
				return c, fmt.Errorf("read what %s says of the change: %w", c.Platform, err)
			}
			return c, nil
		}
		marks = append(marks, r.mark)
	}
	return Change{}, fmt.Errorf("%w (none of %s is set): name the change yourself with --range A..B", ErrNoPlatform, strings.Join(marks, ", "))
}

// zeros tells whether an id is none: where there was nothing before, platforms give
// an id of zeros.
func zeros(id string) bool { return strings.Trim(id, "0") == "" }

// some are those of ids that are one.
func some(ids ...string) (list []string) {
	for _, id := range ids {
		if !zeros(id) {
			list = append(list, id)
		}
	}
	return list
}

// branchOf is a branch's name without what a ref has before it.
func branchOf(ref string) string { return strings.TrimPrefix(ref, "refs/heads/") }

func first(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}
