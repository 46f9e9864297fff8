package civar

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/rest"
	"github.com/oakum-sec/oakum/remediate/store"
)

// githubVariable is a variable of Actions, which can be read: where a user's name
// stands beside the secret of its password.
type githubVariable struct {
	platform
	at   githubAt
	name string
}

// ParseGitHubVariable reads what ParseGitHubSecret does, with variable: in the place of
// secret: and app:.
func ParseGitHubVariable(n *yaml.Node, o consumer.Options) (consumer.Consumer, error) {
	var s struct {
		githubAt `yaml:",inline"`
		Variable string `yaml:"variable"`
	}
	if err := consumer.Decode(n, &s); err != nil {
		return nil, err
	}
	if err := errors.Join(s.check(), variable("variable", s.Variable)); err != nil {
		return nil, err
	}
	return &githubVariable{platform: s.platform(o), at: s.githubAt, name: strings.ToUpper(s.Variable)}, nil
}

func (g *githubVariable) String() string { return "github variable " + g.name + " of " + g.at.String() }

func (g *githubVariable) Risk() string {
	return "whoever may see the repository's settings, and every job, can read a variable. GitHub has no compare-and-set. Jobs that run go on with the old value. Taken back by writing the old value."
}

func (g *githubVariable) path() string { return g.at.base("actions/variables") + "/" + g.name }

func (g *githubVariable) read(ctx context.Context) (leak.Secret, error) {
	var v struct {
		Value string `json:"value"`
	}
	err := g.get(ctx, g.String(), g.path(), &v)
	return leak.NewSecret([]byte(v.Value)), err
}

func (g *githubVariable) Done(ctx context.Context, u consumer.Update) (bool, error) {
	want, err := g.at.Value.Of(u.New)
	if err != nil {
		return false, fmt.Errorf("value: %w", err)
	}
	has, err := g.read(ctx)
	return err == nil && has.Equal(want), err
}

func (g *githubVariable) Check(ctx context.Context, u consumer.Update) (notes []string, err error) {
	_, _, err = g.standing(ctx, u)
	return nil, err
}

func (g *githubVariable) standing(ctx context.Context, u consumer.Update) (want leak.Secret, done bool, err error) {
	want, from, err := g.at.Value.Both(u)
	if err != nil {
		return want, false, fmt.Errorf("value: %w", err)
	}
	has, err := g.read(ctx)
	if err != nil {
		return want, false, err
	}
	done, err = consumer.Standing(g.String(), has, want, from)
	return want, done, err
}

func (g *githubVariable) Do(ctx context.Context, u consumer.Update) error   { return do(ctx, g, u) }
func (g *githubVariable) Undo(ctx context.Context, u consumer.Update) error { return undo(ctx, g, u) }

func (g *githubVariable) write(ctx context.Context, u consumer.Update, _ string) error {
	want, done, err := g.standing(ctx, u)
	if done || err != nil {
		return err
	}
	_, err = g.call(ctx, rest.Call{Method: http.MethodPatch, Path: g.path(), Body: map[string]string{"name": g.name, "value": store.Plain(want)}, Hide: hide(u, g.at.Value)})
	return err
}
