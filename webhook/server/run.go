package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	controllermetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// everywhere is what each replica does; a manager has the others wait until they lead.
type everywhere func(context.Context) error

func (f everywhere) Start(ctx context.Context) error { return f(ctx) }
func (f everywhere) NeedLeaderElection() bool        { return false }

// leaderLease is the Lease by which replicas agree on who renews the certificate.
const leaderLease = "oakum-webhook"

// Run serves until ctx ends and what is in flight then is answered.
func Run(ctx context.Context, o Options) error {
	if err := o.settle(); err != nil {
		return err
	}
	defer keepHeadroom(o.Limits.Headroom)()
	libraries := logr.FromSlogHandler(&quieter{o.Log.Handler()})
	ctrl.SetLogger(libraries)
	klog.SetLogger(libraries) // client-go's
	client, err := kubernetes.NewForConfig(o.Cluster)
	if err != nil {
		return fmt.Errorf("reach the cluster: %w", err)
	}
	m := newMetrics(controllermetrics.Registry)
	l, namespaces, references, err := o.live(ctx, client, m)
	if err != nil {
		return err
	}
	mgr, err := o.manager()
	if err != nil {
		return err
	}
	c := &certificate{dir: o.Certs.Dir, metrics: m}
	r := &readiness{certificate: c, watched: append(references.all(), namespaces.watched), metrics: m, log: o.Log}
	t, err := c.config(o.Certs.ClientCA)
	if err != nil {
		return err
	}
	runnables := []manager.Runnable{
		c, everywhere(l.follow), everywhere(func(ctx context.Context) error { return r.prepare(ctx, l) }),
		&listener{address: o.Listen, tls: t, handler: o.hooks(l, m, r), drain: o.Drain, ready: r, log: o.Log},
	}
	for _, w := range r.watched {
		runnables = append(runnables, w)
	}
	if o.Certs.Rotate {
		mirrored, err := rotate(mgr, client, o.Certs)
		if err != nil {
			return err
		}
		runnables = append(runnables, mirrored)
	}
	for _, one := range runnables {
		if err := mgr.Add(one); err != nil {
			return fmt.Errorf("start the server: %w", err)
		}
	}
	if err := errors.Join(mgr.AddReadyzCheck("ready", r.check), mgr.AddHealthzCheck("alive", healthz.Ping)); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// live reads the configuration and makes the informers that it asks for.
func (o *Options) live(ctx context.Context, client kubernetes.Interface, m *metrics) (*live, namespaces, *references, error) {
	l := &live{file: o.ConfigFile, metrics: m, log: o.Log, version: o.Version}
	config, err := ReadConfig(o.ConfigFile)
	if err != nil {
		return nil, namespaces{}, nil, err
	}
	n := watchNamespaces(client)
	r := watchReferences(client, config.References, func() *judge { return l.now() }, o.Log, m)
	l.base.Namespaces, l.base.References, l.base.Images = n, r, o.Images
	if err := l.load(ctx); err != nil {
		return nil, namespaces{}, nil, err
	}
	m.reloaded.Set(1)
	return l, n, r, nil
}

// manager is controller-runtime's, for its servers of metrics and health, the election of
// a leader, and its order of ending.
func (o *Options) manager() (manager.Manager, error) {
	orNone := func(address string) string {
		if address == "" {
			return "0"
		}
		return address
	}
	grace := o.Drain + mostPatience + time.Second
	mgr, err := ctrl.NewManager(o.Cluster, ctrl.Options{
		Metrics:                metricsserver.Options{BindAddress: orNone(o.Metrics)},
		HealthProbeBindAddress: orNone(o.Health), PprofBindAddress: o.Pprof,
		LeaderElection: o.Certs.Rotate, LeaderElectionID: leaderLease, LeaderElectionNamespace: o.Certs.Namespace, LeaderElectionReleaseOnCancel: true,
		GracefulShutdownTimeout: &grace,
	})
	if err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	return mgr, nil
}

// hooks are the paths that an API server asks on.
func (o *Options) hooks(l *live, m *metrics, r *readiness) http.Handler {
	mux := http.NewServeMux()
	g, b := newGate(o.Limits), &bodies{}
	for _, path := range []string{PathPods, PathWorkloads, PathData} {
		mux.Handle(path, &hook{name: path[1:], live: l, gate: g, bodies: b, metrics: m, log: o.Log, ready: r.decides})
	}
	return mux
}
