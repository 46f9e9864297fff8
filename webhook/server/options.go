package server

import (
	"errors"
	"log/slog"
	"time"

	"k8s.io/client-go/rest"

	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

// Options are what a process is started with; the Config is what it judges by.
type Options struct {
	ConfigFile string       // "": the default configuration
	Cluster    *rest.Config // whose namespaces and ConfigMaps are known
	Version    string       // of the program, for metrics
	Log        *slog.Logger // nil: silent

	Listen  string // where reviews are taken, over TLS: ":9443"
	Metrics string // where Prometheus reads; "": nowhere
	Health  string // where /healthz and /readyz are; "": nowhere
	Pprof   string // where profiles are read; "": nowhere

	Certs  Certs
	Limits Limits
	Drain  time.Duration // between no longer being ready and no longer taking connections

	Images admit.Images // what is known of images; nil: they are not looked at
}

// Certs say where the server's certificate comes from: files that somebody else renews
// (cert-manager), or with Rotate from ourselves.
type Certs struct {
	Dir      string // of tls.crt and tls.key; with Rotate they are written there
	ClientCA string // a file; callers must have a certificate that it signed. "": anybody may ask

	Rotate        bool
	Namespace     string // ours
	Secret        string // the one that the authority and the certificate are kept in; it must exist
	Service       string // ours: the certificate's name is SERVICE.NAMESPACE.svc
	Configuration string // the ValidatingWebhookConfiguration that gets the authority's certificate
}

// Limits bound what is taken at once.
type Limits struct {
	InFlight  int   // reviews, waiting and looked at; one more gets a 503
	BodyBytes int64 // of all bodies in memory; further reviews wait unread
	Headroom  int64 // bytes of garbage that may lie in memory until the collector runs; 0: as Go has it
}

// The house's limits. A review of the largest object that etcd takes has some 3 MB, since
// an update carries it twice: a body may have 7 MiB, as controller-runtime allows.
const (
	maxBody          = 7 << 20
	DefaultInFlight  = 1000
	DefaultBodyBytes = 8 << 20
	DefaultDrain     = 5 * time.Second
)

func (o *Options) settle() error {
	switch {
	case o.Cluster == nil:
		return errors.New("the server needs a cluster")
	case o.Certs.Dir == "":
		return errors.New("the server needs a folder for its certificate: say --cert-dir")
	case o.Certs.Rotate && (o.Certs.Namespace == "" || o.Certs.Secret == "" || o.Certs.Service == "" || o.Certs.Configuration == ""):
		return errors.New("the rotation of certificates needs --namespace, --secret, --service and --webhook-configuration")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Limits.InFlight <= 0 {
		o.Limits.InFlight = DefaultInFlight
	}
	if o.Limits.BodyBytes < maxBody {
		o.Limits.BodyBytes = max(DefaultBodyBytes, maxBody)
	}
	return nil
}
