package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/internal/layercache"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/webhook/cluster"
	"github.com/oakum-sec/oakum/webhook/images"
)

// scanningImages are the flags of `oakum webhook images`.
type scanningImages struct {
	images.Options
	kubeconfig, context string
	cache, platform     string
	health              string
	once                bool
	logging
}

func imagesCommand(k cli.Kit) *cobra.Command {
	f := &scanningImages{}
	c := &cobra.Command{
		Use:   "images [IMAGE]...",
		Short: "Scan the images of pods, and keep verdicts for the webhook",
		Long: `images follows pods, and what makes pods, and scans each image by its digest, once:
every layer, deleted files too, environment and history. What it found it keeps in
ConfigMaps of its namespace, by rule, fingerprint and place and without a value; a
webhook that was started with --images judges pods by that, from memory.

IMAGEs are scanned whether or not something runs them. With --once it ends when all
that there is was looked at.`,
		RunE: func(c *cobra.Command, args []string) error {
			f.Also = args
			return f.run(k, c)
		},
	}
	p := c.Flags()
	p.StringVar(&f.kubeconfig, "kubeconfig", "", "the cluster's `FILE` (default: in a pod its own account, else $KUBECONFIG, ~/.kube/config)")
	p.StringVar(&f.context, "context", "", "`NAME` of a context in the kubeconfig (default: its current one)")
	p.StringVar(&f.Namespace, "namespace", "oakum-system", "`NAMESPACE` of ours, where verdicts are kept")
	p.StringVar(&f.cache, "cache", "", "`FOLDER` that remembers layers, so that a base is read once (default: none)")
	p.StringVar(&f.platform, "platform", "", "of several platforms only `OS/ARCH[/VARIANT]` (default: all)")
	p.BoolVar(&f.PullSecrets, "pull-secrets", false, "read the pull secrets that pods and their ServiceAccounts name (get on secrets and serviceaccounts)")
	p.DurationVar(&f.Again, "again", 6*time.Hour, "`TIME` until a tag is asked about again")
	p.IntVarP(&f.Jobs, "jobs", "j", 0, "workers (default: one a core)")
	p.StringVar(&f.health, "health", ":8081", "`ADDRESS` of /healthz and /readyz; empty: none")
	p.BoolVar(&f.once, "once", false, "end when everything was looked at")
	f.logging.register(p)
	return c
}

func (f *scanningImages) run(k cli.Kit, c *cobra.Command) (err error) {
	if f.Log, err = f.logger(k); err != nil {
		return k.Usage(c, err)
	}
	if f.platform != "" {
		if f.Platform, err = v1.ParsePlatform(f.platform); err != nil {
			return k.Usage(c, fmt.Errorf("--platform: %w", err))
		}
	}
	config, err := cluster.Config(f.kubeconfig, f.context, "oakum-webhook/"+k.Version())
	if err != nil {
		return err
	}
	if f.Client, err = kubernetes.NewForConfig(config); err != nil {
		return fmt.Errorf("reach the cluster: %w", err)
	}
	f.Rules, f.World = builtin.Set(), k.Program()
	if f.cache != "" {
		store, err := layercache.Open(f.cache, f.World, layercache.Options{})
		if err != nil {
			return err
		}
		defer store.Close()
		f.Cache = store
	}
	worker, err := images.NewWorker(f.Options)
	if err != nil {
		return err
	}
	var synced atomic.Bool
	if !f.once && f.health != "" {
		end, err := tellHealth(f.health, &synced, f.Log)
		if err != nil {
			return err
		}
		defer end()
	}
	err = worker.Run(c.Context(), f.once, &synced)
	f.Log.Info("ended", "scanned", worker.Scanned.Load(), "failed", worker.Failed.Load())
	return err
}

// tellHealth serves /healthz and /readyz.
func tellHealth(address string, ready *atomic.Bool, log *slog.Logger) (end func(), err error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("tell of our health at %s: %w", address, err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !ready.Load() {
			http.Error(w, "the cluster's pods are not listed yet", http.StatusServiceUnavailable)
		}
	})
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("health is no longer told", "error", err.Error())
		}
	}()
	return func() { s.Close() }, nil
}

// knownImages follows the verdicts of a namespace, and returns when it has read them all.
func knownImages(ctx context.Context, config *rest.Config, namespace string) (*images.Reader, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("reach the cluster: %w", err)
	}
	r := images.NewReader(client, namespace)
	go r.Run(ctx)
	for !r.Synced() {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return r, nil
}
