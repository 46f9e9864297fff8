package civar

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/rest"
	"github.com/oakum-sec/oakum/remediate/store"
)

// gitlab is a variable of a project, a group or an instance
// (https://docs.gitlab.com/api/project_level_variables/).
type gitlab struct {
	platform
	holder string // "projects/acme%2Fshop", "groups/acme", "admin/ci"
	of     string // as people call it
	group  bool
	key    string
	scope  string
	value  consumer.Shape
	mem    memory
}

// ParseGitLab reads
//
//	kind: gitlab-variable
//	project: acme/shop       # or group: acme, or instance: true
//	variable: DB_PASSWORD
//	scope: production        # the environment scope; * if none is named
//	value: password
//	token: env:GITLAB_TOKEN
//	url: https://gitlab.example.com
func ParseGitLab(n *yaml.Node, o consumer.Options) (consumer.Consumer, error) {
	var s struct {
		Project  string              `yaml:"project"`
		Group    string              `yaml:"group"`
		Instance bool                `yaml:"instance"`
		Variable string              `yaml:"variable"`
		Scope    string              `yaml:"scope"`
		Value    consumer.Shape      `yaml:"value"`
		Token    consumer.Credential `yaml:"token"`
		URL      string              `yaml:"url"`
	}
	if err := consumer.Decode(n, &s); err != nil {
		return nil, err
	}
	g := &gitlab{key: s.Variable, scope: s.Scope, value: s.Value}
	named := 0
	for _, h := range []struct{ name, path string }{{s.Project, "projects/"}, {s.Group, "groups/"}} {
		if h.name != "" {
			named++
			if err := segments(strings.TrimSuffix(h.path, "s/"), h.name, 1, 20); err != nil {
				return nil, err
			}
			g.holder, g.of, g.group = h.path+url.PathEscape(h.name), strings.TrimSuffix(h.path, "s/")+" "+h.name, h.path == "groups/"
		}
	}
	if s.Instance {
		named++
		g.holder, g.of = "admin/ci", "the instance"
	}
	if named != 1 {
		return nil, errors.New("write one of project: GROUP/PROJECT, group: GROUP and instance: true")
	}
	if s.Value.IsZero() {
		return nil, errors.New("value: write which field it holds, as value: password")
	}
	if err := variable("variable", s.Variable); err != nil {
		return nil, err
	}
	if g.scope == "" {
		g.scope = "*"
	}
	at := strings.TrimRight(s.URL, "/")
	if at == "" {
		at = "https://gitlab.com"
	}
	if !strings.HasSuffix(at, "/api/v4") {
		at += "/api/v4"
	}
	g.platform = platform{o: o, token: s.Token.Or("GITLAB_TOKEN"), rest: rest.Options{URL: at, Auth: "PRIVATE-TOKEN", Header: http.Header{"User-Agent": {"oakum"}}}}
	return g, nil
}

func (g *gitlab) String() string {
	s := "gitlab variable " + g.key + " of " + g.of
	if g.scope != "*" {
		s += " for " + g.scope
	}
	return s
}

func (g *gitlab) Risk() string {
	return "GitLab has no compare-and-set, and shows no hidden variable's value: what somebody else sets in the same second is lost. Jobs that run go on with the old value. Taken back by setting the old value, where it is known."
}

type gitlabVariable struct {
	Key       string  `json:"key"`
	Value     *string `json:"value"` // null: it is hidden
	Type      string  `json:"variable_type"`
	Protected bool    `json:"protected"`
	Masked    bool    `json:"masked"`
	Hidden    bool    `json:"hidden"`
	Raw       bool    `json:"raw"`
	Scope     string  `json:"environment_scope"`
}

// flags are all that has to stay.
func (v gitlabVariable) flags() gitlabVariable { v.Value = nil; return v }

func (g *gitlab) path() string {
	p := g.holder + "/variables/" + g.key
	if g.holder == "admin/ci" {
		return p
	}
	return p + "?" + url.Values{"filter[environment_scope]": {g.scope}}.Encode()
}

func (g *gitlab) read(ctx context.Context) (v gitlabVariable, err error) {
	if err = g.get(ctx, g.String(), g.path(), &v); err != nil {
		return v, err
	}
	if v.Scope != "" && v.Scope != g.scope {
		return v, fmt.Errorf("%w: %s: this GitLab answers with the variable of scope %q; it is too old to be asked for one of several", consumer.ErrUnfit, g, v.Scope)
	}
	return v, nil
}

func (v gitlabVariable) hidden() bool { return v.Hidden || v.Value == nil }

func (g *gitlab) Done(ctx context.Context, u consumer.Update) (bool, error) {
	want, err := g.value.Of(u.New)
	if err != nil {
		return false, fmt.Errorf("value: %w", err)
	}
	v, err := g.read(ctx)
	switch {
	case err != nil:
		return false, err
	case v.hidden():
		return g.mem.look(u.Op, "hidden"), nil
	}
	return leak.NewSecret([]byte(*v.Value)).Equal(want), nil
}

