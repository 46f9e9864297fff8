package kubernetes

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate/rest"
)

// file is a kubeconfig, as far as it is read
// (https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/).
type file struct {
	Current  string `yaml:"current-context"`
	Clusters []struct {
		Name    string    `yaml:"name"`
		Cluster clusterOf `yaml:"cluster"`
	} `yaml:"clusters"`
	Users []struct {
		Name string `yaml:"name"`
		User userOf `yaml:"user"`
	} `yaml:"users"`
	Contexts []struct {
		Name    string `yaml:"name"`
		Context struct {
			Cluster   string `yaml:"cluster"`
			User      string `yaml:"user"`
			Namespace string `yaml:"namespace"`
		} `yaml:"context"`
	} `yaml:"contexts"`
}

type clusterOf struct {
	Server   string `yaml:"server"`
	CA       string `yaml:"certificate-authority"`
	CAData   string `yaml:"certificate-authority-data"`
	Name     string `yaml:"tls-server-name"`
	Proxy    string `yaml:"proxy-url"`
	Insecure bool   `yaml:"insecure-skip-tls-verify"`
	dir      string
}

type userOf struct {
	Token     string  `yaml:"token"`
	TokenFile string  `yaml:"tokenFile"`
	Cert      string  `yaml:"client-certificate"`
	CertData  string  `yaml:"client-certificate-data"`
	Key       string  `yaml:"client-key"`
	KeyData   string  `yaml:"client-key-data"`
	Exec      *plugin `yaml:"exec"`
	Provider  any     `yaml:"auth-provider"`
	Username  string  `yaml:"username"`
	dir       string
}

// config is one cluster and who asks it.
type config struct {
	cluster   clusterOf
	user      userOf
	namespace string
	getenv    func(string) string
}

// serviceAccount is where a pod finds its own credentials
// (https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/).
const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

// load finds a cluster: in the file named, in those of KUBECONFIG, in ~/.kube/config, or
// the one that this pod runs in.
func load(named, context string, getenv func(string) string) (config, error) {
	if getenv == nil {
		getenv = func(string) string { return "" }
	}
	names := []string{named}
	if named == "" {
		names = filepath.SplitList(getenv("KUBECONFIG"))
	}
	if home := filepath.Join(getenv("HOME"), ".kube", "config"); len(names) == 0 {
		if _, err := os.Stat(home); err == nil {
			names = []string{home}
		}
	}
	if len(names) == 0 {
		if host := getenv("KUBERNETES_SERVICE_HOST"); host != "" && context == "" {
			return inPod(host, getenv("KUBERNETES_SERVICE_PORT"), getenv), nil
		}
		return config{}, errors.New("there is no kubeconfig: write kubeconfig: FILE, set KUBECONFIG, or run where ~/.kube/config or a pod's service account is")
	}
	all, err := merge(names)
	if err != nil {
		return config{}, err
	}
	c, err := all.pick(context)
	c.getenv = getenv
	return c, err
}

func inPod(host, port string, getenv func(string) string) config {
	c := config{getenv: getenv, namespace: "default",
		cluster: clusterOf{Server: "https://" + net.JoinHostPort(host, port), CA: filepath.Join(serviceAccount, "ca.crt")},
		user:    userOf{TokenFile: filepath.Join(serviceAccount, "token")}}
	if b, err := os.ReadFile(filepath.Join(serviceAccount, "namespace")); err == nil {
		c.namespace = strings.TrimSpace(string(b))
	}
	return c
}

// merge reads files, of which the first that names a thing wins, as in kubectl.
func merge(names []string) (file, error) {
	var all file
	for _, name := range names {
		b, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) && len(names) > 1 {
			continue
		}
		if err != nil {
			return all, fmt.Errorf("read the kubeconfig: %w", err)
		}
		var f file
		if yaml.Unmarshal(b, &f) != nil { // its words quote the file, which holds credentials
			return all, fmt.Errorf("%s is not read as a kubeconfig", name)
		}
		dir := filepath.Dir(name)
		for i := range f.Clusters {
			f.Clusters[i].Cluster.dir = dir
		}
		for i := range f.Users {
			f.Users[i].User.dir = dir
		}
		if all.Current == "" {
			all.Current = f.Current
		}
		all.Clusters, all.Users, all.Contexts = append(all.Clusters, f.Clusters...), append(all.Users, f.Users...), append(all.Contexts, f.Contexts...)
	}
	return all, nil
}

