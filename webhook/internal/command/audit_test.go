package command_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/webhook/internal/command"
	"github.com/oakum-sec/oakum/webhook/internal/fakeapi"
)

// resources are what the fake server has.
var resources = []fakeapi.Resource{
	{Version: "v1", Plural: "namespaces", Kind: "Namespace"},
	{Version: "v1", Plural: "configmaps", Kind: "ConfigMap", Namespaced: true},
	{Version: "v1", Plural: "pods", Kind: "Pod", Namespaced: true},
	{Version: "v1", Plural: "secrets", Kind: "Secret", Namespaced: true},
	{Group: "apps", Version: "v1", Plural: "deployments", Kind: "Deployment", Namespaced: true},
}

var openreports = []fakeapi.Resource{
	{Group: "openreports.io", Version: "v1alpha1", Plural: "reports", Kind: "Report", Namespaced: true},
	{Group: "openreports.io", Version: "v1alpha1", Plural: "clusterreports", Kind: "ClusterReport"},
}

var wgpolicy = []fakeapi.Resource{
	{Group: "wgpolicyk8s.io", Version: "v1alpha2", Plural: "policyreports", Kind: "PolicyReport", Namespaced: true},
	{Group: "wgpolicyk8s.io", Version: "v1alpha2", Plural: "clusterpolicyreports", Kind: "ClusterPolicyReport"},
}

// kubeconfigOf is one that leads to a server.
func kubeconfigOf(s *fakeapi.Server) string {
	return fmt.Sprintf("apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: %q}}]\ncontexts: [{name: c, context: {cluster: c, user: u}}]\ncurrent-context: c\nusers: [{name: u, user: {}}]\n", s.URL)
}

