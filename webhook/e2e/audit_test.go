package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/oakum-sec/oakum/leak/leaktest"
)

// besideWebhook: the tier that the API server read at its start refuses first, the webhook
// what that does not know, and the API server's audit log tells what was found, by whom it
// was asked for, and no value.
func besideWebhook(t *testing.T, c *cluster) {
	shop := c.namespace(t, "shop", nil)
	lax := c.namespace(t, "lax", map[string]string{"oakum-sec.github.io/enforce": "aws-static"})
	w := c.webhook(t, WebhookOptions{})
	c.asks(t, Asked{Port: portOf(t, w.Address), CA: w.CA, Policy: admissionv1.Fail})
	token := leaktest.Must(41, `{{sendgrid}}`)
	sends := []any{map[string]any{"name": "SENDGRID_API_KEY", "value": token}}
	eventually(t, "the webhook refuses what the tier does not know", func() bool {
		_, err := c.create(t, pod(shop, "probe", sends), metav1.CreateOptions{DryRun: []string{"All"}})
		return apierrors.IsForbidden(err) && strings.Contains(err.Error(), "admission webhook") && strings.Contains(err.Error(), "sendgrid-api-key")
	})
	if _, err := c.create(t, pod(shop, "leaky", leakyEnv(1)), metav1.CreateOptions{}); err == nil || !strings.Contains(err.Error(), ".static.k8s.io") {
		t.Errorf("a key is not the tier's to refuse: %v", err)
	}
	if _, err := c.create(t, pod(shop, "refused", sends), metav1.CreateOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("a token: %v", err)
	}
	if _, err := c.create(t, pod(lax, "warned", sends), metav1.CreateOptions{}); err != nil {
		t.Errorf("a token where AWS keys alone are refused: %v", err)
	}
	if _, err := c.create(t, pod(shop, "clean-too", nil), metav1.CreateOptions{}); err != nil {
		t.Errorf("a pod without: %v", err)
	}
	audited(t, c, token)
}

// event is what is read of an entry of the audit log.
type event struct {
	Verb      string `json:"verb"`
	ObjectRef struct {
		Resource, Namespace, Name string
	} `json:"objectRef"`
	ResponseStatus struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
	Annotations map[string]string `json:"annotations"`
}

// audited holds what the audit log says of the pods of besideWebhook. A POST's entry has no
// name, so that namespace and answer tell them apart.
func audited(t *testing.T, c *cluster, value string) {
	t.Helper()
	const ours = "pods.oakum-sec.github.io/"
	var denied, warned, silent *event
	eventually(t, "the audit log has both decisions", func() bool {
		text, err := os.ReadFile(filepath.Join(c.dir, "audit.log"))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte(value)) {
			t.Fatal("the audit log holds the value")
		}
		for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
			var e event
			if json.Unmarshal(lines.Bytes(), &e) != nil || e.Verb != "create" || e.ObjectRef.Resource != "pods" {
				continue // its last line may be half written
			}
			switch decision := e.Annotations[ours+"decision"]; {
			case decision == "deny" && e.ObjectRef.Namespace == "shop" && e.ResponseStatus.Code == 403:
				denied = &e
			case decision == "warn" && e.ObjectRef.Namespace == "lax" && e.ResponseStatus.Code == 201:
				warned = &e
			case decision == "" && e.ResponseStatus.Code == 201:
				silent = &e
			}
		}
		return denied != nil && warned != nil && silent != nil
	})
	for level, e := range map[string]*event{"high:latest": denied, "aws-static:latest": warned} {
		var findings []struct{ Field, Rule, Fingerprint string }
		if err := json.Unmarshal([]byte(e.Annotations[ours+"findings"]), &findings); err != nil || len(findings) != 1 ||
			findings[0].Rule != "sendgrid-api-key" || findings[0].Field != "spec.containers[0].env[0].value" || findings[0].Fingerprint == "" {
			t.Errorf("findings %q, %v", e.Annotations[ours+"findings"], err)
		}
		if got := e.Annotations[ours+"enforce"]; got != level {
			t.Errorf("enforced is %q, not %q", got, level)
		}
	}
	for key := range silent.Annotations {
		if strings.HasPrefix(key, ours) {
			t.Errorf("a pod without anything has the annotation %s", key)
		}
	}
}
