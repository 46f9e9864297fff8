package ci_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/internal/ci"
)

func world(env map[string]string) ci.World {
	return ci.World{Env: func(name string) string { return env[name] }, Read: func(string) ([]byte, error) { return nil, fs.ErrNotExist }}
}

// linear is a history of which all that is asked is in a table.
type linear struct {
	ids     map[string]string
	shallow bool
	cut     bool
}

func (l linear) ID(rev string) string { return l.ids[rev] }
func (l linear) Shallow() bool        { return l.shallow }
func (l linear) RemoteHead() string   { return "" }
func (l linear) Fork(not []string, _ string) (string, bool, error) {
	return l.ids[not[0]], l.cut, nil
}

const (
	tip  = "1111111111111111111111111111111111111111"
	head = "2222222222222222222222222222222222222222"
	old  = "3333333333333333333333333333333333333333"
)

// What testdata/ci tells of whole jobs is told here of single answers.
func TestResolve(t *testing.T) {
	push := ci.Change{Platform: ci.GitHub, Kind: ci.Push, Branch: "work", DefaultBranch: "main", Heads: []string{head}, Before: []string{old}, Shared: true}
	full := map[string]string{head: head, old: old, "refs/remotes/origin/main": tip}
	g, err := ci.Resolve(push, linear{ids: full}, "")
	if err != nil || g.Word != "refs/remotes/origin/main" || len(g.Not) != 1 || g.Not[0] != old {
		t.Errorf("%+v, %v", g, err)
	}
	// The head of a request that is a merge itself is no merge of the platform's.
	request := ci.Change{Platform: ci.Gitea, Kind: ci.Proposal, Target: "main", Heads: []string{head}, Merge: head}
	g, err = ci.Resolve(request, linear{ids: map[string]string{head: head, head + "^1": old, head + "^2": tip, "refs/remotes/origin/main": tip}}, "")
	if err != nil || g.Not[0] != "refs/remotes/origin/main" {
		t.Errorf("%+v, %v", g, err)
	}
	// A branch that is called as an id begins is not that id.
	request.Last, request.Merge = old[:12], ""
	_, err = ci.Resolve(request, linear{ids: map[string]string{head: head, old[:12]: head}}, "")
	if missing, ok := errors.AsType[*ci.MissingError](err); !ok || missing.Branch != "main" {
		t.Errorf("%v", err)
	}
	// A branch of which nobody says whether it is the default one is not taken for it.
	lone := ci.Change{Platform: ci.Azure, Kind: ci.Push, Branch: "trunk", Heads: []string{head}}
	here := linear{ids: map[string]string{head: head, "refs/remotes/origin/trunk": head}}
	if _, err := ci.Resolve(lone, here, ""); err == nil || !strings.Contains(err.Error(), "--base BRANCH") {
		t.Errorf("%v", err)
	}
	if g, err := ci.Resolve(lone, here, "trunk"); err != nil || !g.Own || g.Word != head || len(g.Not) != 0 {
		t.Errorf("%+v, %v", g, err)
	}
	lone.Before, lone.Shared, here.ids[old] = []string{old}, true, old
	if _, err := ci.Resolve(lone, here, ""); err == nil || !strings.Contains(err.Error(), "--base BRANCH") {
		t.Errorf("%v", err)
	}
	for _, c := range []struct {
		change ci.Change
		h      linear
		fetch  string
	}{
		{push, linear{ids: map[string]string{}}, "git fetch --no-tags origin " + head},
		{push, linear{ids: map[string]string{head: head}, shallow: true}, "git fetch --no-tags --unshallow origin " + old},
		{push, linear{ids: full, cut: true, shallow: true}, "git fetch --no-tags --unshallow origin"},
		{push, linear{ids: map[string]string{head: head, old: old}}, "git fetch --no-tags origin +refs/heads/main:refs/remotes/origin/main"},
		{ci.Change{Kind: ci.Proposal, Target: "it's $(x)", Heads: []string{head}}, linear{ids: map[string]string{head: head}},
			`git fetch --no-tags origin '+refs/heads/it'\''s $(x):refs/remotes/origin/it'\''s $(x)'`},
	} {
		_, err := ci.Resolve(c.change, c.h, "")
		missing, ok := errors.AsType[*ci.MissingError](err)
		if !ok || missing.Fetch() != c.fetch {
			t.Errorf("%v, want %s", err, c.fetch)
		}
	}
}

// Every platform that passes for none, or is known, tells what it lacks.
func TestFind(t *testing.T) {
	if _, err := ci.Find(world(nil)); !errors.Is(err, ci.ErrNoPlatform) {
		t.Error(err)
	}
	if _, err := ci.Find(world(map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": "gone"})); err == nil || !strings.Contains(err.Error(), "GITHUB_EVENT_PATH") {
		t.Error(err)
	}
	for mark, platform := range map[string]ci.Platform{"GITHUB_ACTIONS": ci.GitHub, "GITEA_ACTIONS": ci.Gitea, "FORGEJO_ACTIONS": ci.Gitea, "GITLAB_CI": ci.GitLab,
		"BITBUCKET_BUILD_NUMBER": ci.Bitbucket, "TF_BUILD": ci.Azure, "CIRCLECI": ci.CircleCI, "BUILDKITE": ci.Buildkite, "JENKINS_URL": ci.Jenkins} {
		c, err := ci.Find(world(map[string]string{mark: "1"}))
		if err != nil || c.Platform != platform || c.Kind == "" {
			t.Errorf("%s: %+v, %v", mark, c, err)
		}
	}
}
