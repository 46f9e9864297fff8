package install_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/webhook/internal/admit"
	"github.com/oakum-sec/oakum/webhook/internal/command"
	"github.com/oakum-sec/oakum/webhook/internal/vap"
	"github.com/oakum-sec/oakum/webhook/server"
)

// variants are settings under which what must always hold is held.
var variants = map[string][]string{
	"defaults":     nil,
	"everything":   {"audit.enabled=true", "images.enabled=true", "networkPolicy.enabled=true", "metrics.serviceMonitor.enabled=true", "namespace.create=true", "priorityClassName=system-cluster-critical", "images.pullSecrets=true", "audit.secrets=true", "references.secrets=true"},
	"cert-manager": {"certificates.certManager.enabled=true"},
	"closed":       {"failureMode=closed", "images.enabled=true", "images.unknown=deny"},
	"placed":       {"image.pullSecrets={a}", "nodeSelector.a=b", "tolerations[0].key=x", "tolerations[0].operator=Exists", "audit.enabled=true", "images.enabled=true", "images.cacheClaim=c"},
	"own policy":   {"policy=package oakum", "audit.enabled=true", "exemptions[0].owner=a", "exemptions[0].expires=2999-01-01T00:00:00Z", "exemptions[0].namespaces={legacy}", "controllers={system:serviceaccount:a:b}"},
	"own rules":    {"rules=extend.useDefault = true", "audit.enabled=true"},
}

// What cannot be meant is refused before anything is installed.
func TestSchema(t *testing.T) {
	for _, wrong := range []string{
		"replicas=0", "failureMode=Fail", "defaults.enforce.level=loud", "defaults.enforce.version=1.0", "hooks.timeoutSeconds=30", "hooks.pods=yes please",
		"hooks.customResources={rollouts}", "inProcess.actions={}", "inProcess.actions={Deny,Warn}", "inProcess.guard.users={it's me}", "excludedNamespaces={Kube System}",
		"image.digest=latest", "image.repository=", "goMemLimit=lots", "images.unknown=maybe", "typo=1", "audit.intervall=6h", "exemptions[0].owner=a",
		"exemptions[0].expires=2999-01-01T00:00:00Z", "log.format=xml",
	} {
		if words, err := helm(t, wrong); err == nil {
			t.Errorf("%s is taken", wrong)
		} else if !strings.Contains(words, "values don't meet the specifications of the schema") {
			t.Errorf("%s: %s", wrong, words)
		}
	}
	for name, values := range variants {
		if words, err := helm(t, values...); err != nil {
			t.Errorf("%s: %s", name, words)
		}
	}
}

// The chart's policies are those that the program makes of the same settings.
func TestChartsPolicies(t *testing.T) {
	for _, c := range []struct {
		values []string
		o      vap.Options
	}{
		{nil, vap.Options{}},
		{[]string{"excludedNamespaces={legacy,old}"}, vap.Options{Exclude: []string{"kube-system", "kube-node-lease", "oakum-system", "legacy", "old"}}},
		{[]string{"defaults.enforce.level=all", "defaults.warn.level=high", "defaults.audit.level=aws-static"}, vap.Options{Defaults: modes(admit.All, admit.High, admit.AWSStatic)}},
		{[]string{"defaults.enforce.level=aws-static"}, vap.Options{Defaults: modes(admit.AWSStatic, admit.All, admit.All)}},
		{[]string{"controllers={system:serviceaccount:argo:rollouts,b}", "inProcess.guard.users={ann,bob}", "inProcess.guard.groups={admins}"},
			vap.Options{Controllers: []string{"system:serviceaccount:argo:rollouts", "b"}, Users: []string{"ann", "bob"}, Groups: []string{"admins"}}},
	} {
		var got []*unstructured.Unstructured
		for _, o := range rendered(t, c.values...) {
			if strings.HasPrefix(o.GetKind(), "ValidatingAdmissionPolicy") {
				o.SetLabels(nil)
				got = append(got, o)
			}
		}
		want, err := vap.YAML(c.o)
		if err != nil {
			t.Fatal(err)
		}
		_, body, _ := strings.Cut(string(want), "\n")
		same(t, strings.Join(c.values, " "), got, parsed(t, body))
	}
}

