package ci

import "strings"

// jenkins reads a build of Jenkins, of a multibranch project (BRANCH_NAME, CHANGE_…)
// or a plain one (GIT_…): https://www.jenkins.io/doc/book/pipeline/multibranch/ and
// https://plugins.jenkins.io/git/#plugin-content-environment-variables
//
// Commits since the last successful build are judged, so that a branch stays red
// until what made it red is gone.
func jenkins(w World) (Change, error) {
	c := Change{Platform: Jenkins, Event: "push", Kind: Push, Heads: append(some(w.Env("GIT_COMMIT")), "HEAD"), Shared: true,
		Branch: first(w.Env("BRANCH_NAME"), strings.TrimPrefix(branchOf(w.Env("GIT_BRANCH")), "origin/"))}
	primary := w.Env("BRANCH_IS_PRIMARY") == "true"
	if primary {
		c.DefaultBranch = c.Branch
	}
	switch {
	case w.Env("CHANGE_ID") != "":
		c.Kind, c.Event, c.Branch, c.Target, c.Shared = Proposal, "change", w.Env("CHANGE_BRANCH"), w.Env("CHANGE_TARGET"), false
		c.User = w.Env("CHANGE_AUTHOR")
	case w.Env("TAG_NAME") != "":
		c.Kind, c.Event, c.Tag = Tag, "tag", w.Env("TAG_NAME")
	default:
		c.Before = some(first(w.Env("GIT_PREVIOUS_SUCCESSFUL_COMMIT"), w.Env("GIT_PREVIOUS_COMMIT")))
	}
	return c, nil
}
