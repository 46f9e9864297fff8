package ci

import (
	"encoding/json"
	"fmt"
	"strings"
)

// event is what counts of the payload in GITHUB_EVENT_PATH:
// https://docs.github.com/webhooks/webhook-events-and-payloads
type event struct {
	Before string `json:"before"`
	After  string `json:"after"`
	Number int    `json:"number"`

	PullRequest struct {
		Base revision `json:"base"`
		Head revision `json:"head"`
	} `json:"pull_request"`
	MergeGroup struct {
		BaseSHA string `json:"base_sha"`
		BaseRef string `json:"base_ref"`
		HeadSHA string `json:"head_sha"`
	} `json:"merge_group"`
	Repository struct {
		DefaultBranch string `json:"default_branch"`
	} `json:"repository"`
}

type revision struct {
	Ref string `json:"ref"`
	SHA string `json:"sha"`
}

// github reads a job of GitHub Actions:
// https://docs.github.com/actions/reference/workflows-and-actions/variables
func github(w World) (Change, error) { return actions(w, GitHub) }

// gitea reads a job of Gitea or Forgejo Actions, which set GitHub's variables too:
// https://docs.gitea.com/usage/actions/actions-variables
func gitea(w World) (Change, error) { return actions(w, Gitea) }

func actions(w World, p Platform) (Change, error) {
	c := Change{
		Platform: p, Event: w.Env("GITHUB_EVENT_NAME"), Protected: w.Env("GITHUB_REF_PROTECTED") == "true", User: w.Env("GITHUB_ACTOR"),
		Heads: some(w.Env("GITHUB_SHA")),
	}
	var e event
	if file := w.Env("GITHUB_EVENT_PATH"); file != "" {
		text, err := w.Read(file)
		if err != nil {
			return c, fmt.Errorf("GITHUB_EVENT_PATH: %w", err)
		}
		if err := json.Unmarshal(text, &e); err != nil {
			return c, fmt.Errorf("GITHUB_EVENT_PATH: %s is no event: %w", file, err)
		}
	}
	c.DefaultBranch = e.Repository.DefaultBranch
	ref := w.Env("GITHUB_REF")
	switch {
	case strings.HasPrefix(c.Event, "pull_request") || w.Env("GITHUB_BASE_REF") != "":
		c.pullRequest(w, e)
	case c.Event == "merge_group":
		c.Kind, c.Target = Proposal, branchOf(e.MergeGroup.BaseRef)
		c.Heads, c.Before = append(some(e.MergeGroup.HeadSHA), c.Heads...), some(e.MergeGroup.BaseSHA)
	case strings.HasPrefix(ref, "refs/tags/"):
		c.Kind, c.Tag = Tag, strings.TrimPrefix(ref, "refs/tags/")
	case c.Event == "push":
		c.Kind, c.Branch, c.Shared = Push, branchOf(ref), true
		c.Heads, c.Before = append(some(e.After), c.Heads...), some(e.Before)
	default:
		c.Kind, c.Branch = Look, branchOf(ref)
	}
	return c, nil
}

// pullRequest reads an event of a pull request. Of pull_request GitHub's checkout is a
// merge, whose first parent is the surest word of what was there; of
// pull_request_target it is the target's tip, and on Gitea the request's.
func (c *Change) pullRequest(w World, e event) {
	c.Kind, c.Target, c.Branch = Proposal, first(w.Env("GITHUB_BASE_REF"), e.PullRequest.Base.Ref), first(w.Env("GITHUB_HEAD_REF"), e.PullRequest.Head.Ref)
	c.Before, c.Merge = some(e.PullRequest.Base.SHA), w.Env("GITHUB_SHA")
	if head := some(e.PullRequest.Head.SHA); len(head) > 0 {
		c.Heads = head
	}
}
