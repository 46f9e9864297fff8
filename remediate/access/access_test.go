package access

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const sample = `version: 1
aws: {account: "123456789012", region: eu-west-1}
secrets:
  mysql: {store: awssecrets, name: prod/mysql, suffix: AbCdEf, kms: "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"}
  mail: {store: awssecrets, name: prod/mail, suffix: GhIjKl, kms: "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"}
  docker: {store: awsssm, name: /prod/docker/username, kms: "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"}
  plain: {store: awsssm, name: /prod/plain}
  kv: {store: vault, name: secret/prod/api}
  lent: {store: vault, engine: database, name: database/creds/api}
  az: {store: azurekeyvault, name: api-key, vault: my-vault, subscription: sub1, resource_group: rg1}
  g: {store: gcpsecrets, name: api-key, project: my-project}
readers:
  orders: {reads: [mysql, mail, docker, plain], as: {ecs: {}}}
  agent: {reads: [mysql, docker], as: {ecs: {execution: true}}}
  box: {reads: [plain], as: {ec2: {}}}
  fn: {reads: [mysql], as: {lambda: {}}}
  pod: {reads: [mysql], as: {irsa: {provider: oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE, namespace: shop, service_account: orders}}}
  pod2: {reads: [docker], as: {pod_identity: {cluster: prod, namespace: shop, service_account: orders}}}
  ci: {reads: [mysql, kv], as: {github: {repository: acme/shop, ref: refs/heads/main}}}
  cd: {reads: [mail], as: {github: {repository: acme/shop, environment: prod}}}
  gl: {reads: [mail], as: {gitlab: {project: acme/shop, branch: main}}}
  k8s: {reads: [kv], as: {kubernetes: {namespace: shop, service_account: orders}}}
  job: {reads: [kv], as: {approle: {}}}
  svc: {reads: [lent], as: {jwt: {subject: svc-1}}}
  old: {reads: [kv], as: {iam_role: "arn:aws:iam::123456789012:role/old"}}
  vm: {reads: [az, kv], as: {azure: {principal: 11111111-2222-3333-4444-555555555555, subscription: sub1, resource_group: rg1}}}
  gce: {reads: [g, kv], as: {gcp: orders@my-project.iam.gserviceaccount.com}}
`

