package e2e

import (
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Two replicas make their own certificates: one of them is the leader, both serve, and the
// API server trusts them by what the leader wrote into the webhook's configuration. The
// Service is asked by its name.
func TestRotation(t *testing.T) {
	c := start(t, PlaneOptions{})
	shop, ours := c.namespace(t, "shop", nil), c.namespace(t, Namespace, nil)
	secrets := c.Client.CoreV1().Secrets(ours)
	if _, err := secrets.Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "certs"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	first, second := c.rotating(t), c.rotating(t)
	b, err := NewBalancer(first.Address, second.Address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	c.service(t, "oakum", b.Port())
	c.asks(t, Asked{Port: b.Port(), Service: "oakum", Policy: admissionv1.Fail})
	for _, w := range []*Webhook{first, second} {
		if err := w.untilReady(patience); err != nil {
			t.Fatal(err)
		}
	}
	c.untilDenied(t, shop)

	// Somebody deletes what is in the Secret: a new authority is made, and trusted.
	s, err := secrets.Get(t.Context(), "certs", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	was := string(s.Data["ca.crt"])
	s.Data = nil
	if _, err := secrets.Update(t.Context(), s, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "there is another authority", func() bool {
		s, err := secrets.Get(t.Context(), "certs", metav1.GetOptions{})
		return err == nil && len(s.Data["ca.crt"]) > 0 && string(s.Data["ca.crt"]) != was
	})
	b.Cut()
	c.untilDenied(t, shop)
	for _, replica := range []*Webhook{first, second} { // both have it
		b.Set(replica.Address)
		b.Cut()
		c.untilDenied(t, shop)
	}
	if err := first.Stop(patience); err != nil {
		t.Errorf("it is told to end: %v", err)
	}
}

// rotating starts a replica that takes its certificate from the Secret.
func (c *cluster) rotating(t *testing.T) *Webhook {
	t.Helper()
	return c.webhook(t, WebhookOptions{CertDir: t.TempDir(), Unready: true, Rights: RotationRights,
		Args: []string{"--rotate-certs", "--namespace", Namespace, "--secret", "certs", "--service", "oakum", "--webhook-configuration", "oakum"}})
}

// service has a name stand for a port here. A Service of type ExternalName is the one kind
// that an API server resolves without a network of pods.
func (c *cluster) service(t *testing.T, name string, port int) {
	t.Helper()
	s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.ServiceSpec{
		Type: corev1.ServiceTypeExternalName, ExternalName: "localhost", Ports: []corev1.ServicePort{{Port: int32(port)}}}}
	if _, err := c.Client.CoreV1().Services(Namespace).Create(t.Context(), s, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// untilDenied waits until a pod with a key is refused by the webhook, and not because it
// cannot be reached.
func (c *cluster) untilDenied(t *testing.T, namespace string) {
	t.Helper()
	var last error
	defer func() {
		if t.Failed() {
			t.Logf("last: %v", last)
		}
	}()
	eventually(t, "a key is refused", func() bool {
		_, last = c.create(t, pod(namespace, "probe", leakyEnv(7)), metav1.CreateOptions{DryRun: []string{"All"}})
		return apierrors.IsForbidden(last) && strings.Contains(last.Error(), "denied the request")
	})
}
