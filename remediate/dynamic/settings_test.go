package dynamic_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/remediate/dynamic"
)

const sample = `version: 1
vault: {mount: db/prod}
database: {name: shop, kind: postgresql, address: "db.example:5432", database: shop, admin: {user: dba, password: ref+vault://secret/dba#/password}}
user: shop_app
role: {name: api-role, default_ttl: 30m, max_ttl: 2h}
static_roles: {report: {user: report}}
readers:
  orders: {as: {kubernetes: {namespace: shop, service_account: orders-api}}}
  reports: {as: {kubernetes: {namespace: shop, service_account: reports}}, static: report}
  node: {as: {iam_role: "arn:aws:iam::123456789012:role/node"}}
`

func TestReadRefuses(t *testing.T) {
	if _, err := dynamic.Read([]byte(sample)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"unknown field":    {"version: 1", "version: 1\npasswd: {}", "passwd"},
		"version":          {"version: 1", "version: 3", "version: 1"},
		"kind":             {"kind: postgresql", "kind: oracle", "mysql"},
		"address":          {"db.example:5432", "db.example", "HOST:PORT"},
		"in the file":      {"ref+vault://secret/dba#/password", "plain", "reference"},
		"no user":          {"user: shop_app", "", "user is missing"},
		"the admin itself": {"user: shop_app", "user: dba", "locked"},
		"statement":        {"user: shop_app", `user: "x; drop"`, "letters"},
		"ttl":              {"max_ttl: 2h", "max_ttl: 2m", "at least"},
		"both":             {"{user: report}", "{user: shop_app}", "both"},
		"no static role":   {"static: report", "static: nothing", "nothing"},
		"wildcard":         {"service_account: orders-api", `service_account: "*"`, "exact"},
		"identity of AWS":  {`{iam_role: "arn:aws:iam::123456789012:role/node"}`, "{ec2: {}}", "cannot read"},
	} {
		text := strings.Replace(sample, c.old, c.new, 1)
		if text == sample {
			t.Fatalf("%s changes nothing", name)
		}
		if _, err := dynamic.Read([]byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; expected %q", name, err, c.want)
		}
	}
}

// What is written for Kubernetes is read as YAML, and leads to the path that the reader's
// policy is for.
func TestManifests(t *testing.T) {
	var out bytes.Buffer
	if err := settings(t, sample).Manifests(&out); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"ref+vault://db/prod/creds/api-role?auth=kubernetes&role=orders#/password", "ref+vault://db/prod/static-creds/report?auth=kubernetes&role=reports#/username",
		"ref+vault://db/prod/creds/api-role?auth=aws&role=node#/username", "GET /v1/db/prod/creds/api-role"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("%s is not among\n%s", part, out.String())
		}
	}
	kinds := map[string]int{}
	for dec := yaml.NewDecoder(&out); ; {
		var doc struct {
			Kind        string
			Environment map[string]string
			Annotations map[string]string
			Spec        struct {
				Mount, Path      string
				AllowStaticCreds bool `yaml:"allowStaticCreds"`
			}
		}
		if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		kinds[doc.Kind]++
		switch {
		case doc.Kind == "VaultDynamicSecret" && (doc.Spec.Mount != "db/prod" || doc.Spec.Path != "creds/api-role" && doc.Spec.Path != "static-creds/report" || doc.Spec.AllowStaticCreds != (doc.Spec.Path == "static-creds/report")):
			t.Errorf("%+v", doc.Spec)
		case len(doc.Annotations) > 0:
			kinds["annotations"]++
		}
	}
	if kinds["VaultDynamicSecret"] != 2 || kinds["VaultAuth"] != 2 || kinds["annotations"] != 2 {
		t.Errorf("there are %v", kinds)
	}
}
