package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// Webhook is an oakum-webhook that runs as a process of its own, as in a pod: with the
// rights of its own account and no others.
type Webhook struct {
	*Process
	Address string // where it takes reviews
	CA      []byte
	health  string
	metrics string
	Ready   time.Duration // from its start until it was ready
}

// WebhookOptions say how one is started.
type WebhookOptions struct {
	Dir       string              // of its files and its log
	Authority *Authority          // signs its certificate; nil: one of its own
	CertDir   string              // of a certificate that is there already; "": one is issued
	Config    string              // its configuration file's text
	Args      []string            // further flags
	Prefix    []string            // runs before it: taskset, env
	Unready   bool                // do not wait until it is ready
	Account   string              // who it is; "": a user that may do what a webhook must
	Rights    []rbacv1.PolicyRule // further ones
}

// account is who the webhook is to the API server.
const account = "system:serviceaccount:oakum-system:oakum-webhook"

// StartWebhook runs the program against a control plane, and waits until it is ready.
func (p *Plane) StartWebhook(program string, o WebhookOptions) (*Webhook, error) {
	w := &Webhook{}
	if err := o.certify(w); err != nil {
		return nil, err
	}
	if o.Account == "" {
		o.Account, o.Rights = account, append(o.Rights, rights...)
	}
	kubeconfig, err := p.accountOf(o.Dir, o.Account, o.Rights)
	if err != nil {
		return nil, err
	}
	config := filepath.Join(o.Dir, "webhook.yaml")
	if err := os.WriteFile(config, []byte(o.Config), 0o600); err != nil {
		return nil, fmt.Errorf("write the webhook's configuration: %w", err)
	}
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	w.Address, w.health, w.metrics = ports[0], ports[1], ports[2]
	args := slices.Concat(o.Prefix, []string{program, "webhook", "serve", "--config", config, "--kubeconfig", kubeconfig,
		"--listen", w.Address, "--health", w.health, "--metrics", w.metrics, "--cert-dir", o.CertDir, "--drain", "200ms"}, o.Args)
	began := time.Now()
	if w.Process, err = StartProcess(filepath.Join(o.Dir, "webhook.log"), args[0], args[1:]...); err != nil {
		return nil, err
	}
	if o.Unready {
		return w, nil
	}
	if err := w.untilReady(time.Minute); err != nil {
		return nil, errors.Join(err, w.Kill())
	}
	w.Ready = time.Since(began)
	return w, nil
}

func (o *WebhookOptions) certify(w *Webhook) (err error) {
	if o.Authority == nil {
		if o.Authority, err = NewAuthority(); err != nil {
			return err
		}
	}
	w.CA = o.Authority.PEM
	if o.CertDir != "" {
		return nil // somebody writes it there
	}
	o.CertDir = o.Dir
	return o.Authority.Issue(o.Dir, time.Now().Add(time.Hour))
}

// rights are what the webhook's ServiceAccount has in each cluster.
var rights = []rbacv1.PolicyRule{
	{APIGroups: []string{""}, Resources: []string{"namespaces", "configmaps"}, Verbs: []string{"list", "watch"}},
}

// RotationRights are what the rotation of certificates needs besides; in a cluster those
// of Secrets and Leases are of its own namespace alone.
var RotationRights = []rbacv1.PolicyRule{
	{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"get", "list", "watch", "update"}},
	{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"get", "create", "update"}},
	{APIGroups: []string{"", "events.k8s.io"}, Resources: []string{"events"}, Verbs: []string{"create", "patch"}},
	{APIGroups: []string{"admissionregistration.k8s.io"}, Resources: []string{"validatingwebhookconfigurations"}, Verbs: []string{"get", "list", "watch", "update"}},
}

// accountOf gives a user rights, and writes its kubeconfig.
func (p *Plane) accountOf(dir, name string, rules []rbacv1.PolicyRule) (string, error) {
	ctx := context.Background()
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{GenerateName: "oakum-webhook-"}, Rules: rules}
	made, err := p.Client.RbacV1().ClusterRoles().Create(ctx, role, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("give the webhook its rights: %w", err)
	}
	binding := &rbacv1.ClusterRoleBinding{ObjectMeta: role.ObjectMeta,
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: made.Name},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}}}
	if _, err := p.Client.RbacV1().ClusterRoleBindings().Create(ctx, binding, metav1.CreateOptions{}); err != nil {
		return "", fmt.Errorf("give the webhook its rights: %w", err)
	}
	user, err := p.Env.AddUser(envtest.User{Name: name}, nil)
	if err != nil {
		return "", fmt.Errorf("make the webhook's user: %w", err)
	}
	text, err := user.KubeConfig()
	if err != nil {
		return "", fmt.Errorf("write a kubeconfig: %w", err)
	}
	file := filepath.Join(dir, "webhook.kubeconfig")
	return file, os.WriteFile(file, text, 0o600)
}

// untilReady waits for /readyz.
func (w *Webhook) untilReady(patience time.Duration) error {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		select {
		case err := <-w.done:
			w.done <- err
			return fmt.Errorf("oakum-webhook ended: %w", err)
		default:
		}
		if w.IsReady() {
			return nil
		}
	}
	return fmt.Errorf("oakum-webhook was not ready within %v", patience)
}

// IsReady asks /readyz.
func (w *Webhook) IsReady() bool {
	r, err := http.Get("http://" + w.health + "/readyz")
	if err != nil {
		return false
	}
	defer r.Body.Close()
	return r.StatusCode == http.StatusOK
}

// Metric sums the samples of one of its metrics whose labels hold all of the words.
func (w *Webhook) Metric(name string, words ...string) (float64, error) {
	r, err := http.Get("http://" + w.metrics + "/metrics")
	if err != nil {
		return 0, fmt.Errorf("read metrics: %w", err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, fmt.Errorf("read metrics: %w", err)
	}
	return Sum(text, name, words...)
}

// freePorts are addresses on loopback that nobody listens at.
func freePorts(n int) (addresses []string, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a port: %w", err)
		}
		defer l.Close() // all are taken until all are known
		addresses = append(addresses, l.Addr().String())
	}
	return addresses, nil
}
