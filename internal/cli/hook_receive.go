package cli

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/oakum-sec/oakum/internal/hook"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/policy"
	"github.com/oakum-sec/oakum/scanner/gitsource"
)

func (a *app) preReceive(repo *gitsource.Repo, _ []string) (*judged, error) {
	updates, err := hook.ReadReceive(a.In)
	if err != nil {
		return nil, err
	}
	sel, any := selection(updates, repo.Has)
	if !any {
		return nil, nil
	}
	sel.NotRefs = []string{"refs/"} // no ref has moved yet: git does it after this hook
	src, err := repo.Commits(sel)
	j := &judged{noun: "push", gate: true, tips: sel.Tips, target: target{source: src, change: &sel, info: report.Target{Kind: "git", Path: ".", Part: "push"}}}
	j.tell = func(c *policy.Context) { a.aboutPush(c, repo, updates) }
	j.gone = goneFromAll(repo, sel.Tips)
	if repo.Has("HEAD") {
		j.where = "HEAD:"
		j.own = func(name string) ([]byte, error) { return repo.File("HEAD", name) }
	}
	return j, err
}

// aboutPush is what a server knows of a push beside its content: who pushes, as
// GitLab and Gitea say in the environment (docs.gitlab.com, Git server hooks; Gitea's
// modules/repository/env.go), to which refs, and with which options.
func (a *app) aboutPush(c *policy.Context, repo *gitsource.Repo, updates []hook.Update) {
	c.User.Name = cmp.Or(a.env["GL_USERNAME"], a.env["GITEA_PUSHER_NAME"])
	switch {
	case a.onGitLab():
		c.Platform = "gitlab"
	case a.env["GITEA_REPO_NAME"] != "":
		c.Platform = "gitea"
	}
	_, c.DefaultBranch = repo.Head()
	c.Branch, c.Tag = pushedTo(updates, c.DefaultBranch)
	c.Options = a.pushOptions()
}

// pushedTo is the branch or the tag that a policy is told. Of several branches it is
// the default one, if that is among them; where branches and other refs come together
// it is none, for then a policy relaxes nothing.
func pushedTo(updates []hook.Update, byDefault string) (branch, tag string) {
	branches, tags, refs := 0, 0, 0
	for _, u := range updates {
		if u.Deletes() {
			continue
		}
		refs++
		if name, ok := strings.CutPrefix(u.Ref, "refs/heads/"); ok {
			branches++
			if branch == "" || name == byDefault {
				branch = name
			}
		} else if name, ok := strings.CutPrefix(u.Ref, "refs/tags/"); ok {
			tags++
			tag = cmp.Or(tag, name)
		}
	}
	switch refs {
	case branches:
		return branch, ""
	case tags:
		return "", tag
	}
	return "", ""
}

// maxPushOptions bounds what is read; git itself sets no limit.
const maxPushOptions = 100

// pushOptions are those of git push -o that are for oakum (githooks(5)): of
// oakum.skip=REASON a policy sees push_option_skip.
func (a *app) pushOptions() map[string]string {
	options := map[string]string{}
	n, _ := strconv.Atoi(a.env["GIT_PUSH_OPTION_COUNT"]) // not set where the server does not take any
	for i := range min(n, maxPushOptions) {
		name, value, _ := strings.Cut(a.env["GIT_PUSH_OPTION_"+strconv.Itoa(i)], "=")
		if name, ok := strings.CutPrefix(name, "oakum."); ok {
			options["push_option_"+name] = value
		}
	}
	return options
}

// onGitLab tells whether Gitaly runs the hook.
func (a *app) onGitLab() bool { return a.env["GL_REPOSITORY"] != "" || a.env["GL_ID"] != "" }

// forGitLab are lines that GitLab shows in its web editor too; of others it shows none.
func forGitLab(text string) string {
	return "GL-HOOK-ERR: " + strings.ReplaceAll(report.EscapeText(text), "\n", "\nGL-HOOK-ERR: ")
}
