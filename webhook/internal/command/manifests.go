package command

import (
	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/webhook/internal/install"
)

func manifestsCommand(k cli.Kit) *cobra.Command {
	var o install.Options
	c := &cobra.Command{
		Use:   "manifests",
		Short: "Write the objects that install the webhook",
		Long: `manifests writes the objects of an installation with the house's defaults, for kubectl:

  oakum webhook manifests --image REGISTRY/oakum-webhook:TAG | kubectl apply -f -

They are a namespace, accounts and their roles, two replicas, the in-process policies,
and last the webhook's configuration. What else can be configured is the Helm chart's
(deploy/chart). "oakum webhook uninstall" takes all of it away again.`,
		Args: noArgs(k),
		RunE: func(*cobra.Command, []string) error {
			text, err := install.YAML(o)
			if err != nil {
				return err
			}
			_, err = k.Stdio().Out.Write(text)
			return err
		},
	}
	p := c.Flags()
	p.StringVar(&o.Namespace, "namespace", install.Namespace, "`NAMESPACE` to install into; it is made")
	p.StringVar(&o.Image, "image", install.Image, "`IMAGE` of oakum-webhook")
	p.BoolVar(&o.Audit, "audit", false, "a CronJob too that judges what is in the cluster already")
	p.BoolVar(&o.Images, "images", false, "a worker too that scans the images of pods")
	p.BoolVar(&o.NoPolicies, "no-policies", false, "leave the in-process policies out (they need Kubernetes 1.34)")
	return c
}
