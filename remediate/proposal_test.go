package remediate

import (
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/remediate/rotate"
)

// TestProposals: the parts of a key are rotated together, each other secret by itself,
// under a name that no other has; the drafts are read as they are.
func TestProposals(t *testing.T) {
	p := &Plan{Stores: []Store{{Target: "awsparams:"}, {Target: "vaultkv://secret"}}, Secrets: []Secret{
		{Rule: "aws-access-key-id", Findings: []string{"f1"}, Name: "/shop/aws/access_key_id"},
		{Rule: "npm-token", Findings: []string{"f2"}, Name: "/shop/npm/token"},
		{Rule: "aws-secret-access-key", Findings: []string{"f1"}, Name: "/shop/aws-2/secret_access_key"}, // another place, the same finding
		{Rule: "aws-access-key-id", Findings: []string{"f3"}, Store: 1, Name: "shop/aws", Field: "access_key_id"},
		{Rule: "aws-secret-access-key", Findings: []string{"f4"}, Store: 1, Name: "shop/aws", Field: "secret_access_key"}, // the same document
		{Rule: "aws-secret-access-key", Findings: []string{"f5"}, Name: "/jobs/aws/secret_access_key"},                    // its id is not moved
		{Rule: "postgres-url-password", Findings: []string{"f6"}, Store: 1, Name: "shop/db", Field: "url", About: []string{"user app: \"x\"", "host db:5432", "database shop"}},
		{Rule: "mysql-go-dsn", Findings: []string{"f7"}, Name: "/Shop/NPM/token", About: []string{"user app"}},
		{Rule: "some-rule", Findings: []string{"f8"}, Name: "///"},
		{Rule: "some-rule", Findings: []string{"f9"}, Name: strings.Repeat("/very-long", 20)},
	}}
	want := []struct{ name, kind, draft string }{
		{"shop-aws", "aws-iam-key", "entries: {access_key_id: /shop/aws/access_key_id, secret_access_key: /shop/aws-2/secret_access_key}"},
		{"shop-npm-token", "npm-token", "entry: /shop/npm/token"},
		{"shop-aws-2", "aws-iam-key", "entry: shop/aws, form: {fields: {access_key_id: access_key_id, secret_access_key: secret_access_key}}"},
		{"jobs-aws-secret-access-key", "aws-iam-key", "entries: {access_key_id: /jobs/aws/access_key_id, secret_access_key: /jobs/aws/secret_access_key}"},
		{"shop-db-url", "postgres", `entry: shop/db, form: {fields: {password: url}, fixed: {username: 'app: "x"'}}, with: {addresses: ["db:5432"], database: shop, mode: single-user}`},
		{"shop-npm-token-2", "mysql", `entry: /Shop/NPM/token, form: {fields: {password: "."}, fixed: {username: app}}`},
		{"generic", "generic", "entry: ///"},
		{strings.TrimPrefix(strings.Repeat("-very-long", 6)[4:], "-"), "generic", "entry: " + strings.Repeat("/very-long", 20)},
	}
	var moved []int
	for i, one := range p.Proposals() {
		moved = append(moved, one.Secrets...)
		if i >= len(want) || one.Name != want[i].name || one.Kind != want[i].kind {
			t.Fatalf("proposal %d is %+v", i, one)
		}
		text, err := yaml.Marshal(map[string]any{"rotations": []Draft{p.Draft(one, "age:")}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := rotate.ReadSettings(strings.NewReader(string(text)))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		wanted, err := rotate.ReadSettings(strings.NewReader("rotations: [{name: " + one.Name + ", kind: " + one.Kind + ", store: 'age:', " + want[i].draft + "}]"))
		if err != nil {
			t.Fatal(err)
		}
		if a, b := shown(t, got[0]), shown(t, wanted[0]); a != b {
			t.Errorf("the draft is\n%s, expected\n%s", a, b)
		}
	}
	slices.Sort(moved)
	if !slices.Equal(moved, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
		t.Errorf("the proposals are about the secrets %v", moved)
	}
}

// shown is an entry as text, without the marks of how it was written.
func shown(t *testing.T, s rotate.Settings) string {
	t.Helper()
	var with any
	if err := s.With.Decode(&with); !s.With.IsZero() && err != nil {
		t.Fatal(err)
	}
	s.With = yaml.Node{}
	text, err := yaml.Marshal([]any{s, with})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
