// Package install writes the objects that oakum-webhook is installed by, for
// `kubectl apply -f -`.
//
// webhook.yaml, audit.yaml and images.yaml are what the Helm chart renders with its
// default values (deploy/chart; a test in webhook/e2e renders them anew and compares);
// the in-process policies are made of the rules each time. So there is one description
// of the installation, and no Helm is needed for it.
package install

import (
	"bytes"
	_ "embed"
	"fmt"
	"regexp"
	"strings"

	"github.com/oakum-sec/oakum/webhook/internal/vap"
)

//go:embed webhook.yaml
var webhookYAML string

//go:embed audit.yaml
var auditYAML string

//go:embed images.yaml
var imagesYAML string

// What the files say where nobody says otherwise.
const (
	Namespace = "oakum-system"
	Image     = "ghcr.io/oakum-sec/oakum-webhook:0.1.0"
	Name      = "oakum" // of the ValidatingWebhookConfiguration
)

// Options say what is installed, and where. The zero value is the house's default.
type Options struct {
	Namespace  string // "": Namespace
	Image      string // "": Image
	Audit      bool   // the CronJob too
	Images     bool   // the worker that scans images too
	NoPolicies bool   // without the in-process policies
}

var (
	// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names
	goodNamespace = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	goodImage     = regexp.MustCompile(`^[a-z0-9][\w.:/-]*(@sha256:[0-9a-f]{64})?$`)
)

// YAML writes the objects, in an order in which they can be applied: the webhook's
// configuration comes last.
func YAML(o Options) ([]byte, error) {
	if o.Namespace == "" {
		o.Namespace = Namespace
	}
	if o.Image == "" {
		o.Image = Image
	}
	if !goodNamespace.MatchString(o.Namespace) {
		return nil, fmt.Errorf("%q is no name of a namespace", o.Namespace)
	}
	if !goodImage.MatchString(o.Image) {
		return nil, fmt.Errorf("%q is no image: name it as registry.example.com/oakum/oakum-webhook:v1", o.Image)
	}
	webhook := webhookYAML
	if o.Images {
		webhook = withImages(webhook)
	}
	at := strings.Index(webhook, configuration)
	parts := []string{webhook[:at]}
	if o.Audit {
		parts = append(parts, auditYAML)
	}
	if o.Images {
		parts = append(parts, imagesYAML)
	}
	parts = append(parts, webhook[at:])
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(p, Image, o.Image), Namespace, o.Namespace)
	}
	if !o.NoPolicies {
		policies, err := Policies(o.Namespace)
		if err != nil {
			return nil, err
		}
		parts = append(parts[:len(parts)-1], string(policies), parts[len(parts)-1])
	}
	return []byte(strings.Join(parts, "")), nil
}

// configuration begins the document of the webhook's configuration, the last one.
const configuration = "---\napiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\n"

// Policies are the in-process policies, with our labels.
func Policies(namespace string) ([]byte, error) {
	text, err := vap.YAML(vap.Options{Exclude: []string{"kube-system", "kube-node-lease", namespace}})
	if err != nil {
		return nil, err
	}
	_, text, _ = bytes.Cut(text, []byte("\n")) // the line that says who wrote it
	label := "metadata:\n  labels:\n    app.kubernetes.io/component: policies\n    app.kubernetes.io/managed-by: oakum\n    app.kubernetes.io/name: oakum-webhook\n    app.kubernetes.io/part-of: oakum\n    app.kubernetes.io/version: 0.1.0\n"
	text = append([]byte("---\n"), text...)
	return bytes.ReplaceAll(text, []byte("\nmetadata:\n"), []byte("\n"+label)), nil
}

// withImages has the server read the worker's verdicts.
func withImages(webhook string) string {
	webhook = strings.Replace(webhook, "- --rotate-certs\n", "- --images="+Namespace+"\n        - --rotate-certs\n", 1)
	webhook = strings.Replace(webhook, "secrets=false,images=false", "secrets=false,images=true", 1)
	return strings.Replace(webhook, "      secrets: false\n", "      secrets: false\n    images:\n      unknown: allow\n", 1)
}