func modes(enforce, warn, audit admit.Level) admit.Modes {
	return admit.Modes{Enforce: admit.Mode{Level: enforce}, Warn: admit.Mode{Level: warn}, Audit: admit.Mode{Level: audit}}
}

// each calls use for every object of every variant.
func each(t *testing.T, use func(t *testing.T, variant string, o *unstructured.Unstructured)) {
	t.Helper()
	for name, values := range variants {
		t.Run(name, func(t *testing.T) {
			for _, o := range rendered(t, values...) {
				use(t, name, o)
			}
		})
	}
}

// template is an object's pod template.
func template(o *unstructured.Unstructured) map[string]any {
	for _, way := range [][]string{{"spec", "template", "spec"}, {"spec", "jobTemplate", "spec", "template", "spec"}} {
		if spec, ok, _ := unstructured.NestedMap(o.Object, way...); ok {
			return spec
		}
	}
	return nil
}

// Every pod is of the restricted level of Pod Security Standards, has a read-only root and
// bounds, and is started by a command line that the program knows.
func TestPods(t *testing.T) {
	seen := 0
	each(t, func(t *testing.T, variant string, o *unstructured.Unstructured) {
		spec := template(o)
		if spec == nil {
			return
		}
		seen++
		text, _ := json.Marshal(spec["securityContext"])
		if !strings.Contains(string(text), `"runAsNonRoot":true`) || !strings.Contains(string(text), `"type":"RuntimeDefault"`) {
			t.Errorf("%s %s: %s", o.GetKind(), o.GetName(), text)
		}
		for _, c := range spec["containers"].([]any) {
			c := c.(map[string]any)
			text, _ := json.Marshal(c["securityContext"])
			if string(text) != `{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]},"readOnlyRootFilesystem":true}` {
				t.Errorf("%s: %s", o.GetName(), text)
			}
			bounds, _ := json.Marshal(c["resources"])
			if !strings.Contains(string(bounds), `"limits":{"memory"`) || !strings.Contains(string(bounds), `"requests":{"cpu"`) {
				t.Errorf("%s: %s", o.GetName(), bounds)
			}
			args := []string{"oakum-webhook"}
			for _, a := range c["args"].([]any) {
				args = append(args, a.(string))
			}
			var words strings.Builder
			if code := cli.Run(t.Context(), command.Program(), append(args, "--help"), nil, cli.Stdio{In: strings.NewReader(""), Out: &strings.Builder{}, Err: &words}); code != 0 {
				t.Errorf("%v: exit %d: %s", args, code, words.String())
			}
		}
	})
	if seen < 15 {
		t.Errorf("%d pod templates were seen", seen)
	}
}

// Nobody may read Secrets of the cluster unless a value says so, nor do more than list
// and watch there but to what is named; nothing has all verbs.
func TestRights(t *testing.T) {
	roles := 0
	each(t, func(t *testing.T, variant string, o *unstructured.Unstructured) {
		if o.GetKind() != "ClusterRole" && o.GetKind() != "Role" {
			return
		}
		roles++
		rules, _, _ := unstructured.NestedSlice(o.Object, "rules")
		for _, r := range rules {
			text, _ := json.Marshal(r)
			var rule struct{ APIGroups, Resources, ResourceNames, Verbs []string }
			if err := json.Unmarshal(text, &rule); err != nil {
				t.Fatal(err)
			}
			secrets := slices.Contains(rule.Resources, "secrets") || slices.Contains(rule.Resources, "*") && slices.Contains(rule.APIGroups, "")
			if o.GetKind() == "ClusterRole" && secrets && variant != "everything" {
				t.Errorf("%s may %v %v", o.GetName(), rule.Verbs, rule.Resources)
			}
			if slices.Contains(rule.Verbs, "*") || slices.Contains(rule.Verbs, "escalate") || slices.Contains(rule.Verbs, "bind") || slices.Contains(rule.Verbs, "impersonate") {
				t.Errorf("%s may %v", o.GetName(), rule.Verbs)
			}
			writes := slices.ContainsFunc(rule.Verbs, func(v string) bool { return !slices.Contains([]string{"get", "list", "watch"}, v) })
			reports := slices.Contains(rule.APIGroups, "openreports.io") || slices.Contains(rule.APIGroups, "wgpolicyk8s.io")
			if o.GetKind() == "ClusterRole" && writes && len(rule.ResourceNames) == 0 && !reports {
				t.Errorf("%s may %v any of %v", o.GetName(), rule.Verbs, rule.Resources)
			}
		}
	})
	if roles < 10 {
		t.Errorf("%d roles were seen", roles)
	}
}

