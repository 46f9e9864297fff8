package server

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/open-policy-agent/cert-controller/pkg/rotator"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// rotate has the leader among the replicas keep an authority and a certificate in a Secret
// (cert-controller: the authority holds ten years, the certificate one, both are renewed
// ninety days ahead) and put the authority's certificate into the webhook's configuration.
// Every replica takes its files from that Secret over the API, not from a volume: a
// kubelet would take a minute to bring them.
func rotate(mgr manager.Manager, client kubernetes.Interface, c Certs) (*watched, error) {
	err := rotator.AddRotator(mgr, &rotator.CertRotator{
		SecretKey: types.NamespacedName{Namespace: c.Namespace, Name: c.Secret},
		CertDir:   c.Dir, CAName: "oakum-webhook", CAOrganization: "oakum",
		DNSName:               fmt.Sprintf("%s.%s.svc", c.Service, c.Namespace),
		IsReady:               make(chan struct{}), // whoever is not the leader never hears of it: the files tell
		Webhooks:              []rotator.WebhookInfo{{Name: c.Configuration, Type: rotator.Validating}},
		FieldOwner:            "oakum-webhook",
		RequireLeaderElection: true,
	})
	if err != nil {
		return nil, fmt.Errorf("rotate certificates: %w", err)
	}
	return mirror(client, c), nil
}

// mirror writes a Secret's certificate into the folder whenever it changes.
func mirror(client kubernetes.Interface, c Certs) *watched {
	only := fields.OneTermEqualSelector("metadata.name", c.Secret).String()
	return watch(client, "certificate", &corev1.Secret{}, calls(client.CoreV1().Secrets(c.Namespace), only), func(object any) (any, error) {
		s, ok := object.(*corev1.Secret)
		if !ok || len(s.Data[certFile]) == 0 || len(s.Data[keyFile]) == 0 {
			return object, nil
		}
		for _, name := range []string{keyFile, certFile} { // who sees the certificate has its key
			if err := place(c.Dir, name, s.Data[name]); err != nil {
				return nil, err
			}
		}
		return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: s.Name, ResourceVersion: s.ResourceVersion}}, nil
	})
}

// place puts a file in place whole.
func place(dir, name string, content []byte) error {
	fresh := filepath.Join(dir, "."+name)
	if err := os.WriteFile(fresh, content, 0o600); err != nil {
		return fmt.Errorf("write the certificate: %w", err)
	}
	if err := os.Rename(fresh, filepath.Join(dir, name)); err != nil {
		return fmt.Errorf("write the certificate: %w", err)
	}
	return nil
}
