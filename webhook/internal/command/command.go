// Package command is what oakum-webhook adds to oakum's command line: `oakum webhook …`
// and the source of `oakum scan k8s --live`. One file a command.
package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/webhook/cluster"
)

// Program is oakum-webhook.
func Program() cli.Program {
	return cli.Program{
		Name:     "oakum-webhook",
		Commands: func(k cli.Kit) []*cobra.Command { return []*cobra.Command{group(k)} },
		Cluster:  source,
	}
}

// group is `oakum webhook`.
func group(k cli.Kit) *cobra.Command {
	c := &cobra.Command{
		Use:   "webhook",
		Short: "Keep credentials out of a Kubernetes cluster: admission webhook, audit, policies",
	}
	c.AddCommand(serve(k), vapCommand(k), auditCommand(k), imagesCommand(k), manifestsCommand(k), uninstallCommand(k))
	return c
}

// source is what scan k8s --live looks at.
func source(_ context.Context, c cli.Cluster) (scanner.Source, error) {
	config, err := cluster.Config(c.Kubeconfig, c.Context, c.UserAgent)
	if err != nil {
		return nil, err
	}
	client, err := cluster.New(config, cluster.Options{Wait: c.Wait})
	if err != nil {
		return nil, err
	}
	return cluster.NewSource(client, cluster.Scope{Namespaces: c.Namespaces, Kinds: c.Kinds, Secrets: c.Secrets}), nil
}

// noArgs refuses arguments.
func noArgs(k cli.Kit) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return k.Usage(c, fmt.Errorf("%s takes no arguments, and got %q", c.CommandPath(), args))
		}
		return nil
	}
}
