package civar_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer/civar"
)

// gitlab answers as docs.gitlab.com has it: /api/project_level_variables,
// /api/group_level_variables, /api/instance_level_ci_variables. What an update leaves
// out stays.
type gitlab struct {
	*server
	variables map[string][]map[string]any // by holder's path
	projects  []map[string]any            // of the group
	loses     string                      // a flag that an update loses
}

func newGitLab(t *testing.T) *gitlab {
	g := &gitlab{variables: map[string][]map[string]any{}}
	g.server = serve(t, "PRIVATE-TOKEN", testToken, g.answer)
	return g
}

func entry(key, scope string, value any, flags ...string) map[string]any {
	m := map[string]any{"key": key, "value": value, "environment_scope": scope, "variable_type": "env_var", "protected": false, "masked": false, "hidden": false, "raw": false, "description": "d"}
	for _, f := range flags {
		m[f] = true
	}
	return m
}

// shown is a variable as the API shows it.
func shown(v map[string]any) map[string]any {
	out := map[string]any{}
	for k, x := range v {
		out[k] = x
	}
	if v["hidden"] == true {
		out["value"] = nil
	}
	return out
}

func (g *gitlab) answer(w http.ResponseWriter, r *http.Request, body []byte) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/api/v4/")
	if strings.HasSuffix(path, "/projects") {
		say(w, 200, g.projects)
		return
	}
	holder, key, one := strings.Cut(path, "/variables/")
	if !one {
		all := []map[string]any{}
		for _, v := range g.variables[strings.TrimSuffix(path, "/variables")] {
			all = append(all, shown(v))
		}
		say(w, 200, all)
		return
	}
	scope, filtered := r.URL.Query().Get("filter[environment_scope]"), r.URL.Query().Has("filter[environment_scope]")
	var found []map[string]any
	for _, v := range g.variables[holder] {
		if v["key"] == key && (!filtered || v["environment_scope"] == scope) {
			found = append(found, v)
		}
	}
	switch {
	case len(found) == 0:
		say(w, 404, map[string]any{"message": "404 Variable Not Found"})
		return
	case len(found) > 1:
		say(w, 409, map[string]any{"message": "There are multiple variables with provided parameters. Please use 'filter[environment_scope]'"})
		return
	case r.Method == "PUT":
		var in map[string]any
		if json.Unmarshal(body, &in) != nil || in["value"] == nil {
			say(w, 400, map[string]any{"error": "value is missing"})
			return
		}
		for k, v := range in {
			found[0][k] = v
		}
		if g.loses != "" {
			found[0][g.loses] = false
		}
	}
	say(w, 200, shown(found[0]))
}

func TestGitLabVariable(t *testing.T) {
	g, u := newGitLab(t), update(t, 1)
	for holder, text := range map[string]string{"projects/acme%2Fshop": "project: acme/shop", "groups/acme%2Fteam": "group: acme/team", "admin/ci": "instance: true"} {
		mine := entry("DB_PASSWORD", "*", old(u), "masked", "protected")
		if holder != "admin/ci" {
			mine["environment_scope"] = "production"
			text += "\nscope: production"
		}
		want := shown(mine)
		g.variables[holder] = []map[string]any{mine, entry("OTHER", "*", "x")}
		if holder != "admin/ci" {
			g.variables[holder] = append(g.variables[holder], entry("DB_PASSWORD", "*", "elsewhere"))
		}
		c := g.parse(civar.ParseGitLab, "kind: x\nvariable: DB_PASSWORD\nvalue: password\n"+text)
		if got := notes(t, c, u); strings.Contains(got, "another variable DB_PASSWORD, for *") != (holder != "admin/ci") {
			t.Errorf("%s: %q", holder, got)
		}
		done(t, c, u, false)
		g.faults = bad("PUT")
		must(t, c.Do(t.Context(), u))
		n := g.count("PUT")
		must(t, g.parse(civar.ParseGitLab, "kind: x\nvariable: DB_PASSWORD\nvalue: password\n"+text).Do(t.Context(), u))
		done(t, c, u, true)
		if got := g.count("PUT"); got != n || len(g.faults) != 0 {
			t.Errorf("%s: written again", holder)
		}
		want["value"] = fresh(u)
		same(t, holder, mine, want)
		must(t, c.Undo(t.Context(), u))
		want["value"] = old(u)
		same(t, holder, mine, want)
	}
}

