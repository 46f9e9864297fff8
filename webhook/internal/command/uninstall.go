package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/webhook/cluster"
	"github.com/oakum-sec/oakum/webhook/internal/install"
)

func uninstallCommand(k cli.Kit) *cobra.Command {
	var (
		kubeconfig, context string
		o                   install.Removal
	)
	c := &cobra.Command{
		Use:   "uninstall",
		Short: "Take the webhook out of a cluster, its configuration first",
		Long: `uninstall takes away what manifests installs, in the order in which nobody waits for a
webhook that is gone: first the ValidatingWebhookConfiguration, then the in-process
policies, then what runs, then the rest. Objects that do not carry the label
app.kubernetes.io/part-of=oakum are let be, and told. What Helm installed, Helm should
uninstall; its hook does the first step.`,
		Args: noArgs(k),
		RunE: func(c *cobra.Command, _ []string) error {
			config, err := cluster.Config(kubeconfig, context, "oakum-webhook/"+k.Version())
			if err != nil {
				return err
			}
			o.Say = func(format string, args ...any) { fmt.Fprintf(k.Stdio().Err, "oakum: "+format+"\n", args...) }
			return o.Run(c.Context(), config)
		},
	}
	p := c.Flags()
	p.StringVar(&kubeconfig, "kubeconfig", "", "the cluster's `FILE` (default: $KUBECONFIG, ~/.kube/config, in a pod its own account)")
	p.StringVar(&context, "context", "", "`NAME` of a context in the kubeconfig (default: its current one)")
	p.StringVar(&o.Namespace, "namespace", install.Namespace, "`NAMESPACE` that it was installed into")
	p.BoolVar(&o.ConfigurationOnly, "configuration-only", false, "only the ValidatingWebhookConfiguration: from then on nothing is asked of the webhook")
	return c
}