func read(t *testing.T, text string) *Description {
	t.Helper()
	d, err := Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// document is one of the compiled.
func document(t *testing.T, d *Description, name string) string {
	t.Helper()
	docs, err := d.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range docs {
		if doc.Name == name {
			return string(doc.Content)
		}
	}
	t.Fatalf("no document is called %s", name)
	return ""
}

func TestCompile(t *testing.T) {
	d := read(t, sample)
	docs, err := d.Compile()
	if err != nil || len(docs) != 9*2+7*2+1+1 {
		t.Fatalf("%d documents, %v", len(docs), err)
	}
	for _, doc := range docs {
		if strings.HasSuffix(doc.Name, ".json") && !json.Valid(doc.Content) {
			t.Errorf("%s is no JSON", doc.Name)
		}
	}
	for name, parts := range map[string][]string{
		"orders.iam-policy.json": {
			`"secretsmanager:GetSecretValue"`, `"arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/mail-GhIjKl"`, `"arn:aws:ssm:eu-west-1:123456789012:parameter/prod/docker/username"`,
			`"kms:ViaService": [` + "\n" + `            "secretsmanager.eu-west-1.amazonaws.com"`, `"kms:EncryptionContext:PARAMETER_ARN"`},
		"agent.iam-policy.json":          {`"ssm:GetParameters"`},
		"orders.trust-policy.json":       {`"Service": "ecs-tasks.amazonaws.com"`, `"arn:aws:ecs:eu-west-1:123456789012:*"`, `"aws:SourceAccount"`},
		"pod.trust-policy.json":          {`"arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE"`, `"system:serviceaccount:shop:orders"`, `/id/EXAMPLE:aud"`},
		"pod2.trust-policy.json":         {`"sts:TagSession"`, `"pods.eks.amazonaws.com"`, `cluster/prod"`},
		"ci.trust-policy.json":           {`"repo:acme/shop:ref:refs/heads/main"`, `"token.actions.githubusercontent.com:aud"`},
		"cd.trust-policy.json":           {`"repo:acme/shop:environment:prod"`},
		"gl.trust-policy.json":           {`"project_path:acme/shop:ref_type:branch:ref:main"`, `"https://gitlab.com"`},
		"k8s.vault-policy.hcl":           {"path \"secret/data/prod/api\" {\n  capabilities = [\"read\"]\n}\n"},
		"k8s.vault-role.json":            {`"auth/kubernetes/role/k8s"`, `"bound_service_account_names"`},
		"svc.vault-policy.hcl":           {"path \"database/creds/api\" {\n  capabilities = [\"read\"]\n}\n"},
		"svc.vault-role.json":            {`"auth/jwt/role/svc"`, `"bound_subject": "svc-1"`},
		"gce.vault-role.json":            {`"max_jwt_exp": "1h"`},
		"job.vault-role.json":            {`"secret_id_num_uses": 1`},
		"old.vault-role.json":            {`"arn:aws:iam::123456789012:role/old"`},
		"ci.vault-role.json":             {`"bound_subject": "repo:acme/shop:ref:refs/heads/main"`},
		"vm.azure-role-assignments.json": {`vaults/my-vault/secrets/api-key"`, keyVaultSecretsUser},
		"gce.gcp-bindings.json":          {`"projects/my-project/secrets/api-key"`, `"roles/secretmanager.secretAccessor"`, `"serviceAccount:orders@`},
	} {
		text := document(t, d, name)
		for _, part := range parts {
			if !strings.Contains(text, part) {
				t.Errorf("%s does not hold %s:\n%s", name, part, text)
			}
		}
	}
}

// A policy that is compiled is sufficient and least, and the check asked enough
// to say so.
func TestCheckCompiled(t *testing.T) {
	proof, err := read(t, sample).Check(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range proof.Problems {
		t.Error(p)
	}
	if proof.Policies != 18 || proof.Requests < 10_000 || proof.Variants < 60 {
		t.Errorf("the proof looked at %d policies, %d requests, %d variants", proof.Policies, proof.Requests, proof.Variants)
	}
}

// What people write by hand is found out.
func TestCheckFindsOut(t *testing.T) {
	d := read(t, sample)
	compiled := map[string]string{}
	docs, err := d.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range docs {
		compiled[doc.Name] = string(doc.Content)
	}
	for name, c := range map[string]struct{ document, old, new, want string }{
		"wildcard suffix":    {"fn.iam-policy.json", "mysql-AbCdEf", "mysql-*", "allows secretsmanager:GetSecretValue"},
		"six unknown":        {"fn.iam-policy.json", "mysql-AbCdEf", "mysql-??????", "allows secretsmanager:GetSecretValue"},
		"whole prefix":       {"fn.iam-policy.json", "prod/mysql-AbCdEf", "prod/*", "allows secretsmanager:GetSecretValue"},
		"action wildcard":    {"fn.iam-policy.json", "secretsmanager:GetSecretValue", "secretsmanager:*", "allows secretsmanager:"},
		"no suffix":          {"fn.iam-policy.json", "prod/mysql-AbCdEf", "prod/mysql", "denies secretsmanager:GetSecretValue"},
		"other key":          {"fn.iam-policy.json", "1234567890ab", "000000000000", "denies kms:Decrypt"},
		"key for all":        {"fn.iam-policy.json", "secretsmanager.eu-west-1.amazonaws.com", "*", "denies kms:Decrypt"},
		"batches":            {"orders.iam-policy.json", `"ssm:GetParameter"`, `"ssm:GetParameters"`, "denies ssm:GetParameter"},
		"every branch":       {"ci.trust-policy.json", `"StringEquals"`, `"StringNotEquals"`, "denies sts:AssumeRoleWithWebIdentity"},
		"no tags":            {"pod2.trust-policy.json", `"sts:TagSession"`, `"sts:AssumeRole"`, "denies sts:TagSession"},
		"statement too many": {"box.iam-policy.json", `"Statement": [`, `"Statement": [{"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "arn:aws:ssm:eu-west-1:123456789012:parameter/prod/plain"},`, "nothing changes without statement"},
	} {
		t.Run(name, func(t *testing.T) {
			proof, err := d.Check(func(doc string) (Policy, bool, error) {
				text := compiled[doc]
				if doc == c.document {
					changed := strings.Replace(text, c.old, c.new, 1)
					if changed == text {
						t.Fatalf("the case changes nothing in\n%s", text)
					}
					text = changed
				}
				p, err := ReadPolicy([]byte(text))
				return p, true, err
			})
			if err != nil {
				t.Fatal(err)
			}
			found := func(p Problem) bool { return p.Document == c.document && strings.Contains(p.What, c.want) }
			if !slices.ContainsFunc(proof.Problems, found) {
				t.Errorf("not found out: %v", proof.Problems[:min(len(proof.Problems), 3)])
			}
			for _, p := range proof.Problems {
				if p.Document != c.document {
					t.Errorf("another document is blamed: %s", p)
				}
			}
		})
	}
	proof, err := d.Check(func(string) (Policy, bool, error) { return Policy{}, false, nil })
	if err != nil || len(proof.Problems) != 18 {
		t.Errorf("missing documents: %d problems, %v", len(proof.Problems), err)
	}
}

func TestReadPolicyIsStrict(t *testing.T) {
	for _, text := range []string{
		`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]}`,
		`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}`,
		`{"Statement": [{"Effect": "allow", "Action": "x"}]}`, `[]`,
	} {
		if p, err := ReadPolicy([]byte(text)); err == nil {
			t.Errorf("%s is read as %v", text, p)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"unknown field":     {"version: 1", "version: 1\nsecretz: {}", "secretz"},
		"version":           {"version: 1", "version: 2", "version: 1"},
		"no suffix":         {"suffix: AbCdEf, ", "", "six characters"},
		"wildcard suffix":   {"suffix: AbCdEf", `suffix: "??????"`, "six characters"},
		"alias":             {"key/1234abcd-12ab-34cd-56ef-1234567890ab\"}\n  mail", "alias/x\"}\n  mail", "alias"},
		"wildcard name":     {"name: prod/mail", `name: "prod/*"`, "exact"},
		"parameter":         {"name: /prod/plain", "name: prod/plain", "slash"},
		"account":           {`"123456789012"`, `"1234"`, "twelve digits"},
		"every branch":      {"ref: refs/heads/main", `ref: "refs/heads/*"`, "exact"},
		"every repository":  {"repository: acme/shop, ref", `repository: "acme/*", ref`, "exact"},
		"neither":           {", ref: refs/heads/main", "", "one of ref"},
		"both":              {"ref: refs/heads/main", "ref: refs/heads/main, environment: prod", "one of ref"},
		"two identities":    {"{ec2: {}}", "{ec2: {}, lambda: {}}", "exactly one identity"},
		"no such secret":    {"reads: [plain]", "reads: [nowhere]", "no nowhere"},
		"out of reach":      {"reads: [plain]", "reads: [kv]", "cannot read"},
		"reads nothing":     {"reads: [plain]", "reads: []", "reads nothing"},
		"name of a reader":  {"  box:", "  Box_1:", "a-z"},
		"namespace missing": {"kubernetes: {namespace: shop, ", "kubernetes: {", "namespace is missing"},
		"vault mount":       {"name: secret/prod/api", "name: api", "MOUNT/PATH"},
		"store":             {"store: gcpsecrets", "store: drawer", "drawer"},
	} {
		text := strings.Replace(sample, c.old, c.new, 1)
		if text == sample {
			t.Fatalf("%s changes nothing", name)
		}
		if _, err := Read([]byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; expected %q", name, err, c.want)
		}
	}
	var any map[string]any
	if err := yaml.Unmarshal([]byte(sample), &any); err != nil {
		t.Fatal(err)
	}
}

func TestLike(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{{"a*c", "abbc", true}, {"a*c", "abb", false}, {"a??", "abc", true}, {"a??", "ab", false}, {"*", "", true}, {"", "a", false}, {"a*b*c", "axbxc", true}} {
		if like(c.pattern, c.text) != c.want {
			t.Errorf("like(%q, %q)", c.pattern, c.text)
		}
	}
}