func same(t *testing.T, what string, got, want map[string]any) {
	t.Helper()
	a, _ := json.Marshal(got)
	b, _ := json.Marshal(want)
	if string(a) != string(b) {
		t.Errorf("%s: more or less than the value was changed", what)
	}
}

// A hidden variable's value is nobody's to see: it is set once by one process, and again
// by another.
func TestGitLabHidden(t *testing.T) {
	g, u := newGitLab(t), update(t, 2)
	mine := entry("KEY", "*", old(u), "masked", "hidden")
	g.variables["projects/acme%2Fshop"] = []map[string]any{mine}
	text := "kind: x\nproject: acme/shop\nvariable: KEY\nvalue: password"
	c := g.parse(civar.ParseGitLab, text)
	done(t, c, u, false)
	g.faults = bad("PUT")
	must(t, c.Do(t.Context(), u))
	must(t, c.Do(t.Context(), u))
	done(t, c, u, true)
	if n := g.count("PUT"); n != 4 || mine["value"] != fresh(u) || mine["hidden"] != true {
		t.Errorf("%d writes", n)
	}
	must(t, g.parse(civar.ParseGitLab, text).Do(t.Context(), u))
	must(t, c.Undo(t.Context(), u))
	if mine["value"] != old(u) {
		t.Error("it is not as it was")
	}
	u.Old = nil
	if err := c.Undo(t.Context(), u); !errors.Is(err, consumer.ErrNoWayBack) {
		t.Error(err)
	}
}

// FM-37: a project's own variable is what its jobs get.
func TestGitLabGroupIsHidden(t *testing.T) {
	g, u := newGitLab(t), update(t, 3)
	g.variables["groups/acme"] = []map[string]any{entry("KEY", "*", old(u))}
	g.projects = []map[string]any{{"id": 1, "path_with_namespace": "acme/one"}, {"id": 2, "path_with_namespace": "acme/two"}, {"id": 3, "path_with_namespace": "acme/three"}}
	g.variables["projects/1"] = []map[string]any{entry("KEY", "*", "own")}
	g.variables["projects/3"] = []map[string]any{entry("KEY", "*", "own"), entry("KEY", "prod", "own")}
	got := notes(t, g.parse(civar.ParseGitLab, "kind: x\ngroup: acme\nvariable: KEY\nvalue: password"), u)
	if !strings.Contains(got, "acme/one has") || !strings.Contains(got, "acme/three has") || strings.Contains(got, "acme/two") {
		t.Error(got)
	}
}

func TestGitLabRefusals(t *testing.T) {
	g, u := newGitLab(t), update(t, 4)
	mine := entry("KEY", "*", "somebody's")
	g.variables["projects/acme%2Fshop"] = []map[string]any{mine}
	text := "kind: x\nproject: acme/shop\nvalue: password\nvariable: "
	c := g.parse(civar.ParseGitLab, text+"KEY")
	refused(t, c, u, consumer.ErrChanged, "KEY")
	refused(t, g.parse(civar.ParseGitLab, text+"NONE"), u, consumer.ErrUnfit, "is not there")
	mine["value"] = old(u)
	odd := u
	odd.New = map[string]leak.Secret{"password": leak.NewSecret([]byte("eight$chars"))}
	refused(t, c, odd, consumer.ErrUnfit, "expands")
	mine["masked"], mine["raw"] = true, true
	odd.New = map[string]leak.Secret{"password": leak.NewSecret([]byte("two words"))}
	refused(t, c, odd, consumer.ErrUnfit, "masked")
	if g.count("PUT") != 0 {
		t.Error("something was written")
	}
	g.loses = "masked"
	refused(t, c, u, nil, "flags or scope have changed")
	mine["value"] = old(u)
	g.faults = []fault{{method: "PUT", status: 400}} // its answer quotes what it was sent
	refused(t, c, u, nil, "answers 400")
	refuses(t, civar.ParseGitLab, map[string]string{
		"variable: X\nvalue: password": "one of", "project: a\ngroup: b\nvariable: X\nvalue: password": "one of", "project: a?b\nvariable: X\nvalue: password": "no name",
		"project: a\nvariable: X": "value", "project: a\nvariable: X-Y\nvalue: password": "variable",
	})
}
