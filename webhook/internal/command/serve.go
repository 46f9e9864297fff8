package command

import (
	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/webhook/cluster"
	"github.com/oakum-sec/oakum/webhook/server"
)

// serving are the flags of `oakum webhook serve`.
type serving struct {
	server.Options
	kubeconfig, context string
	images              string
	logging
}

func serve(k cli.Kit) *cobra.Command {
	f := &serving{}
	c := &cobra.Command{
		Use:   "serve",
		Short: "Answer the API server's admission reviews",
		Long: `serve is the admission webhook: it refuses objects that bring a new credential
into the cluster. It takes reviews over TLS on /pods, /workloads and /data, and
tells on /readyz when it can decide.

How it judges is in the configuration file (--config), which is read again when
it changes; docs/webhook.md describes it.`,
		Args: noArgs(k),
		RunE: func(c *cobra.Command, _ []string) error { return f.run(k, c) },
	}
	f.register(c)
	return c
}

func (f *serving) register(c *cobra.Command) {
	p := c.Flags()
	p.StringVar(&f.ConfigFile, "config", "", "how to judge: a YAML `FILE` (default: the house's defaults)")
	p.StringVar(&f.kubeconfig, "kubeconfig", "", "the cluster's `FILE` (default: in a pod its own account, else $KUBECONFIG, ~/.kube/config)")
	p.StringVar(&f.context, "context", "", "`NAME` of a context in the kubeconfig (default: its current one)")
	p.StringVar(&f.Listen, "listen", ":9443", "`ADDRESS` where reviews are taken, over TLS")
	p.StringVar(&f.Metrics, "metrics", ":8080", "`ADDRESS` of /metrics, in Prometheus' format; empty: none")
	p.StringVar(&f.Health, "health", ":8081", "`ADDRESS` of /healthz and /readyz; empty: none")
	p.StringVar(&f.Pprof, "pprof", "", "`ADDRESS` of /debug/pprof (default: none)")
	p.StringVar(&f.Certs.Dir, "cert-dir", "/certs", "`FOLDER` of tls.crt and tls.key, read again when they change; with --rotate-certs they are written there")
	p.StringVar(&f.Certs.ClientCA, "client-ca", "", "`FILE` of authorities: callers must have a certificate of theirs (default: whoever reaches the port may ask)")
	p.BoolVar(&f.Certs.Rotate, "rotate-certs", false, "make and renew the certificate here, and put its authority into the webhook's configuration")
	p.StringVar(&f.Certs.Namespace, "namespace", "", "`NAMESPACE` of ours, for --rotate-certs")
	p.StringVar(&f.Certs.Secret, "secret", "oakum-webhook-certs", "`NAME` of the Secret that keeps authority and certificate, for --rotate-certs; it must exist")
	p.StringVar(&f.Certs.Service, "service", "oakum-webhook", "`NAME` of the Service that the API server reaches us by, for --rotate-certs")
	p.StringVar(&f.Certs.Configuration, "webhook-configuration", "oakum", "`NAME` of the ValidatingWebhookConfiguration, for --rotate-certs")
	p.IntVar(&f.Limits.InFlight, "max-in-flight", server.DefaultInFlight, "`REVIEWS` that are taken at once; further ones get a 503")
	p.Int64Var(&f.Limits.BodyBytes, "max-body-bytes", server.DefaultBodyBytes, "`BYTES` of reviews in memory at once; further ones wait")
	p.Int64Var(&f.Limits.Headroom, "gc-headroom", server.DefaultHeadroom, "`BYTES` of garbage in memory until the collector runs; 0: as $GOGC says, which also holds where it is set")
	p.DurationVar(&f.Drain, "drain", server.DefaultDrain, "`TIME` between no longer being ready and no longer taking connections")
	p.StringVar(&f.images, "images", "", "judge images by the verdicts that oakum webhook images keeps in `NAMESPACE` (default: images are not judged)")
	f.logging.register(p)
}

func (f *serving) run(k cli.Kit, c *cobra.Command) (err error) {
	if f.Log, err = f.logger(k); err != nil {
		return k.Usage(c, err)
	}
	f.Version = k.Version()
	if f.Cluster, err = cluster.Config(f.kubeconfig, f.context, "oakum-webhook/"+f.Version); err != nil {
		return err
	}
	if f.images != "" {
		if f.Images, err = knownImages(c.Context(), f.Cluster, f.images); err != nil {
			return err
		}
	}
	return server.Run(c.Context(), f.Options)
}
