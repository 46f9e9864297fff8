package ci

import "strings"

// azure reads a job of Azure Pipelines:
// https://learn.microsoft.com/azure/devops/pipelines/build/variables
//
// A pull request's checkout is a merge with the target's tip. The target is named
// refs/heads/main by Azure Repos, main where the repository is on GitHub.
func azure(w World) (Change, error) {
	ref := w.Env("BUILD_SOURCEBRANCH")
	c := Change{Platform: Azure, Event: w.Env("BUILD_REASON"), Kind: Look, Heads: some(w.Env("BUILD_SOURCEVERSION")),
		Environment: w.Env("ENVIRONMENT_NAME"), User: w.Env("BUILD_REQUESTEDFOR")}
	switch {
	case w.Env("SYSTEM_PULLREQUEST_TARGETBRANCH") != "":
		c.Kind, c.Branch, c.Target = Proposal, branchOf(w.Env("SYSTEM_PULLREQUEST_SOURCEBRANCH")), branchOf(w.Env("SYSTEM_PULLREQUEST_TARGETBRANCH"))
		c.Heads, c.Merge = append(some(w.Env("SYSTEM_PULLREQUEST_SOURCECOMMITID")), c.Heads...), w.Env("BUILD_SOURCEVERSION")
	case strings.HasPrefix(ref, "refs/tags/"):
		c.Kind, c.Tag = Tag, strings.TrimPrefix(ref, "refs/tags/")
	case c.Event == "IndividualCI" || c.Event == "BatchedCI":
		c.Kind, c.Branch = Push, branchOf(ref)
	default: // Schedule, Manual, ResourceTrigger and the like
		c.Branch = branchOf(ref)
	}
	return c, nil
}
