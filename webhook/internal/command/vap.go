package command

import (
	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/webhook/internal/vap"
	"github.com/oakum-sec/oakum/webhook/server"
)

func vapCommand(k cli.Kit) *cobra.Command {
	var (
		o      vap.Options
		config string
	)
	c := &cobra.Command{
		Use:   "vap",
		Short: "Write ValidatingAdmissionPolicies that the API server itself decides by",
		Long: `vap writes, of oakum's built-in rules, ValidatingAdmissionPolicies and their
bindings: what CEL can hold of the rules for AWS keys and vendors' tokens, and the
guard of oakum's namespace labels. They need no webhook, Kubernetes 1.34 or later,
and refuse only what is new:

  oakum webhook vap | kubectl apply -f -

With --static the names end in .static.k8s.io: the API server (1.37) reads such
files from a folder at its start, and nobody can delete them through the API.`,
		Args: noArgs(k),
		RunE: func(*cobra.Command, []string) error {
			read, err := server.ReadConfig(config)
			if err != nil {
				return err
			}
			o.Defaults, o.Controllers = read.Defaults, read.Controllers
			manifests, err := vap.YAML(o)
			if err != nil {
				return err
			}
			_, err = k.Stdio().Out.Write(manifests)
			return err
		},
	}
	p := c.Flags()
	p.StringVar(&config, "config", "", "the webhook's configuration `FILE`, for its defaults and controllers")
	p.BoolVar(&o.Static, "static", false, "in the form that an API server reads from a folder")
	p.StringSliceVar(&o.Exclude, "exclude", nil, "`NAMESPACES` that are not looked at (default: kube-system,kube-node-lease,oakum-system)")
	p.StringSliceVar(&o.Users, "user", nil, "`USERS` who may loosen oakum's namespace labels")
	p.StringSliceVar(&o.Groups, "group", nil, "`GROUPS` whose members may (default: system:masters)")
	return c
}