// pick takes a context's cluster and user.
func (f file) pick(context string) (c config, err error) {
	if context == "" {
		context = f.Current
	}
	for _, x := range f.Contexts {
		if x.Name != context {
			continue
		}
		c.namespace = x.Context.Namespace
		for _, k := range f.Clusters {
			if k.Name == x.Context.Cluster && c.cluster.Server == "" {
				c.cluster = k.Cluster
			}
		}
		found := x.Context.User == ""
		for _, u := range f.Users {
			if u.Name == x.Context.User && !found {
				c.user, found = u.User, true
			}
		}
		if c.namespace == "" {
			c.namespace = "default"
		}
		if c.cluster.Server == "" || !found {
			return c, fmt.Errorf("the kubeconfig's context %s names a cluster or user that is not there", context)
		}
		return c, c.fit()
	}
	return c, fmt.Errorf("the kubeconfig has no context %q: write context: NAME", context)
}

// fit refuses what would send credentials to whoever answers, or is no longer
// supported by Kubernetes itself.
func (c config) fit() error {
	switch {
	case c.cluster.Insecure:
		return errors.New("the kubeconfig says insecure-skip-tls-verify, and values are not sent to whoever answers: name the cluster's certificate-authority")
	case c.user.Provider != nil:
		return errors.New("the kubeconfig has an auth-provider, which Kubernetes has given up: let its owner make one with exec")
	case c.user.Username != "":
		return errors.New("the kubeconfig has a user name and a password, which Kubernetes has given up: use a token, a certificate or exec")
	}
	return nil
}

// client makes one that asks this cluster.
func (c config) client(pause func(context.Context, time.Duration) error) (*rest.Client, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.cluster.Name}
	if c.cluster.Proxy != "" {
		u, err := url.Parse(c.cluster.Proxy)
		if err != nil {
			return nil, errors.New("the kubeconfig's proxy-url is no URL")
		}
		t.Proxy = http.ProxyURL(u)
	}
	ca, err := material(c.cluster.dir, c.cluster.CA, c.cluster.CAData)
	if err != nil {
		return nil, fmt.Errorf("read the cluster's certificate-authority: %w", err)
	}
	if ca != nil {
		t.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !t.TLSClientConfig.RootCAs.AppendCertsFromPEM(ca) {
			return nil, errors.New("the cluster's certificate-authority holds no certificate")
		}
	}
	who := &identity{user: c.user, getenv: c.getenv}
	if err := who.certificate(); err != nil {
		return nil, err
	}
	t.TLSClientConfig.GetClientCertificate = who.present
	o := rest.Options{URL: c.cluster.Server, Scheme: "Bearer ", Transport: t, Pause: pause, Header: http.Header{"Accept": {"application/json"}, "User-Agent": {"oakum"}}}
	if c.user.Token != "" || c.user.TokenFile != "" || c.user.Exec != nil {
		o.Token = who.token
	}
	return rest.New(o)
}

// material is what a field holds in base64, or the file that another one names.
func material(dir, name, data string) ([]byte, error) {
	if data != "" {
		b, err := base64.StdEncoding.DecodeString(data)
		if err != nil {
			return nil, errors.New("it is not in base64")
		}
		return b, nil
	}
	if name == "" {
		return nil, nil
	}
	return os.ReadFile(beside(dir, name))
}

func beside(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

// identity is who asks.
type identity struct {
	user   userOf
	getenv func(string) string
	pair   *tls.Certificate // of the file; a plugin's comes with its answer
	held   answer
}

// certificate reads the user's, if there is one.
func (i *identity) certificate() error {
	cert, err := material(i.user.dir, i.user.Cert, i.user.CertData)
	if err == nil && cert != nil {
		var key []byte
		if key, err = material(i.user.dir, i.user.Key, i.user.KeyData); err == nil {
			var pair tls.Certificate
			pair, err = tls.X509KeyPair(cert, key)
			i.pair = &pair
		}
	}
	if err != nil {
		return fmt.Errorf("read the client-certificate: %w", err)
	}
	return nil
}

func (i *identity) present(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	switch {
	case i.held.pair != nil:
		return i.held.pair, nil
	case i.pair != nil:
		return i.pair, nil
	}
	return &tls.Certificate{}, nil
}

// token is the user's: from a file that is written anew before it expires, from a
// plugin, or written in the kubeconfig.
func (i *identity) token(ctx context.Context) (leak.Secret, error) {
	switch {
	case i.user.Exec != nil:
		return i.plugged(ctx)
	case i.user.TokenFile != "":
		b, err := os.ReadFile(beside(i.user.dir, i.user.TokenFile))
		return leak.NewSecret([]byte(strings.TrimSpace(string(b)))), err
	}
	return leak.NewSecret([]byte(i.user.Token)), nil
}
