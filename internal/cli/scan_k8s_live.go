package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/podsource"
)

// clusterFlags say which objects of which cluster are looked at.
type clusterFlags struct {
	live                bool
	kubeconfig, context string
	namespaces, kinds   []string
	secrets             bool
}

// clusterFlagNames are those that need --live where it is a flag.
var clusterFlagNames = []string{"kubeconfig", "context", "namespace", "kinds", "secrets"}

func (f *clusterFlags) registerLive(c *cobra.Command) {
	c.Flags().BoolVar(&f.live, "live", false, "the objects of a running cluster, over its API (oakum-webhook does it)")
	f.register(c)
}

func (f *clusterFlags) register(c *cobra.Command) {
	p := c.Flags()
	p.StringVar(&f.kubeconfig, "kubeconfig", "", "the cluster's `FILE` (default: $KUBECONFIG, ~/.kube/config, in a pod its own account)")
	p.StringVar(&f.context, "context", "", "`NAME` of a context in the kubeconfig (default: its current one)")
	p.StringSliceVarP(&f.namespaces, "namespace", "n", nil, "`NAMESPACE`s, separated by commas (default: all, and what is in none)")
	p.StringSliceVar(&f.kinds, "kinds", nil, "`KINDS` as kubectl names them: pods,deployments.apps (default: all that can be listed)")
	p.BoolVar(&f.secrets, "secrets", false, "Secrets too; their values are read")
}

// cluster is what the flags say.
func (f *clusterFlags) cluster(a *app, quiet bool) Cluster {
	t := toolOf()
	return Cluster{
		Kubeconfig: f.kubeconfig, Context: f.context, Namespaces: f.namespaces, Kinds: f.kinds, Secrets: f.secrets,
		UserAgent: t.Name + "/" + t.Version, Wait: a.waiting(quiet),
	}
}

// misused is about flags that say nothing without --live.
func (f *clusterFlags) misused(c *cobra.Command) error {
	for _, name := range clusterFlagNames {
		if c.Flags().Changed(name) {
			return usageError(c, fmt.Errorf("--%s is about a running cluster: say --live", name))
		}
	}
	return nil
}

// scanLive scans a running cluster, or has the sibling do it.
func (a *app) scanLive(c *cobra.Command, f *scanFlags, live *clusterFlags, args []string) error {
	switch {
	case len(args) > 0:
		return usageError(c, errors.New("--live looks at a cluster, and at no files"))
	case a.program.Cluster == nil:
		return a.runSibling(c.Context(), webhookSibling)
	}
	return a.scan(c.Context(), f, func() (target, error) {
		src, err := a.program.Cluster(c.Context(), live.cluster(a, f.output.quiet))
		if err != nil {
			return target{}, err
		}
		return objectsTarget(src, live.String()), nil
	})
}

// String names what is scanned, in a report.
func (f *clusterFlags) String() string {
	words := []string{"live"}
	if f.context != "" {
		words = append(words, "context "+f.context)
	}
	if len(f.namespaces) > 0 {
		words = append(words, "namespace "+strings.Join(f.namespaces, ","))
	}
	return strings.Join(words, ", ")
}

func objectsTarget(src scanner.Source, path string) target {
	return target{source: src, settle: podsource.Settle, info: report.Target{Kind: "k8s", Path: path}}
}

// cloudCommands are scan ci's for what needs a vendor's SDK.
func (a *app) cloudCommands(f *scanFlags) []*cobra.Command {
	if len(a.program.Clouds) == 0 {
		return []*cobra.Command{a.siblingCommand(remediateSibling, "aws", "Variables that AWS holds for jobs, functions, tasks and machines (experimental)")}
	}
	var list []*cobra.Command
	for _, cloud := range a.program.Clouds {
		list = append(list, a.cloudCommand(f, cloud))
	}
	return list
}

func (a *app) cloudCommand(f *scanFlags, cloud Cloud) *cobra.Command {
	c := &cobra.Command{Use: cloud.Use, Short: cloud.Short, Long: cloud.Long, RunE: func(c *cobra.Command, args []string) error {
		return a.scan(c.Context(), f, func() (target, error) { return a.cloudTarget(c.Context(), cloud, f, args) })
	}}
	if cloud.Flags != nil {
		cloud.Flags(c.Flags())
	}
	return c
}

func (a *app) cloudTarget(ctx context.Context, cloud Cloud, f *scanFlags, args []string) (target, error) {
	src, err := cloud.Open(ctx, args, a.waiting(f.output.quiet))
	if err != nil {
		return target{}, err
	}
	name, _, _ := strings.Cut(cloud.Use, " ")
	return target{source: src, info: report.Target{Kind: "ci", Path: strings.TrimSpace(name + " " + strings.Join(args, " "))}}, nil
}