// fit refuses what GitLab would refuse, or would make something else of.
func (g *gitlab) fit(v gitlabVariable, want leak.Secret) error {
	text, why := store.Plain(want), ""
	switch {
	case len(text) > 10_000: // https://docs.gitlab.com/ci/variables/
		why = "a variable takes 10,000 characters"
	case v.Masked && (len(text) < 8 || strings.ContainsAny(text, " \t\r\n")):
		why = "it is masked, and the new value has less than 8 characters, or a space or a line's end, which GitLab does not mask"
	case !v.Raw && strings.Contains(text, "$"):
		why = "the new value has a $, which GitLab expands unless the variable is set to be raw: turn \"Expand variable reference\" off"
	}
	if why != "" {
		return fmt.Errorf("%w: %s: %s", consumer.ErrUnfit, g, why)
	}
	return nil
}

func (g *gitlab) standing(ctx context.Context, u consumer.Update, id string) (v gitlabVariable, want leak.Secret, done bool, err error) {
	want, from, err := g.value.Both(u)
	if err != nil {
		return v, want, false, fmt.Errorf("value: %w", err)
	}
	if v, err = g.read(ctx); err != nil {
		return v, want, false, err
	}
	if v.hidden() {
		done = g.mem.look(id, "hidden")
	} else if done, err = consumer.Standing(g.String(), leak.NewSecret([]byte(*v.Value)), want, from); err != nil {
		return v, want, false, err
	}
	if !done {
		err = g.fit(v, want)
	}
	return v, want, done, err
}

// Check tells what hides the variable: one of the same name in a project hides a
// group's, and a narrower scope hides a wider one
// (https://docs.gitlab.com/ci/variables/#cicd-variable-precedence).
func (g *gitlab) Check(ctx context.Context, u consumer.Update) (notes []string, err error) {
	if _, _, _, err := g.standing(ctx, u, u.Op); err != nil || g.holder == "admin/ci" {
		return nil, err
	}
	err = pages(ctx, &g.platform, g.holder+"/variables", "", func(v gitlabVariable) bool {
		if v.Key == g.key && v.Scope != g.scope {
			notes = append(notes, fmt.Sprintf("%s has another variable %s, for %s: name it as a consumer too if it holds this credential", g.of, g.key, v.Scope))
		}
		return true
	})
	if err != nil || !g.group {
		return notes, err
	}
	n, failed := 0, error(nil)
	err = pages(ctx, &g.platform, g.holder+"/projects?include_subgroups=true&simple=true", "", func(p struct {
		ID   int64  `json:"id"`
		Name string `json:"path_with_namespace"`
	}) bool {
		if n++; n > atMost {
			notes = append(notes, fmt.Sprintf("only %d projects were looked at for a variable %s of their own", atMost, g.key))
			return false
		}
		there, err := g.lives(ctx, "projects/"+strconv.FormatInt(p.ID, 10)+"/variables/"+g.key, http.StatusConflict) // 409: there are several
		if there {
			notes = append(notes, fmt.Sprintf("project %s has a variable %s of its own, which its jobs get instead of the group's: name it as a consumer too", p.Name, g.key))
		}
		if rest.StatusOf(err) == http.StatusForbidden {
			notes, err = append(notes, fmt.Sprintf("project %s was not looked at: the token may not", p.Name)), nil
		}
		failed = err
		return err == nil
	})
	if err == nil {
		err = failed
	}
	return notes, err
}

func (g *gitlab) Do(ctx context.Context, u consumer.Update) error   { return do(ctx, g, u) }
func (g *gitlab) Undo(ctx context.Context, u consumer.Update) error { return undo(ctx, g, u) }

// write sends the value alone, so that GitLab keeps scope and flags, and looks that it
// did.
func (g *gitlab) write(ctx context.Context, u consumer.Update, id string) error {
	before, want, done, err := g.standing(ctx, u, id)
	if done || err != nil {
		return err
	}
	_, err = g.call(ctx, rest.Call{Method: http.MethodPut, Path: g.path(), Body: map[string]string{"value": store.Plain(want)}, Hide: hide(u, g.value)})
	if err != nil {
		return err
	}
	after, err := g.read(ctx)
	if err != nil {
		return err
	}
	if after.flags() != before.flags() {
		return fmt.Errorf("%s has the new value, and its flags or scope have changed with it: look at it in GitLab's settings", g)
	}
	if !after.hidden() && !leak.NewSecret([]byte(*after.Value)).Equal(want) {
		return changed(g.String())
	}
	g.mem.wrote(id, "hidden")
	return nil
}
