package ci

// buildkite reads a job of Buildkite:
// https://buildkite.com/docs/pipelines/configure/environment-variables
//
// BUILDKITE_PULL_REQUEST is "false" where there is none. BUILDKITE_COMMIT can be the
// word HEAD, in a build that a person or a schedule began.
func buildkite(w World) (Change, error) {
	c := Change{Platform: Buildkite, Event: w.Env("BUILDKITE_SOURCE"), Kind: Push, Branch: w.Env("BUILDKITE_BRANCH"),
		DefaultBranch: w.Env("BUILDKITE_PIPELINE_DEFAULT_BRANCH"), Heads: some(w.Env("BUILDKITE_COMMIT")), User: w.Env("BUILDKITE_BUILD_CREATOR")}
	switch pr := w.Env("BUILDKITE_PULL_REQUEST"); {
	case pr != "" && pr != "false":
		c.Kind, c.Event, c.Target = Proposal, "pull_request", w.Env("BUILDKITE_PULL_REQUEST_BASE_BRANCH")
	case w.Env("BUILDKITE_TAG") != "":
		c.Kind, c.Tag = Tag, w.Env("BUILDKITE_TAG")
	case c.Event == "schedule":
		c.Kind = Look
	}
	return c, nil
}
