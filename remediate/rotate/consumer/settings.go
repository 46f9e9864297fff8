package consumer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/internal/pause"
	"github.com/oakum-sec/oakum/remediate/ref"
)

// Options are what consumers are given of the program that they run in.
type Options struct {
	Getenv func(string) string
	// Resolve is what a reference to a store stands for; nil: references are refused.
	Resolve func(context.Context, ref.Ref) (leak.Secret, error)
	// Pause waits between looks and tries; nil is real time.
	Pause func(ctx context.Context, d time.Duration) error
	// Transport is how HTTP requests leave; nil is http.DefaultTransport.
	Transport http.RoundTripper
}

// Wait waits for d or until ctx ends.
func (o Options) Wait(ctx context.Context, d time.Duration) error {
	if o.Pause != nil {
		return o.Pause(ctx, d)
	}
	return pause.For(ctx, d)
}

// Until looks again and again until there is something to tell: done, an error, or that
// the time is over. step is the wait at first; it doubles up to ten times that. What
// look says last is told at the end.
func (o Options) Until(ctx context.Context, within, step time.Duration, look func() (done bool, waiting string, err error)) error {
	waited, next := time.Duration(0), step
	for {
		done, waiting, err := look()
		if done || err != nil {
			return err
		}
		if waited >= within {
			return fmt.Errorf("after %s it is not there: %s; look at it, then resume (or give it longer by `within`)", within, waiting)
		}
		d := min(next, within-waited)
		if err := o.Wait(ctx, d); err != nil {
			return err
		}
		waited, next = waited+d, min(2*next, 10*step)
	}
}

// Decode reads a consumer's settings strictly: a key that is not known is an error. The
// kind was read before and is skipped. Errors quote no value.
func Decode(n *yaml.Node, into any) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: a consumer is a mapping that begins with its kind", n.Line)
	}
	rest := yaml.Node{Kind: yaml.MappingNode, Tag: n.Tag}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != "kind" {
			rest.Content = append(rest.Content, n.Content[i], n.Content[i+1])
		}
	}
	if len(rest.Content) == 0 {
		return nil
	}
	text, err := yaml.Marshal(&rest)
	if err != nil {
		return fmt.Errorf("line %d: %w", n.Line, err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("line %d and what follows: %s", n.Line, quiet(err))
	}
	return nil
}

var (
	quoted   = regexp.MustCompile("(?s)`.*?`")
	lineNo   = regexp.MustCompile(`line \d+: `)
	noField  = regexp.MustCompile(` not found in type [^\n]*`)
	intoType = regexp.MustCompile(` into [^\n]*`)
	newlines = regexp.MustCompile(`\s*\n\s*`)
)

// quiet is a YAML error without what it quotes and without Go's names.
func quiet(err error) string {
	s := quoted.ReplaceAllString(err.Error(), "a value")
	s = lineNo.ReplaceAllString(strings.TrimPrefix(strings.TrimPrefix(s, "yaml: "), "unmarshal errors:"), "")
	s = intoType.ReplaceAllString(noField.ReplaceAllString(s, " is no key of this kind"), "")
	return newlines.ReplaceAllString(strings.TrimSpace(s), "; ")
}

// KindOf is a consumer's kind as its node has it.
func KindOf(n *yaml.Node) (string, error) {
	if n.Kind == yaml.DocumentNode && len(n.Content) == 1 {
		n = n.Content[0]
	}
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == "kind" {
				return n.Content[i+1].Value, nil
			}
		}
	}
	return "", fmt.Errorf("line %d: a consumer has a kind, such as `kind: kubernetes-rollout`", n.Line)
}

// Credential says where a driver's own credential comes from: a variable (env:NAME) or a
// store (ref+vault://…). It is never written in the configuration itself.
type Credential struct {
	env string
	ref ref.Ref
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// UnmarshalYAML refuses what is neither without quoting it: it may be the token.
func (c *Credential) UnmarshalYAML(n *yaml.Node) error {
	if name, ok := strings.CutPrefix(n.Value, "env:"); ok && variableName.MatchString(name) {
		c.env = name
		return nil
	}
	if r, err := ref.Parse(n.Value); err == nil {
		c.ref = r
		return nil
	}
	return fmt.Errorf("line %d: a credential is named, as env:GITHUB_TOKEN or as a reference (ref+vault://…); it is never written here", n.Line)
}

// IsZero tells whether none was named.
func (c Credential) IsZero() bool { return c.env == "" && c.ref.Backend == "" }

// Or names a variable where nothing was named.
func (c Credential) Or(env string) Credential {
	if c.IsZero() {
		c.env = env
	}
	return c
}

// Value gets it.
func (c Credential) Value(ctx context.Context, o Options) (leak.Secret, error) {
	if c.env != "" {
		v := ""
		if o.Getenv != nil {
			v = o.Getenv(c.env)
		}
		if v == "" {
			return leak.Secret{}, fmt.Errorf("the variable %s is not set: it has to hold the token that oakum asks with", c.env)
		}
		return leak.NewSecret([]byte(v)), nil
	}
	if c.IsZero() || o.Resolve == nil {
		return leak.Secret{}, errors.New("no credential is named: write token: env:NAME")
	}
	v, err := o.Resolve(ctx, c.ref)
	if err != nil {
		return leak.Secret{}, fmt.Errorf("resolve %s: %w", c.ref, err)
	}
	return v, nil
}

// Within is a time limit in a configuration: "15m".
type Within time.Duration

// UnmarshalYAML reads Go's notation.
func (w *Within) UnmarshalYAML(n *yaml.Node) error {
	d, err := time.ParseDuration(n.Value)
	if err != nil || d <= 0 {
		return fmt.Errorf("line %d: a time is written as 90s, 15m or 1h", n.Line)
	}
	*w = Within(d)
	return nil
}

// Or is the limit, or another where none was set.
func (w Within) Or(d time.Duration) time.Duration {
	if w == 0 {
		return d
	}
	return time.Duration(w)
}
