package civar

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/rest"
	"github.com/oakum-sec/oakum/remediate/store"
)

// azureDevOps is variables of a group of the library, which are written at once
// (https://learn.microsoft.com/rest/api/azure/devops/distributedtask/variablegroups).
type azureDevOps struct {
	platform
	project string
	group   int
	shapes  map[string]consumer.Shape
	mem     memory
}

// ParseAzureDevOps reads
//
//	kind: azure-devops-variables
//	url: https://dev.azure.com/acme
//	project: shop
//	group: 12                     # its number, in the page's address
//	variables:
//	  DB_USER: username
//	  DB_PASSWORD: password
//	token: env:AZURE_DEVOPS_TOKEN # a personal access token that may manage variable groups, or one of Entra ID
func ParseAzureDevOps(n *yaml.Node, o consumer.Options) (consumer.Consumer, error) {
	var s struct {
		URL       string                    `yaml:"url"`
		Project   string                    `yaml:"project"`
		Group     int                       `yaml:"group"`
		Variables map[string]consumer.Shape `yaml:"variables"`
		Token     consumer.Credential       `yaml:"token"`
	}
	if err := consumer.Decode(n, &s); err != nil {
		return nil, err
	}
	switch {
	case s.URL == "" || s.Project == "" || s.Group < 1:
		return nil, errors.New("url, project and group: write url: https://dev.azure.com/ORGANIZATION, project: NAME, group: NUMBER")
	case len(s.Variables) == 0:
		return nil, errors.New("variables: name them, each with the field that it holds")
	}
	a := &azureDevOps{project: s.Project, group: s.Group, shapes: s.Variables}
	a.platform = platform{o: o, token: s.Token.Or("AZURE_DEVOPS_TOKEN"), rest: rest.Options{URL: s.URL, Header: http.Header{"Accept": {"application/json"}, "User-Agent": {"oakum"}}}}
	a.rest.Token = a.authorization
	return a, nil
}

// authorization is Basic for a personal access token, and Bearer for a JWT of Entra ID.
func (a *azureDevOps) authorization(ctx context.Context) (leak.Secret, error) {
	v, err := a.token.Value(ctx, a.o)
	if err != nil {
		return v, err
	}
	text := store.Plain(v)
	if strings.Count(text, ".") == 2 {
		return leak.NewSecret([]byte("Bearer " + text)), nil
	}
	return leak.NewSecret([]byte("Basic " + base64.StdEncoding.EncodeToString([]byte(":"+text)))), nil
}

func (a *azureDevOps) String() string {
	return fmt.Sprintf("azure devops variables %s of group %d in %s", strings.Join(slices.Sorted(maps.Keys(a.shapes)), ", "), a.group, a.project)
}

func (a *azureDevOps) Risk() string {
	return "Azure DevOps takes a group as a whole and has no compare-and-set: what somebody else changes in it in the same second is lost. Its other secrets are sent as null, which keeps them. Runs that go on keep the old value. Taken back by setting the old value, where it is known."
}

// azureVariable keeps what it is not known by (isReadOnly, and what comes after it).
type azureVariable map[string]any

func (v azureVariable) secret() bool { s, _ := v["isSecret"].(bool); return s }

func (v azureVariable) text() string { s, _ := v["value"].(string); return s }

type azureGroup struct {
	ID          int                      `json:"id"`
	Name        string                   `json:"name"`
	Description string                   `json:"description"`
	Type        string                   `json:"type"`
	Variables   map[string]azureVariable `json:"variables"`
	References  []map[string]any         `json:"variableGroupProjectReferences"`
	Provider    json.RawMessage          `json:"providerData"`
	Modified    string                   `json:"modifiedOn"`
}

const azureVersion = "?api-version=7.1"

func (a *azureDevOps) read(ctx context.Context) (g azureGroup, err error) {
	path := fmt.Sprintf("%s/_apis/distributedtask/variablegroups/%d%s", url.PathEscape(a.project), a.group, azureVersion)
	answer, err := a.call(ctx, rest.Call{Method: http.MethodGet, Path: path, Into: &g})
	switch {
	case answer.Status == http.StatusNonAuthoritativeInfo: // its page to sign in, which is no JSON
		return g, errors.New("the token is not accepted by Azure DevOps: it expired, was revoked, or is not this organization's")
	case rest.StatusOf(err) == http.StatusNotFound || err == nil && g.ID != a.group: // "null" is its answer where there is none
		return g, fmt.Errorf("%w: there is no variable group %d in %s, or the token may not see it", consumer.ErrUnfit, a.group, a.project)
	}
	return g, err
}

// called is a variable as the group writes its name: case does not count.
func (g azureGroup) called(name string) azureVariable {
	for n, v := range g.Variables {
		if strings.EqualFold(n, name) {
			return v
		}
	}
	return nil
}

