package install_test

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/webhook/internal/install"
	"github.com/oakum-sec/oakum/webhook/internal/vap"
)

var update = flag.Bool("update", false, "write what the chart renders into the places that hold it")

// The chart, seen from this package, and the version of Kubernetes that it is rendered for.
const (
	deploy      = "../../../deploy"
	chart       = deploy + "/chart/oakum-webhook"
	kubeVersion = "1.37.2"
)

// helm renders the chart with values, each as --set or, where it is a file, --values.
func helm(t *testing.T, values ...string) (string, error) {
	t.Helper()
	args := []string{"template", "oakum", chart, "--namespace", install.Namespace, "--kube-version", kubeVersion}
	for _, v := range values {
		if strings.HasSuffix(v, ".yaml") && !strings.Contains(v, "=") {
			args = append(args, "--values", v)
		} else {
			args = append(args, "--set", v)
		}
	}
	cmd := exec.Command(realtest.Find(t, "helm"), args...)
	home := t.TempDir()
	cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}
	var out, words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &words
	if err := cmd.Run(); err != nil {
		return words.String(), err
	}
	return out.String(), nil
}

// rendered is helm that must succeed.
func rendered(t *testing.T, values ...string) []*unstructured.Unstructured {
	t.Helper()
	text, err := helm(t, values...)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return parsed(t, text)
}

func parsed(t *testing.T, text string) (all []*unstructured.Unstructured) {
	t.Helper()
	for doc := range strings.SplitSeq("\n"+text, "\n---\n") {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(doc+"\n"), &o.Object); err != nil {
			t.Fatalf("%v\n%s", err, doc)
		}
		if o.Object != nil {
			all = append(all, o)
		}
	}
	if len(all) == 0 {
		t.Fatal("nothing is rendered")
	}
	return all
}

// plain are the values that the embedded files are rendered with.
var plain = []string{"namespace.create=true", "managedBy=oakum", "uninstallHook=false", "inProcess.enabled=false"}

var (
	sourceLine = regexp.MustCompile(`(?m)^# Source: .*\n`)
	component  = regexp.MustCompile(`(?m)^    app\.kubernetes\.io/component: (\S+)$`)
)

// documents are those of a component in a render, as they are written.
func documents(t *testing.T, text string, of func(component string) bool) string {
	t.Helper()
	var b strings.Builder
	for doc := range strings.SplitSeq("\n"+sourceLine.ReplaceAllString(text, ""), "\n---\n") {
		if m := component.FindStringSubmatch(doc); m != nil && of(m[1]) {
			b.WriteString("---\n" + strings.Trim(doc, "\n") + "\n")
		}
	}
	return b.String()
}

