package ci

// bitbucket reads a step of Bitbucket Pipelines:
// https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/
//
// It names no commit before a push, and no default branch. In a pull request's
// pipeline the destination is merged into the checkout; BITBUCKET_COMMIT is the
// source's tip.
func bitbucket(w World) (Change, error) {
	c := Change{Platform: Bitbucket, Event: "push", Kind: Push, Branch: w.Env("BITBUCKET_BRANCH"), Heads: some(w.Env("BITBUCKET_COMMIT")),
		Environment: w.Env("BITBUCKET_DEPLOYMENT_ENVIRONMENT")}
	switch {
	case w.Env("BITBUCKET_PR_ID") != "":
		c.Kind, c.Event, c.Target = Proposal, "pull-request", w.Env("BITBUCKET_PR_DESTINATION_BRANCH")
		c.Last = w.Env("BITBUCKET_PR_DESTINATION_COMMIT") // the beginning of an id
	case w.Env("BITBUCKET_TAG") != "":
		c.Kind, c.Event, c.Tag = Tag, "tag", w.Env("BITBUCKET_TAG")
	case c.Branch == "":
		c.Kind, c.Event = Look, "custom"
	}
	return c, nil
}
