package cisource

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// GitLab is the variables that GitLab holds for CI: of projects, of groups with their
// subgroups and projects, and of an instance. Of a hidden one only the name can be
// read.
type GitLab struct {
	api      API
	base     *url.URL
	wanted   []string
	instance bool

	Logs *Logs // which logs and artifacts of jobs are looked at; nil: none
}

var _ scanner.Source = (*GitLab)(nil)

// NewGitLab makes a source of groups and projects, by path or by number; instance
// adds the instance's own variables, which an administrator can read.
//
// The URL may be that of a self-managed instance, also below a path, with /api/v4 or
// without.
func NewGitLab(api API, instance bool, names ...string) (*GitLab, error) {
	base, err := api.base("https://gitlab.com")
	if err != nil {
		return nil, err
	}
	if !strings.HasSuffix(base.Path, "/api/v4/") {
		base.Path += "api/v4/"
	}
	for i, name := range names {
		if names[i] = strings.Trim(name, "/"); names[i] == "" || strings.ContainsAny(name, "?#% \t\n") {
			return nil, fmt.Errorf("%q is no path of a group or project", name)
		}
	}
	return &GitLab{api: api, base: base, wanted: names, instance: instance}, nil
}

// Blobs yields each holder's variables as one text: the instance's, then a group's
// before its subgroups' and projects', in the order of the API.
func (g *GitLab) Blobs(ctx context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		ask := g.api.asker(g.base, "PRIVATE-TOKEN", g.api.Token, http.Header{"User-Agent": {"oakum"}})
		w := &gitlabWalk{walk{ask: ask, yield: yield, wanted: g.Logs}}
		if g.instance {
			w.variablesOf(ctx, "gitlab-instance", "admin/ci", "the scope read_api, of an administrator")
		}
		for _, name := range g.wanted {
			w.named(ctx, name)
		}
	}
}

type gitlabWalk struct{ walk }

// gitlabHolder is what is read of a group or a project.
type gitlabHolder struct {
	ID       int64  `json:"id"`
	FullPath string `json:"full_path"`           // of a group
	Path     string `json:"path_with_namespace"` // of a project
}

const needsMember = "the scope read_api, of a member"

// named walks over what somebody calls by one path: a group, else a project.
func (w *gitlabWalk) named(ctx context.Context, name string) {
	if w.done {
		return
	}
	var h gitlabHolder
	answer, err := w.ask.get(ctx, "groups/"+url.PathEscape(name)+"?with_projects=false", &h)
	if err == nil {
		w.group(ctx, h)
		return
	}
	if answer != nil && answer.StatusCode == http.StatusNotFound {
		if answer, err = w.ask.get(ctx, "projects/"+url.PathEscape(name), &h); err == nil {
			w.project(ctx, h)
			return
		}
	}
	w.refused(ctx, "gitlab:"+name, "group or project", needsMember, answer, err)
}

// group walks over a group, its subgroups at any depth, and the projects of all.
func (w *gitlabWalk) group(ctx context.Context, g gitlabHolder) {
	w.ofGroup(ctx, g)
	scope, path := "gitlab:"+g.FullPath, fmt.Sprintf("groups/%d", g.ID)
	each(ctx, &w.walk, list[gitlabHolder]{
		whose: scope, what: "subgroups", needs: needsMember, size: gitlabPage,
		path: path + "/descendant_groups?order_by=path&sort=asc",
	}, func(sub gitlabHolder) { w.ofGroup(ctx, sub) })
	each(ctx, &w.walk, list[gitlabHolder]{
		whose: scope, what: "projects", needs: needsMember, size: gitlabPage,
		path: path + "/projects?include_subgroups=true&with_shared=false&simple=true&order_by=path&sort=asc",
	}, func(p gitlabHolder) { w.project(ctx, p) })
}

// What a token needs is said on the pages that document the lists
// (https://docs.gitlab.com/api/project_level_variables/, group_level_variables/,
// instance_level_ci_variables/).
func (w *gitlabWalk) ofGroup(ctx context.Context, g gitlabHolder) {
	w.variablesOf(ctx, "gitlab:"+g.FullPath, fmt.Sprintf("groups/%d", g.ID), "the scope read_api, of somebody who is an Owner of the group")
}

func (w *gitlabWalk) project(ctx context.Context, p gitlabHolder) {
	scope, path := "gitlab:"+p.Path, fmt.Sprintf("projects/%d", p.ID)
	w.variablesOf(ctx, scope, path, "the scope read_api, of somebody who is a Maintainer of the project")
	if w.wanted != nil {
		w.logs(ctx, scope, path)
	}
}

// gitlabPage is the most that GitLab gives on a page
// (https://docs.gitlab.com/api/rest/#pagination).
const gitlabPage = 100

// gitlabVariable is what is read of a variable.
type gitlabVariable struct {
	Key         string `json:"key"`
	Value       string `json:"value"` // null where it is hidden
	Environment string `json:"environment_scope"`
	Masked      bool   `json:"masked"`
	Hidden      bool   `json:"hidden"`
	Protected   bool   `json:"protected"`
}

// variablesOf tells of a holder's variables, and of those that are hidden.
func (w *gitlabWalk) variablesOf(ctx context.Context, scope, path, needs string) {
	var open, hidden []held
	each(ctx, &w.walk, list[gitlabVariable]{
		whose: scope, what: "variables", path: path + "/variables", needs: needs, size: gitlabPage,
	}, func(v gitlabVariable) {
		h := held{at: leak.Variable{Scope: v.scope(scope), Name: v.Key}, value: v.Value}
		if v.Hidden {
			hidden = append(hidden, h)
			return
		}
		if !v.Masked && !v.Protected {
			h.notes = []string{"neither masked nor protected: jobs of every branch have it, and their logs show it"}
		}
		open = append(open, h)
	})
	w.variables(scope, byName(open))
	w.hidden(scope, byName(hidden), open)
}

// scope is the holder, and the environments that the variable is for, unless that is all.
func (v *gitlabVariable) scope(holder string) string {
	if v.Environment == "" || v.Environment == "*" {
		return holder
	}
	return holder + "/environment/" + v.Environment
}
