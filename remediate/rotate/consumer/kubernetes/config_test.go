package kubernetes_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer/kubernetes"
)

func executable(t *testing.T, name string) {
	t.Helper()
	if err := os.Chmod(name, 0o700); err != nil {
		t.Fatal(err)
	}
}

// Kubeconfigs that would send values to whoever answers, or that oakum cannot use, are
// refused, and nothing of them is quoted.
func TestKubeconfigsThatAreRefused(t *testing.T) {
	value := leaktest.Must(1, `{{randomPassword 24}}`)
	with := func(cluster, user string) string {
		return `{"current-context":"c","contexts":[{"name":"c","context":{"cluster":"c","user":"u"}}],"clusters":[{"name":"c","cluster":` + cluster + `}],"users":[{"name":"u","user":` + user + `}]}`
	}
	for word, text := range map[string]string{
		"insecure-skip-tls-verify":  with(`{"server":"https://127.0.0.1:1","insecure-skip-tls-verify":true}`, `{"token":"`+value+`"}`),
		"user name and a password":  with(`{"server":"https://127.0.0.1:1"}`, `{"username":"admin","password":"`+value+`"}`),
		"auth-provider":             with(`{"server":"https://127.0.0.1:1"}`, `{"auth-provider":{"name":"gcp"}}`),
		"without TLS":               with(`{"server":"http://example.com"}`, `{"token":"`+value+`"}`),
		"client-certificate":        with(`{"server":"https://127.0.0.1:1"}`, `{"client-certificate-data":"`+value+`"}`),
		"of a version":              with(`{"server":"https://127.0.0.1:1"}`, `{"exec":{"apiVersion":"client.authentication.k8s.io/v1alpha1","command":"x"}}`),
		"asks a person":             with(`{"server":"https://127.0.0.1:1"}`, `{"exec":{"apiVersion":"client.authentication.k8s.io/v1","command":"x","interactiveMode":"Always"}}`),
		"names a cluster":           `{"current-context":"c","contexts":[{"name":"c","context":{"cluster":"other"}}]}`,
		"no context":                `{}`,
		"not read as a kubeconfig":  `{"users": "` + value + `"`,
		"certificate-authority":     with(`{"server":"https://127.0.0.1:1","certificate-authority":"missing"}`, `{}`),
		"holds no certificate":      with(`{"server":"https://127.0.0.1:1","certificate-authority-data":"eA=="}`, `{}`),
		"proxy-url":                 with(`{"server":"https://127.0.0.1:1","proxy-url":"::"}`, `{}`),
		"which the kubeconfig name": with(`{"server":"https://127.0.0.1:1"}`, `{"exec":{"apiVersion":"client.authentication.k8s.io/v1","command":"no-such-program-here"}}`),
	} {
		name := filepath.Join(t.TempDir(), "kubeconfig")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := kubernetes.ParseRollout(node(t, "kind: x\nworkload: deployment/x\nkubeconfig: "+name), consumer.Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Done(t.Context(), update(t, 1))
		if err == nil || !strings.Contains(err.Error(), word) || strings.Contains(err.Error(), value) {
			t.Errorf("%s: %v", word, err)
		}
	}
}

// Files of KUBECONFIG are read as one; the first that names a thing wins.
func TestKubeconfigsAreMerged(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	os.WriteFile(one, []byte(`{"contexts":[{"name":"c","context":{"cluster":"c"}}]}`), 0o600)
	os.WriteFile(two, []byte(`{"current-context":"c","clusters":[{"name":"c","cluster":{"server":"http://example.com"}}],"contexts":[{"name":"c","context":{"cluster":"none"}}]}`), 0o600)
	list := strings.Join([]string{filepath.Join(dir, "none"), one, two}, string(os.PathListSeparator))
	c, err := kubernetes.ParseRollout(node(t, "kind: x\nworkload: deployment/x"), consumer.Options{Getenv: func(n string) string {
		return map[string]string{"KUBECONFIG": list}[n]
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = c.Done(t.Context(), update(t, 1)); err == nil || !strings.Contains(err.Error(), "example.com is not asked without TLS") {
		t.Error(err)
	}
}

func TestSettingsThatAreRefused(t *testing.T) {
	for text, word := range map[string]string{
		"workload: pod/x": "deployment/NAME", "workload: deployment/../x": "no name", "workload: deployment/x\nnamespace: a/b": "namespace",
		"workload: deployment/x\nfoo: 1": "no key of this kind", "workload: deployment/x\nwithin: soon": "90s",
	} {
		if _, err := kubernetes.ParseRollout(node(t, "kind: x\n"+text), consumer.Options{}); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := kubernetes.ParseSecret(node(t, "kind: x\nname: x"), consumer.Options{}); err == nil || !strings.Contains(err.Error(), "data") {
		t.Error(err)
	}
}