// fit refuses a group that cannot be sent back without loss.
func (a *azureDevOps) fit(g azureGroup) error {
	why := ""
	switch {
	case g.Type != "Vsts":
		why = "the group takes its values from a key vault (type " + g.Type + "): change it there"
	case len(g.References) == 0:
		why = "the group is told without the projects that it belongs to, which have to be sent back: this server is too old"
	}
	for name := range a.shapes {
		switch v := g.called(name); {
		case why != "":
		case v == nil:
			why = "the group has no variable " + name
		case v["isReadOnly"] == true:
			why = "the variable " + name + " is read-only"
		}
	}
	if why != "" {
		return fmt.Errorf("%w: %s: %s", consumer.ErrUnfit, a, why)
	}
	return nil
}

// missing are the values that have yet to be written, by name. A secret cannot be
// compared, so it is missing unless this process wrote it (did).
func (a *azureDevOps) missing(g azureGroup, u consumer.Update, did bool) (set map[string]string, err error) {
	set = map[string]string{}
	for name, shape := range a.shapes {
		want, from, err := shape.Both(u)
		if err != nil {
			return nil, fmt.Errorf("variables.%s: %w", name, err)
		}
		done := did
		if v := g.called(name); !v.secret() {
			if done, err = consumer.Standing(a.String()+", variable "+name+",", leak.NewSecret([]byte(v.text())), want, from); err != nil {
				return nil, err
			}
		}
		if !done {
			set[name] = store.Plain(want)
		}
	}
	return set, nil
}

// look reads the group, which has to be one that can be written.
func (a *azureDevOps) look(ctx context.Context, id string) (g azureGroup, did bool, err error) {
	if g, err = a.read(ctx); err != nil {
		return g, false, err
	}
	return g, a.mem.look(id, g.Modified), a.fit(g)
}

func (a *azureDevOps) Done(ctx context.Context, u consumer.Update) (bool, error) {
	g, did, err := a.look(ctx, u.Op)
	if err != nil {
		return false, err
	}
	u.Old = nil // what else a variable holds is Do's to tell
	set, err := a.missing(g, u, did)
	return err == nil && len(set) == 0, err
}

func (a *azureDevOps) Check(ctx context.Context, u consumer.Update) (notes []string, err error) {
	g, did, err := a.look(ctx, u.Op)
	if err != nil {
		return nil, err
	}
	if _, err := a.missing(g, u, did); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(a.shapes)) {
		if s := a.shapes[name]; !g.called(name).secret() && !s.Only("username") {
			notes = append(notes, name+" of "+a.String()+" is no secret variable: everybody who may see the library reads it; make it one")
		}
	}
	if len(g.References) > 1 {
		notes = append(notes, fmt.Sprintf("the group belongs to %d projects, which all get the new value", len(g.References)))
	}
	return notes, nil
}

func (a *azureDevOps) Do(ctx context.Context, u consumer.Update) error   { return do(ctx, a, u) }
func (a *azureDevOps) Undo(ctx context.Context, u consumer.Update) error { return undo(ctx, a, u) }

// write sends the group back as it was read, with our values changed. A secret that is
// sent as null stays as it is: so are those of the documentation's example of an update.
func (a *azureDevOps) write(ctx context.Context, u consumer.Update, id string) error {
	g, did, err := a.look(ctx, id)
	if err != nil {
		return err
	}
	set, err := a.missing(g, u, did)
	switch {
	case err != nil || len(set) == 0:
		return err
	case a.mem.moved(g.Modified):
		return changed("the group of " + a.String())
	}
	before, quoted := a.outline(g), []leak.Secret{}
	for name, value := range set {
		g.called(name)["value"] = value
		quoted = append(quoted, hide(u, a.shapes[name])...)
	}
	body := map[string]any{"id": g.ID, "name": g.Name, "description": g.Description, "type": g.Type, "variables": g.Variables, "variableGroupProjectReferences": g.References}
	if len(g.Provider) > 0 && string(g.Provider) != "null" {
		body["providerData"] = g.Provider
	}
	path := fmt.Sprintf("_apis/distributedtask/variablegroups/%d%s", a.group, azureVersion)
	if _, err = a.call(ctx, rest.Call{Method: http.MethodPut, Path: path, Body: body, Hide: quoted}); err != nil {
		return err
	}
	after, err := a.read(ctx)
	if err != nil {
		return err
	}
	if !slices.Equal(a.outline(after), before) {
		return fmt.Errorf("%s has the new value, and something else in the group has changed with it: look at its history in the library", a)
	}
	a.mem.wrote(id, after.Modified)
	return nil
}

// outline is all of a group but the values that are ours: what has to stay.
func (a *azureDevOps) outline(g azureGroup) []string {
	all := []string{g.Name, g.Description, g.Type, fmt.Sprint(len(g.References))}
	for _, n := range slices.Sorted(maps.Keys(g.Variables)) {
		v := maps.Clone(g.Variables[n])
		ours := slices.ContainsFunc(slices.Collect(maps.Keys(a.shapes)), func(name string) bool { return strings.EqualFold(n, name) })
		if ours || v["value"] == nil { // left out or null
			delete(v, "value")
		}
		b, _ := json.Marshal(v) // it was JSON before; its keys are sorted
		all = append(all, n+string(b))
	}
	return all
}
