package ci

import (
	"fmt"
	"strings"
)

// MissingError is about a clone that lacks what the change is to be compared with.
type MissingError struct {
	Platform Platform
	What     string // in words
	Branch   string // that is missing; or ""
	Commit   string // likewise
	Shallow  bool   // the clone is cut off
	Partial  bool   // the clone is a partial one, and the content of files is missing
}

func (r *resolving) missing(what, branch, commit string) error {
	return &MissingError{Platform: r.Platform, What: what, Branch: branch, Commit: commit, Shallow: r.Shallow()}
}

// depths are the lines that make each platform's checkout a whole one, from its
// documentation of checkouts.
var depths = map[Platform]string{
	// https://github.com/actions/checkout#usage
	GitHub: "- uses: actions/checkout@v5\n  with:\n    fetch-depth: 0",
	Gitea:  "- uses: actions/checkout@v5\n  with:\n    fetch-depth: 0",
	// https://docs.gitlab.com/ci/runners/configure_runners/#shallow-cloning
	GitLab: "variables:\n  GIT_DEPTH: \"0\"",
	// https://support.atlassian.com/bitbucket-cloud/docs/git-clone-behavior/
	Bitbucket: "clone:\n  depth: full",
	// https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/steps-checkout
	Azure: "- checkout: self\n  fetchDepth: 0",
	// https://circleci.com/docs/reference/configuration-reference/#checkout
	CircleCI: "- checkout:\n    method: full",
	// https://plugins.jenkins.io/git/#plugin-content-clone-extensions
	Jenkins: "checkout scmGit(branches: scm.branches, userRemoteConfigs: scm.userRemoteConfigs, extensions: [cloneOption(shallow: false, honorRefspec: false)])",
	// https://buildkite.com/docs/agent/self-hosted/configure#git-clone-flags
	Buildkite: "env:\n  BUILDKITE_GIT_CLONE_FLAGS: \"-v\"",
}

func (e *MissingError) Error() string {
	what := e.What
	if name := first(e.Branch, e.Commit); name != "" {
		what += " (" + name + ")"
	}
	why := "is not in this clone"
	if e.Shallow {
		why = "is not in this clone, which is too shallow"
	}
	if e.Partial {
		why = "is not in this clone, which is a partial one"
	}
	text := fmt.Sprintf("%s %s; what the change adds cannot be told\nfetch it in the step before with: %s", what, why, e.Fetch())
	if line, ok := depths[e.Platform]; ok {
		text += "\nor have the checkout bring it:\n" + line
	}
	return text
}

// Fetch is git's command that brings what is missing.
func (e *MissingError) Fetch() string {
	if e.Partial {
		return "git fetch --refetch --no-filter origin"
	}
	words := []string{"git fetch --no-tags"}
	if e.Shallow {
		words = append(words, "--unshallow")
	}
	words = append(words, "origin")
	switch {
	case e.Branch != "":
		words = append(words, quoted("+refs/heads/"+e.Branch+":refs/remotes/origin/"+e.Branch))
	case e.Commit != "" && e.Commit != "HEAD":
		words = append(words, quoted(e.Commit))
	}
	return strings.Join(words, " ")
}

// quoted is a word for a shell: a branch's name can be anybody's choice.
func quoted(word string) string {
	if strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+:-") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