// What the program writes, and kustomize has, is what the chart renders now; and the
// chart has the policies that the rules make now. With -update it is written.
func TestRenders(t *testing.T) {
	web, err := helm(t, plain...)
	if err != nil {
		t.Fatalf("%v\n%s", err, web)
	}
	all, err := helm(t, append(plain, "audit.enabled=true", "images.enabled=true")...)
	if err != nil {
		t.Fatalf("%v\n%s", err, all)
	}
	policies, err := vap.YAML(vap.Options{})
	if err != nil {
		t.Fatal(err)
	}
	labelled, err := install.Policies(install.Namespace)
	if err != nil {
		t.Fatal(err)
	}
	webhook := documents(t, web, func(string) bool { return true })
	audit := documents(t, all, func(c string) bool { return c == "audit" })
	images := documents(t, all, func(c string) bool { return c == "images" })
	for name, text := range map[string]string{
		"webhook.yaml": webhook, "audit.yaml": audit, "images.yaml": images,
		chart + "/files/vap.yaml":                string(policies),
		deploy + "/kustomize/base/webhook.yaml":  webhook,
		deploy + "/kustomize/base/policies.yaml": string(labelled),
		deploy + "/kustomize/audit/audit.yaml":   audit,
		deploy + "/kustomize/images/images.yaml": images,
	} {
		if *update {
			if err := os.WriteFile(filepath.FromSlash(name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if is, err := os.ReadFile(filepath.FromSlash(name)); err != nil || string(is) != text {
			t.Errorf("%s is not what is rendered now (%v): go test ./internal/install -run TestRenders -update", name, err)
		}
	}
}

// sorted are objects by kind and name, as YAML, without what says who manages them.
func byName(t *testing.T, all []*unstructured.Unstructured) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, o := range all {
		labels := o.GetLabels()
		delete(labels, "app.kubernetes.io/managed-by")
		o.SetLabels(labels)
		text, err := yaml.Marshal(o.Object)
		if err != nil {
			t.Fatal(err)
		}
		out[o.GetKind()+" "+o.GetNamespace()+"/"+o.GetName()] = strings.ReplaceAll(string(text), "managed-by: Helm", "managed-by: oakum")
	}
	return out
}

func same(t *testing.T, what string, got, want []*unstructured.Unstructured) {
	t.Helper()
	a, b := byName(t, got), byName(t, want)
	for name, text := range b {
		if a[name] != text {
			t.Errorf("%s: %s is\n%s\nexpected\n%s", what, name, a[name], text)
		}
	}
	if len(a) != len(b) {
		t.Errorf("%s: %d objects, expected %d", what, len(a), len(b))
	}
}

// manifests writes what the chart renders of the same wishes, and kustomize builds it.
func TestManifests(t *testing.T) {
	for _, c := range []struct {
		what   string
		o      install.Options
		values []string
	}{
		{"defaults", install.Options{}, nil},
		{"audit", install.Options{Audit: true}, []string{"audit.enabled=true"}},
		{"images", install.Options{Images: true}, []string{"images.enabled=true"}},
		{"another image", install.Options{Image: "registry.example.com:5000/o/oakum-webhook:v2", Audit: true}, []string{"image.repository=registry.example.com:5000/o/oakum-webhook", "image.tag=v2", "audit.enabled=true"}},
		{"no policies", install.Options{NoPolicies: true}, []string{"inProcess.enabled=false"}},
	} {
		got, err := install.Objects(c.o)
		if err != nil {
			t.Fatal(err)
		}
		if last := got[len(got)-1]; last.GetKind() != "ValidatingWebhookConfiguration" || got[0].GetKind() != "Namespace" {
			t.Errorf("%s: %s comes first, %s last", c.what, got[0].GetKind(), last.GetKind())
		}
		same(t, c.what, got, rendered(t, append([]string{"namespace.create=true", "managedBy=oakum", "uninstallHook=false"}, c.values...)...))
	}
	for _, wrong := range []install.Options{{Namespace: "Not A Name"}, {Namespace: "a\nb"}, {Image: "a b"}, {Image: "x\n---\n"}} {
		if _, err := install.YAML(wrong); err == nil {
			t.Errorf("%+v is taken", wrong)
		}
	}
}

// Another namespace is another one everywhere.
func TestNamespace(t *testing.T) {
	text, err := install.YAML(install.Options{Namespace: "security", Audit: true, Images: true})
	if err != nil || bytes.Contains(text, []byte(install.Namespace)) || bytes.Count(text, []byte("security")) < 20 {
		t.Errorf("%v: %d times", err, bytes.Count(text, []byte("security")))
	}
}

func TestKustomize(t *testing.T) {
	kubectl := realtest.Find(t, "kubectl")
	build := func(dir string) []*unstructured.Unstructured {
		cmd := exec.Command(kubectl, "kustomize", "--load-restrictor=LoadRestrictionsNone", dir)
		var words bytes.Buffer
		cmd.Stderr = &words
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, words.String())
		}
		return parsed(t, string(out))
	}
	want, err := install.Objects(install.Options{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "base", build(deploy+"/kustomize/base"), want)
	base, err := filepath.Abs(deploy + "/kustomize")
	if err != nil {
		t.Fatal(err)
	}
	top := t.TempDir()
	rel, err := filepath.Rel(top, base)
	if err != nil {
		t.Fatal(err)
	}
	text := "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [" + rel + "/base]\ncomponents: [" + rel + "/audit, " + rel + "/images]\n"
	if err := os.WriteFile(filepath.Join(top, "kustomization.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got := build(top)
	if len(got) != len(want)+4+8 {
		t.Errorf("with both components %d objects, of which the base has %d", len(got), len(want))
	}
	for _, o := range got {
		if o.GetKind() == "Deployment" && o.GetName() == "oakum-webhook" {
			if text, _ := yaml.Marshal(o.Object); !bytes.Contains(text, []byte("--images=oakum-system")) {
				t.Error("the webhook does not read images' verdicts")
			}
		}
	}
}
