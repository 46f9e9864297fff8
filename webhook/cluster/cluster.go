// Package cluster reads the objects of a Kubernetes cluster as its API server sends
// them: raw, in pages, whatever their kind. It is the source of `scan k8s --live`, what
// the audit pages through, and what the admission server watches.
//
// No object is decoded into a type: an unknown resource is as good as a Pod, and a page
// is read object by object, so that memory is one object's, whatever the page holds.
// A list is asked for in pages of 500; where the server says "not before" (429, 503)
// the reader waits and says so; where a page's token has become too old, the list goes
// on with the one that the server offers.
//
// Its limits: what the account may not list, and what the server fails to send, is a
// Gap that says what is missing. Secrets are listed only where the caller asks for them.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Options say how an API server is asked.
type Options struct {
	// Wait waits for d or until ctx ends, and may tell whom it concerns why. nil
	// waits in silence.
	Wait func(ctx context.Context, d time.Duration, why string) error
}

// Client asks one API server.
type Client struct {
	http   *http.Client
	base   *url.URL
	config *rest.Config
	opt    Options
}

// New makes a client of a configuration.
func New(config *rest.Config, opt Options) (*Client, error) {
	c, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("reach the cluster: %w", err)
	}
	base, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, fmt.Errorf("reach the cluster: %w", err)
	}
	if opt.Wait == nil {
		opt.Wait = silently
	}
	return &Client{http: c, base: base, config: config, opt: opt}, nil
}

func silently(ctx context.Context, d time.Duration, _ string) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Config finds the cluster as kubectl does: the file named, else $KUBECONFIG and
// ~/.kube/config, else the account of the pod that this runs in.
func Config(kubeconfig, contextName, userAgent string) (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = kubeconfig
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{
		CurrentContext: contextName,
		ClusterInfo:    clientcmdapi.Cluster{},
	})
	config, err := loader.ClientConfig()
	if clientcmd.IsEmptyConfig(err) {
		return nil, errors.New("find the cluster: there is no kubeconfig; name one with --kubeconfig or $KUBECONFIG, or run this in a pod of the cluster")
	}
	if err != nil {
		return nil, fmt.Errorf("find the cluster: %w", err)
	}
	config.UserAgent = userAgent
	return config, nil
}