// No hook fails closed unless the value says so, and then only that of pods; each waits
// three seconds at most, has no side effects, and leaves the control plane and itself alone.
func TestHooks(t *testing.T) {
	hooks := 0
	each(t, func(t *testing.T, variant string, o *unstructured.Unstructured) {
		if o.GetKind() != "ValidatingWebhookConfiguration" {
			return
		}
		list, _, _ := unstructured.NestedSlice(o.Object, "webhooks")
		for _, h := range list {
			hooks++
			h := h.(map[string]any)
			want := "Ignore"
			if variant == "closed" && h["name"] == "pods."+admit.Domain {
				want = "Fail"
			}
			text, _ := json.Marshal(h["namespaceSelector"])
			if h["failurePolicy"] != want || h["sideEffects"] != "None" || h["timeoutSeconds"] != int64(3) && h["timeoutSeconds"] != float64(3) || h["matchPolicy"] != "Equivalent" ||
				!strings.Contains(string(text), `"values":["kube-system","kube-node-lease","oakum-system"]`) {
				t.Errorf("%s: %v", variant, h)
			}
			rules, _ := json.Marshal(h["rules"])
			if strings.Contains(string(rules), "/status") || strings.Contains(string(rules), "/scale") || strings.Contains(string(rules), `"*"],"scope"`) || strings.Contains(string(rules), `"nodes"`) {
				t.Errorf("%s: %s", h["name"], rules)
			}
		}
	})
	if hooks != 3*len(variants) {
		t.Errorf("%d hooks in %d variants", hooks, len(variants))
	}
}

// The server takes the configuration that the chart writes, and judges by it.
func TestChartsConfiguration(t *testing.T) {
	for name, values := range variants {
		for _, o := range rendered(t, values...) {
			if o.GetKind() != "ConfigMap" {
				continue
			}
			text, _, _ := unstructured.NestedString(o.Object, "data", "config.yaml")
			c, err := server.ParseConfig([]byte(text))
			if err != nil {
				t.Errorf("%s: %v\n%s", name, err, text)
				continue
			}
			if (c.FailureMode == server.FailClosed) != (name == "closed") || c.References.Secrets != (name == "everything") || (len(c.Exemptions) == 1) != (name == "own policy") || (c.Policy != "") != (name == "own policy") ||
				(c.Rules != "") != (name == "own rules") {
				t.Errorf("%s: %+v", name, c)
			}
		}
	}
}

// Our own scan finds nothing in what we install.
func TestRendersAreClean(t *testing.T) {
	for name, values := range variants {
		text, err := helm(t, values...)
		if err != nil {
			t.Fatal(text)
		}
		file := filepath.Join(t.TempDir(), "render.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, words strings.Builder
		if code := cli.Run(t.Context(), command.Program(), []string{"oakum-webhook", "scan", "k8s", file}, []string{"HOME=" + t.TempDir()}, cli.Stdio{In: strings.NewReader(""), Out: &out, Err: &words}); code != 0 {
			t.Errorf("%s: exit %d\n%s%s", name, code, out.String(), words.String())
		}
	}
}

// The values that the chart documents are those that its schema knows.
func TestValuesAreInTheSchema(t *testing.T) {
	var values, schema map[string]any
	for name, into := range map[string]*map[string]any{"values.yaml": &values, "values.schema.json": &schema} {
		text, err := os.ReadFile(filepath.Join(chart, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	known := schema["properties"].(map[string]any)
	for name := range values {
		if known[name] == nil {
			t.Errorf("the schema does not know %s", name)
		}
	}
	for name := range known {
		if _, ok := values[name]; !ok && name != "global" {
			t.Errorf("values.yaml does not tell of %s", name)
		}
	}
}
