package policy

import (
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
)

// document is input.context.
func (c *Context) document() *ast.Term {
	tree := map[string]any{}
	for path, v := range map[string]any{
		"event":                     string(c.Event),
		"source.kind":               word(c.Source.Kind),
		"source.name":               word(c.Source.Name),
		"source.part":               word(c.Source.Part),
		"branch":                    word(c.Branch),
		"target_branch":             word(c.TargetBranch),
		"default_branch":            word(c.DefaultBranch),
		"protected":                 c.Protected,
		"tag":                       word(c.Tag),
		"environment":               word(c.Environment),
		"platform":                  word(c.Platform),
		"user.name":                 word(c.User.Name),
		"user.groups":               list(c.User.Groups),
		"namespace":                 word(c.Namespace),
		"namespace_labels":          mapping(c.NamespaceLabels),
		"labels":                    mapping(c.Labels),
		"operation":                 word(c.Operation),
		"dry_run":                   c.DryRun,
		"now":                       c.Now.Format(time.RFC3339),
		"settings.deny_generic":     c.Settings.DenyGeneric,
		"settings.require_complete": c.Settings.RequireComplete,
		"settings.trusted":          c.Settings.Trusted,
		"options":                   mapping(c.Options),
	} {
		put(tree, path, v)
	}
	return term(tree)
}

func mapping(m map[string]string) any {
	if len(m) == 0 {
		return nil
	}
	return m
}
