package policy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// settable are the fields of a Context that a word on the command line can set, by
// the names that they have in input.context.
var settable = map[string]func(c *Context, value string) error{
	"event": func(c *Context, v string) error {
		c.Event = Event(v)
		if !slices.Contains([]Event{Scan, Hook, Gate, Admission, Audit}, c.Event) {
			return fmt.Errorf("%q is not scan, hook, gate, admission or audit", v)
		}
		return nil
	},
	"branch":           text(func(c *Context) *string { return &c.Branch }),
	"target_branch":    text(func(c *Context) *string { return &c.TargetBranch }),
	"default_branch":   text(func(c *Context) *string { return &c.DefaultBranch }),
	"tag":              text(func(c *Context) *string { return &c.Tag }),
	"environment":      text(func(c *Context) *string { return &c.Environment }),
	"platform":         text(func(c *Context) *string { return &c.Platform }),
	"namespace":        text(func(c *Context) *string { return &c.Namespace }),
	"operation":        text(func(c *Context) *string { return &c.Operation }),
	"user":             text(func(c *Context) *string { return &c.User.Name }),
	"protected":        truth(func(c *Context) *bool { return &c.Protected }),
	"dry_run":          truth(func(c *Context) *bool { return &c.DryRun }),
	"trusted":          truth(func(c *Context) *bool { return &c.Settings.Trusted }),
	"require_complete": truth(func(c *Context) *bool { return &c.Settings.RequireComplete }),
	"now": func(c *Context, v string) (err error) {
		if c.Now, err = time.Parse(time.DateOnly, v); err != nil {
			c.Now, err = time.Parse(time.RFC3339, v)
		}
		return err
	},
}

// Set sets a field by the name that it has in input.context. "labels.NAME",
// "namespace_labels.NAME" and "options.NAME" set one entry of these.
func (c *Context) Set(name, value string) error {
	if set, ok := settable[name]; ok {
		if err := set(c, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}
	of := map[string]*map[string]string{"labels": &c.Labels, "namespace_labels": &c.NamespaceLabels, "options": &c.Options}
	group, entry, ok := strings.Cut(name, ".")
	if m := of[group]; ok && m != nil && entry != "" {
		if *m == nil {
			*m = map[string]string{}
		}
		(*m)[entry] = value
		return nil
	}
	return fmt.Errorf("%q is none of %s, labels.NAME, namespace_labels.NAME, options.NAME", name, strings.Join(slices.Sorted(maps.Keys(settable)), ", "))
}

func text(of func(*Context) *string) func(*Context, string) error {
	return func(c *Context, v string) error {
		*of(c) = v
		return nil
	}
}

func truth(of func(*Context) *bool) func(*Context, string) error {
	return func(c *Context, v string) (err error) {
		*of(c), err = strconv.ParseBool(v)
		return err
	}
}
