package ci

// gitlab reads a job of GitLab CI:
// https://docs.gitlab.com/ci/variables/predefined_variables/
//
// In a pipeline of merged results, and in a merge train, the checkout is a merge with
// the target's tip or with those before it in the train; the request's own commits are
// those of its source. CI_MERGE_REQUEST_DIFF_BASE_SHA is taken last: it stays what it
// was when the request gets another target (gitlab-org/gitlab issue 442031).
func gitlab(w World) (Change, error) {
	c := Change{
		Platform: GitLab, Event: w.Env("CI_PIPELINE_SOURCE"), Branch: w.Env("CI_COMMIT_BRANCH"), DefaultBranch: w.Env("CI_DEFAULT_BRANCH"),
		Heads: some(w.Env("CI_COMMIT_SHA")), Protected: w.Env("CI_COMMIT_REF_PROTECTED") == "true",
		Environment: w.Env("CI_ENVIRONMENT_NAME"), User: w.Env("GITLAB_USER_LOGIN"),
	}
	switch {
	case w.Env("CI_MERGE_REQUEST_IID") != "":
		c.Kind, c.Branch, c.Target = Proposal, w.Env("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"), w.Env("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
		c.Event = first(w.Env("CI_MERGE_REQUEST_EVENT_TYPE"), c.Event)
		c.Protected = w.Env("CI_MERGE_REQUEST_TARGET_BRANCH_PROTECTED") == "true"
		c.Heads = append(some(w.Env("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA")), c.Heads...)
		c.Before, c.Last = some(w.Env("CI_MERGE_REQUEST_TARGET_BRANCH_SHA")), w.Env("CI_MERGE_REQUEST_DIFF_BASE_SHA")
	case w.Env("CI_COMMIT_TAG") != "":
		c.Kind, c.Tag = Tag, w.Env("CI_COMMIT_TAG")
	case c.Event == "push":
		c.Kind, c.Before, c.Shared = Push, some(w.Env("CI_COMMIT_BEFORE_SHA")), true
	default: // schedule, web, api, trigger, pipeline: all have zeros before
		c.Kind = Look
	}
	return c, nil
}