// run runs a command line against a server.
func run(t *testing.T, s *fakeapi.Server, args ...string) (code int, out, words string) {
	t.Helper()
	dir := t.TempDir()
	kubeconfig := filepath.Join(dir, "kubeconfig")
	if err := os.WriteFile(kubeconfig, []byte(kubeconfigOf(s)), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	args = append([]string{"oakum-webhook"}, append(args, "--kubeconfig", kubeconfig)...)
	code = cli.Run(t.Context(), command.Program(), args, []string{"HOME=" + dir}, cli.Stdio{In: strings.NewReader(""), Out: &stdout, Err: &stderr})
	return code, stdout.String(), stderr.String()
}

func namespace(name string, labels ...string) string {
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":%q,"labels":{%s}}}`, name, strings.Join(labels, ","))
}

const enforceOff, warnOnly = `"oakum-sec.github.io/enforce":"off","oakum-sec.github.io/warn":"off","oakum-sec.github.io/audit":"off"`, `"oakum-sec.github.io/enforce":"off"`

// deployment has an AWS key pair made of seed; the same seed is the same key.
func deployment(seed uint64, namespace, name string) string {
	return leaktest.Must(seed, fmt.Sprintf(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":%q,"namespace":%q},"spec":{"template":{"spec":{"containers":[{"name":"app",
"env":[{"name":"AWS_ACCESS_KEY_ID","value":"{{awsID "AKIA"}}"},{"name":"AWS_SECRET_ACCESS_KEY","value":"{{awsSecret}}"}]}]}}}}`, name, namespace))
}

func audited(t *testing.T, s *fakeapi.Server, args ...string) (*report.Document, int) {
	t.Helper()
	code, out, words := run(t, s, append([]string{"webhook", "audit", "--format", "json"}, args...)...)
	doc, err := report.Read(strings.NewReader(out))
	if err != nil {
		t.Fatalf("exit %d: %v\n%s", code, err, words)
	}
	return doc, code
}

// One key in four namespaces: each is judged by its own labels, and told for itself.
func TestAuditByNamespace(t *testing.T) {
	s := fakeapi.New(t, resources...)
	s.Add(t, namespace("bank"), namespace("shop", warnOnly), namespace("play", enforceOff), namespace("odd", `"oakum-sec.github.io/enforce":"loud"`))
	for _, in := range []string{"bank", "shop", "play", "odd"} {
		s.Add(t, deployment(1, in, "web"), deployment(1, in, "web-copy"))
	}
	doc, code := audited(t, s)
	got := map[string]string{}
	for _, f := range doc.Findings {
		at := f.Place.(leak.ObjectField)
		got[at.Namespace] += fmt.Sprintf("%s/%d ", f.Decision.Verdict, f.Seen)
	}
	want := map[string]string{"bank": "deny/2 ", "shop": "warn/2 ", "play": "allow/2 ", "odd": "deny/2 "}
	if fmt.Sprint(got) != fmt.Sprint(want) || code != 1 {
		t.Errorf("exit %d, %v\nexpected %v", code, got, want)
	}
	if len(doc.Notices) != 1 || !strings.Contains(doc.Notices[0].Text, "namespace odd") {
		t.Errorf("notices: %+v", doc.Notices)
	}
	if doc, code := audited(t, s, "-n", "shop"); code != 3 && code != 0 || len(doc.Findings) != 1 {
		t.Errorf("only shop: exit %d, %d findings", code, len(doc.Findings))
	}
}

// The audit denies nothing that scan k8s --live does not find, and both page through the
// same objects.
func TestAuditAndLiveScanSeeTheSame(t *testing.T) {
	s := fakeapi.New(t, resources...)
	s.Add(t, namespace("bank"), deployment(1, "bank", "a"), deployment(2, "bank", "b"))
	doc, _ := audited(t, s)
	code, out, words := run(t, s, "scan", "k8s", "--live", "--format", "json")
	live, err := report.Read(strings.NewReader(out))
	if err != nil {
		t.Fatalf("exit %d: %v\n%s", code, err, words)
	}
	if len(doc.Findings) != 2 || len(live.Findings) != 2 || code != 1 || live.Summary.Blobs != doc.Summary.Blobs {
		t.Errorf("audit %d, live %d, exit %d", len(doc.Findings), len(live.Findings), code)
	}
}

// What the webhook exempts is exempt here, if it is not about who asks; its defaults hold.
func TestAuditByTheWebhooksConfiguration(t *testing.T) {
	s := fakeapi.New(t, resources...)
	s.Add(t, namespace("bank"), namespace("legacy"), deployment(1, "bank", "web"), deployment(2, "legacy", "web"))
	config := filepath.Join(t.TempDir(), "config.yaml")
	for _, c := range []struct{ text, bank, legacy string }{
		{"exemptions: [{namespaces: [legacy], owner: team, expires: 2999-01-01T00:00:00Z}]", "deny", "allow"},
		{"exemptions: [{namespaces: [legacy], users: [ann], owner: team, expires: 2999-01-01T00:00:00Z}]", "deny", "deny"},
		{"exemptions: [{namespaces: [legacy], owner: team, expires: 2020-01-01T00:00:00Z}]", "deny", "deny"},
		{"defaults: {enforce: {level: off}, warn: {level: all}, audit: {level: all}}", "warn", "warn"},
	} {
		if err := os.WriteFile(config, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		doc, _ := audited(t, s, "--webhook-config", config)
		got := map[string]string{}
		for _, f := range doc.Findings {
			got[f.Place.(leak.ObjectField).Namespace] = f.Decision.Verdict.String()
		}
		if got["bank"] != c.bank || got["legacy"] != c.legacy {
			t.Errorf("%s: %v", c.text, got)
		}
	}
}

// Secrets are read only where that is asked for, and a static key in one is warned of.
func TestAuditOfSecrets(t *testing.T) {
	s := fakeapi.New(t, resources...)
	s.Add(t, namespace("bank"), leaktest.Must(1, `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"aws","namespace":"bank"},"stringData":{"AWS_ACCESS_KEY_ID":"{{awsID "AKIA"}}","AWS_SECRET_ACCESS_KEY":"{{awsSecret}}"}}`))
	doc, code := audited(t, s)
	if len(doc.Findings) != 0 || code != 0 || len(doc.Gaps) != 1 || doc.Gaps[0].Class != leak.Boundary {
		t.Errorf("exit %d, findings %d, gaps %v", code, len(doc.Findings), doc.Gaps)
	}
	doc, code = audited(t, s, "--secrets")
	if len(doc.Findings) != 1 || code != 0 || doc.Findings[0].Decision.Verdict != leak.Warn || len(doc.Gaps) != 0 {
		t.Errorf("--secrets: exit %d, %+v", code, doc.Findings)
	}
	s.Forbid("list", "secrets")
	if doc, code = audited(t, s, "--secrets"); code != 3 || len(doc.Gaps) != 1 || !strings.Contains(doc.Gaps[0].Error(), "verb list on secrets") {
		t.Errorf("exit %d, gaps %v", code, doc.Gaps)
	}
}

// says is what a report of ours tells.
type says struct {
	Metadata struct {
		Name, Namespace string
		Annotations     map[string]string
	}
	Source  string
	Summary struct{ Fail, Warn, Error int }
	Results []struct {
		Source, Rule, Result, Message string
		Resources                     []struct{ Kind, Name, FieldPath string }
		Properties                    map[string]string
	}
}

func reports(t *testing.T, s *fakeapi.Server, name string) map[string]says {
	t.Helper()
	all := map[string]says{}
	for _, o := range s.Objects(name) {
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		var r says
		if err := json.Unmarshal(text, &r); err != nil {
			t.Fatal(err)
		}
		all[r.Metadata.Namespace] = r
	}
	return all
}

// Reports are one a namespace, hold no value, are written only where they say something
// new, and go with the findings; what is not ours stays.
func TestAuditWritesReports(t *testing.T) {
	for _, kind := range []struct {
		name     string
		serves   []fakeapi.Resource
		inResult bool
	}{{"reports.openreports.io", append(openreports, wgpolicy...), false}, {"policyreports.wgpolicyk8s.io", wgpolicy, true}} {
		t.Run(kind.name, func(t *testing.T) {
			s := fakeapi.New(t, append(resources, kind.serves...)...)
			s.Add(t, namespace("bank"), namespace("shop", warnOnly), deployment(1, "bank", "web"), deployment(1, "bank", "api"), deployment(2, "shop", "web"))
			code, _, words := run(t, s, "webhook", "audit", "--reports")
			got := reports(t, s, kind.name)
			if code != 1 || len(got) != 2 || !strings.Contains(words, "2 written") {
				t.Fatalf("exit %d, %d reports\n%s", code, len(got), words)
			}
			bank := got["bank"]
			if bank.Metadata.Name != "oakum" || bank.Summary.Fail != 1 || len(bank.Results) != 1 || bank.Results[0].Result != "fail" || len(bank.Results[0].Resources) != 2 ||
				bank.Results[0].Rule != "aws-access-key-id" || got["shop"].Results[0].Result != "warn" || (bank.Source == "oakum") == kind.inResult || (bank.Results[0].Source == "oakum") != kind.inResult {
				t.Errorf("%+v", got)
			}
			noValue(t, s, kind.name)
			if _, _, words := run(t, s, "webhook", "audit", "--reports"); !strings.Contains(words, "0 written, 2 unchanged") {
				t.Errorf("again: %s", words)
			}
			s.Remove("deployments.apps", "shop", "web")
			if _, _, words := run(t, s, "webhook", "audit", "--reports", "-n", "bank"); !strings.Contains(words, "0 removed") {
				t.Errorf("another namespace: %s", words)
			}
			s.Forbid("list", "pods")
			if _, _, words := run(t, s, "webhook", "audit", "--reports"); !strings.Contains(words, "1 kept") {
				t.Errorf("not all looked at: %s", words)
			}
			s.Permit("list", "pods")
			_, _, words = run(t, s, "webhook", "audit", "--reports")
			if got := reports(t, s, kind.name); len(got) != 1 || !strings.Contains(words, "2 removed") {
				t.Errorf("mended: %v\n%s", got, words)
			}
		})
	}
}

// noValue holds that no secret of seeds 1 and 2 is in what was written.
func noValue(t *testing.T, s *fakeapi.Server, name string) {
	t.Helper()
	text, _ := json.Marshal(s.Objects(name))
	for seed := range uint64(3) {
		for _, value := range strings.Fields(leaktest.Must(seed, `{{awsID "AKIA"}} {{awsSecret}}`)) {
			if bytes.Contains(text, []byte(value)) {
				t.Errorf("a report holds a value")
			}
		}
	}
}

// A report of somebody else's that has our name is let be, and told; a cluster without
// reports is told what to do.
func TestAuditLetsOthersBe(t *testing.T) {
	s := fakeapi.New(t, append(resources, openreports...)...)
	s.Add(t, namespace("bank"), deployment(1, "bank", "web"), `{"apiVersion":"openreports.io/v1alpha1","kind":"Report","metadata":{"name":"oakum","namespace":"bank"},"source":"another"}`)
	code, _, words := run(t, s, "webhook", "audit", "--reports")
	if got := reports(t, s, "reports.openreports.io")["bank"]; code != 2 || got.Source != "another" || !strings.Contains(words, "not oakum's own") {
		t.Errorf("exit %d, %+v\n%s", code, got, words)
	}
	s.Forbid("list", "reports.openreports.io")
	if code, _, words = run(t, s, "webhook", "audit", "--reports"); code != 2 || !strings.Contains(words, "verb list on reports.openreports.io") {
		t.Errorf("exit %d\n%s", code, words)
	}
	bare := fakeapi.New(t, resources...)
	if code, _, words = run(t, bare, "webhook", "audit", "--reports"); code != 2 || !strings.Contains(words, "openreports/reports-api") {
		t.Errorf("exit %d\n%s", code, words)
	}
	if code, _, words = run(t, bare, "webhook", "audit", "--reports", "--kinds", "pods"); code != 2 || !strings.Contains(words, "--kinds") {
		t.Errorf("exit %d\n%s", code, words)
	}
}

// A report is bounded however much there is to tell, and says how much it leaves out.
func TestReportsAreBounded(t *testing.T) {
	s := fakeapi.New(t, append(resources, openreports...)...)
	s.Add(t, namespace("bank"))
	for i := range 620 {
		s.Add(t, deployment(uint64(i+1), "bank", fmt.Sprintf("web-%03d", i)))
	}
	run(t, s, "webhook", "audit", "--reports")
	got := reports(t, s, "reports.openreports.io")["bank"]
	text, _ := json.Marshal(s.Objects("reports.openreports.io"))
	if len(got.Results) != 500 || got.Summary.Fail != 620 || got.Metadata.Annotations["oakum-sec.github.io/left-out"] != "120" || len(text) > 520_000 {
		t.Errorf("%d results, %d failures, %d bytes, %v", len(got.Results), got.Summary.Fail, len(text), got.Metadata.Annotations)
	}
}
