package ci

import "strings"

// circleci reads a job of CircleCI: https://circleci.com/docs/reference/variables/
//
// It names no commit before a push: pipeline.git.base_revision is a value of the
// configuration and no variable (docs/ci.md hands it over by --base). A pull request
// of a fork is built on a branch pull/N.
func circleci(w World) (Change, error) {
	c := Change{Platform: CircleCI, Event: "push", Kind: Push, Branch: w.Env("CIRCLE_BRANCH"), Heads: some(w.Env("CIRCLE_SHA1")), User: w.Env("CIRCLE_USERNAME")}
	switch {
	case w.Env("CIRCLE_TAG") != "":
		c.Kind, c.Event, c.Tag = Tag, "tag", w.Env("CIRCLE_TAG")
	case strings.HasPrefix(c.Branch, "pull/"):
		c.Event = "pull-request"
	}
	return c, nil
}
