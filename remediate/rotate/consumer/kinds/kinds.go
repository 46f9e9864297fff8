// Package kinds is the list of all kinds of consumers that there are drivers for, by the
// names that configurations call them by.
package kinds

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer/amazon"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer/civar"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer/command"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer/kubernetes"
)

var parsers = map[string]func(*yaml.Node, consumer.Options) (consumer.Consumer, error){
	"kubernetes-rollout": kubernetes.ParseRollout, "kubernetes-secret": kubernetes.ParseSecret, "kubernetes-external-secret": kubernetes.ParseExternalSecret,
	"ecs-service": amazon.ParseECS, "lambda": amazon.ParseLambda, "codebuild": amazon.ParseCodeBuild,
	"github-secret": civar.ParseGitHubSecret, "github-variable": civar.ParseGitHubVariable, "gitlab-variable": civar.ParseGitLab, "azure-devops-variables": civar.ParseAzureDevOps,
	"command": command.Parse,
}

// proven are the kinds that were tried on the real thing; all others are experimental
// (docs/compat.md).
var proven = map[string]bool{"kubernetes-rollout": true, "kubernetes-secret": true, "command": true}

// All are the kinds' names.
func All() []string { return slices.Sorted(maps.Keys(parsers)) }

// Label is how a kind is shown to people.
func Label(kind string) string {
	if !proven[kind] {
		return kind + " (experimental)"
	}
	return kind
}

// Parse reads one consumer of a configuration: a mapping with its kind and the kind's
// own settings.
func Parse(n *yaml.Node, o consumer.Options) (consumer.Consumer, error) {
	if n.Kind == yaml.DocumentNode && len(n.Content) == 1 {
		n = n.Content[0]
	}
	kind, err := consumer.KindOf(n)
	if err != nil {
		return nil, err
	}
	parse := parsers[kind]
	if parse == nil {
		return nil, fmt.Errorf("line %d: there is no such kind of consumer: it is one of %s", n.Line, strings.Join(All(), ", "))
	}
	c, err := parse(n, o)
	if err != nil {
		return nil, fmt.Errorf("line %d, %s: %w", n.Line, kind, err)
	}
	return c, nil
}
