package command

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/policy"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/webhook/audit"
	"github.com/oakum-sec/oakum/webhook/cluster"
	"github.com/oakum-sec/oakum/webhook/internal/admit"
	"github.com/oakum-sec/oakum/webhook/server"
)

func connect(c cli.Cluster) (*rest.Config, *cluster.Client, error) {
	config, err := cluster.Config(c.Kubeconfig, c.Context, c.UserAgent)
	if err != nil {
		return nil, nil, err
	}
	client, err := cluster.New(config, cluster.Options{Wait: c.Wait})
	return config, client, err
}

// auditing is the audit's command line.
type auditing struct {
	kit      cli.Kit
	scan     *cli.Scan
	cluster  func() cli.Cluster
	config   string
	reports  bool
	interval time.Duration
}

func auditCommand(k cli.Kit) *cobra.Command {
	a := &auditing{kit: k}
	c := &cobra.Command{
		Use:   "audit",
		Short: "Judge what a cluster has already, as the webhook judges what asks to be admitted",
		Long: `Pages through the objects of a cluster, of every kind that can be listed, and judges
what is in them by the policy and by the levels that namespaces' labels name: what a
namespace enforces is denied (exit 1), what it warns of or audits is warned of. Helm
releases and last-applied-configuration are unpacked. Secrets are read with --secrets
alone. What the account may not list is a gap that names the permission (exit 3).

--reports writes Report objects of openreports.io/v1alpha1, or of wgpolicyk8s.io/v1alpha2
where the cluster serves only that: one a namespace, failures alone, at most 500 results
and 512 kB, called "oakum". Only reports of its own are changed or removed.

With --interval it goes on until it is stopped; each round's report is written anew.`,
		Args: noArgs(k),
		RunE: func(c *cobra.Command, _ []string) error { return a.run(c) },
	}
	a.scan, a.cluster = k.Scan(c), k.Cluster(c)
	c.Flags().StringVar(&a.config, "webhook-config", "", "the webhook's configuration `FILE`, for its defaults and exemptions (--config is about rules)")
	c.Flags().BoolVar(&a.reports, "reports", false, "write Report objects into the cluster (create, update, delete, list on reports and clusterreports)")
	c.Flags().DurationVar(&a.interval, "interval", 0, "audit again so long after each round's end, as in 6h (default: once)")
	return c
}

func (a *auditing) run(c *cobra.Command) error {
	of := a.cluster()
	switch {
	case a.interval < 0 || a.interval > 0 && a.interval < time.Minute:
		return a.kit.Usage(c, errors.New("--interval: a minute at least, or nothing for once"))
	case a.reports && len(of.Kinds) > 0:
		return a.kit.Usage(c, errors.New("--reports tells of all kinds: leave --kinds out"))
	}
	ctx := c.Context()
	for {
		err := a.once(ctx, of)
		if a.interval == 0 {
			return err
		}
		if err != nil && ctx.Err() == nil { // a round's findings are no reason to stop
			fmt.Fprintf(a.kit.Stdio().Err, "oakum: audit: %v; the next one is in %v\n", err, a.interval)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(a.interval):
		}
	}
}

// once is one round.
func (a *auditing) once(ctx context.Context, of cli.Cluster) error {
	config, client, err := connect(of)
	if err != nil {
		return err
	}
	auditor, err := a.auditor(ctx, client)
	if err != nil {
		return err
	}
	doc, err := a.scan.Audit(ctx, cluster.NewSource(client, cluster.Scope{Namespaces: of.Namespaces, Kinds: of.Kinds, Secrets: of.Secrets}), auditWords(of), auditor.By())
	if err != nil {
		return err
	}
	doc.Notices = append(doc.Notices, auditor.Notices()...)
	var problem error
	if a.reports && ctx.Err() == nil { // what was stopped on its way says nothing of the rest
		var done audit.Published
		done, problem = audit.Publish(ctx, config, doc, audit.Scope{Namespaces: of.Namespaces}, time.Now())
		if done.Kind != "" {
			fmt.Fprintln(a.kit.Stdio().Err, "oakum: "+done.String())
		}
	}
	if err := a.scan.Deliver(doc); problem == nil {
		return err
	}
	return problem
}

// auditor judges by the webhook's configuration. The policy is the scan's (--policy).
func (a *auditing) auditor(ctx context.Context, client *cluster.Client) (*audit.Auditor, error) {
	config, err := server.ReadConfig(a.config)
	if err != nil {
		return nil, err
	}
	decides, err := policy.Load(policy.Options{})
	if err != nil {
		return nil, err
	}
	admitter, err := admit.New(admit.Options{Rules: builtin.Set(), Policy: decides, Defaults: config.Defaults, Exempt: config.Exemptions, Jobs: 1})
	if err != nil {
		return nil, err
	}
	return audit.New(ctx, client, admitter)
}

// auditWords name what is audited, in a report.
func auditWords(c cli.Cluster) string {
	words := []string{"audit"}
	if c.Context != "" {
		words = append(words, "context "+c.Context)
	}
	if len(c.Namespaces) > 0 {
		words = append(words, "namespace "+strings.Join(c.Namespaces, ","))
	}
	return strings.Join(words, ", ")
}
