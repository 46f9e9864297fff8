package rewrite

import (
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/rewrite/change"
	"github.com/oakum-sec/oakum/remediate/rewrite/platform"
)

// withARN knows the store's names.
var withARN = Options{Options: platform.Options{ARN: func(r ref.Ref) string {
	return "arn:aws:secretsmanager:eu-west-1:123456789012:secret:" + r.Path + "-AbCdEf"
}}}

const arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/mysql-AbCdEf"

func TestECS(t *testing.T) {
	runAll(t, []one{
		{name: "task.json", opts: withARN,
			before: "{\n  \"containerDefinitions\": [\n    {\n      \"name\": \"app\",\n      \"environment\": [\n        {\"name\": \"A\", \"value\": \"1\"},\n        {\"name\": \"DB\", \"value\": \"«hunter2x»\"}\n      ]\n    }\n  ]\n}\n",
			after:  "{\n  \"containerDefinitions\": [\n    {\n      \"name\": \"app\",\n      \"environment\": [\n        {\"name\": \"A\", \"value\": \"1\"}\n      ],\n      \"secrets\": [{\"name\": \"DB\", \"valueFrom\": \"" + arn + ":password::\"}]\n    }\n  ]\n}\n"},
		{name: "task.json", opts: withARN,
			before: `{"containerDefinitions": [{"environment": [{"name": "DB", "value": "«hunter2x»"}, {"name": "T", "value": "«TOKEN::hunter3x»"}], "secrets": [{"name": "X", "valueFrom": "y"}]}], "family": "f"}`,
			after:  `{"containerDefinitions": [{"environment": [], "secrets": [{"name": "X", "valueFrom": "y"}, {"name": "DB", "valueFrom": "` + arn + `:password::"}, {"name": "T", "valueFrom": "` + arn + `:token::"}]}], "family": "f"}`},
		{name: "task.json", opts: withARN,
			before: `{"containerDefinitions": [{"environment": [{"name": "DB", "value": "«hunter2x»"}, {"name": "A", "value": "1"}, {"name": "T", "value": "«TOKEN::hunter3x»"}]}]}`,
			after:  `{"containerDefinitions": [{"environment": [{"name": "A", "value": "1"}], "secrets": [{"name": "DB", "valueFrom": "` + arn + `:password::"}, {"name": "T", "valueFrom": "` + arn + `:token::"}]}]}`},
		{name: "task.yaml", opts: withARN,
			before: "containerDefinitions:\n  - name: app\n    environment:\n      - name: A\n        value: \"1\"\n      - name: DB\n        value: «hunter2x»\n",
			after:  "containerDefinitions:\n  - name: app\n    secrets:\n      - name: DB\n        valueFrom: \"" + arn + ":password::\"\n    environment:\n      - name: A\n        value: \"1\"\n"},
		{name: "task.json", before: `{"containerDefinitions": [{"environment": [{"name": "DB", "value": "«hunter2x»"}]}]}`, reason: change.NotYet},
		{name: "task.json", opts: withARN, before: `{"containerDefinitions": [{"command": ["«hunter2x»"]}]}`, reason: change.NoPlace},
		{name: "task.json", opts: withARN, before: `{"containerDefinitions": [{"environment": [{"name": "U", "value": "dsn «hunter2x»"}]}]}`, reason: change.SuggestOnly},
	})
}

func TestCloudFormation(t *testing.T) {
	const resolve = "{{resolve:secretsmanager:prod/mysql:SecretString:password}}"
	runAll(t, []one{
		{name: "template.yaml", before: "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      Role: !GetAtt R.Arn\n      Environment:\n        Variables:\n          DB: «hunter2x» # why\n          U: !Sub 'dsn app/${X}'\n", after: "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      Role: !GetAtt R.Arn\n      Environment:\n        Variables:\n          DB: \"" + resolve + "\" # why\n          U: !Sub 'dsn app/${X}'\n"},
		{name: "sam.yml", before: "Transform: AWS::Serverless-2016-10-31\nGlobals:\n  Function:\n    Environment:\n      Variables:\n        U: dsn app/«hunter2x»@db\n", after: "Transform: AWS::Serverless-2016-10-31\nGlobals:\n  Function:\n    Environment:\n      Variables:\n        U: dsn app/" + resolve + "@db\n"},
		{name: "stack.json", before: "{\"Resources\": {\"D\": {\"Type\": \"AWS::RDS::DBInstance\", \"Properties\": {\"MasterUserPassword\": \"«hunter2x»\"}}}}", after: "{\"Resources\": {\"D\": {\"Type\": \"AWS::RDS::DBInstance\", \"Properties\": {\"MasterUserPassword\": \"" + resolve + "\"}}}}"},
	})
}

const deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: orders\n  namespace: shop\nspec:\n  template:\n    spec:\n      containers:\n        - name: app\n          env:\n            - name: A\n              value: \"1\"\n            - name: DB\n              value: «hunter2x» # why\n"

func TestKubernetes(t *testing.T) {
	from := "              valueFrom:\n                secretKeyRef:\n                  name: orders-secrets\n                  key: DB_PASSWORD"
	head := deployment[:strings.Index(deployment, "              value: «")]
	runAll(t, []one{
		{name: "deploy.yaml", before: deployment, after: head + from + " # why\n"},
		{name: "deploy.yaml", before: "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    env:\n    - {name: DB, value: «hunter2x»}\n    - name: U\n      value: dsn app/«TOKEN::hunter3x»@db\n---\napiVersion: v1\nkind: Service\n", after: "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    env:\n    - {name: DB, valueFrom: {secretKeyRef: {name: p-secrets, key: DB_PASSWORD}}}\n    - name: TOKEN\n      valueFrom:\n        secretKeyRef:\n          name: p-secrets\n          key: TOKEN\n    - name: U\n      value: dsn app/$(TOKEN)@db\n---\napiVersion: v1\nkind: Service\n"},
		{name: "s.yaml", before: "apiVersion: v1\nkind: Secret\nmetadata: {name: p}\nstringData:\n  a: «hunter2x»\n", reason: change.SuggestOnly},
		{name: "s.yaml", before: "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, args: [«hunter2x»]}]}\n", reason: change.SuggestOnly},
		{name: "s.yaml", opts: Options{Options: platform.Options{Kubernetes: Kubernetes{Via: platform.ViaVaultSecret}}}, before: deployment, reason: change.NoPlace},
	})
}

// kube rewrites the Deployment for a way and a store.
func kube(t *testing.T, via string, r ref.Ref) Result {
	t.Helper()
	plain, edits := marked(t, deployment)
	edits[0].Ref = r
	res, err := File("deploy.yaml", []byte(plain), edits, Options{Options: platform.Options{Kubernetes: Kubernetes{Via: via}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Refused) > 0 {
		t.Fatalf("%s: %v", via, res.Refused[0])
	}
	return res
}

// Each operator's object names the store's secret, and the Secret that the
// workload reads.
func TestKubernetesObjects(t *testing.T) {
	vault := ref.Ref{Backend: ref.Vault, Path: "secret/prod/mysql", Key: "password"}
	cases := []struct {
		via    string
		ref    ref.Ref
		object string
		inside []string // in the workload
	}{
		{platform.ViaExternalSecret, dbRef, "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata:\n  name: orders-secrets\n  namespace: shop\nspec:\n  data:\n    - remoteRef:\n        key: prod/mysql\n        property: password\n      secretKey: DB_PASSWORD\n  refreshInterval: 1h\n  secretStoreRef:\n    kind: ClusterSecretStore\n    name: oakum\n  target:\n    name: orders-secrets\n", []string{"name: orders-secrets"}},
		{platform.ViaVaultSecret, vault, "apiVersion: secrets.hashicorp.com/v1beta1\nkind: VaultStaticSecret\nmetadata:\n  name: orders-secret-prod-mysql\n  namespace: shop\nspec:\n  destination:\n    create: true\n    name: orders-secret-prod-mysql\n  mount: secret\n  path: prod/mysql\n  refreshAfter: 1h\n  type: kv-v2\n  vaultAuthRef: oakum\n", []string{"name: orders-secret-prod-mysql\n", "key: password"}},
		{platform.ViaCSI, dbRef, "apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\nmetadata:\n  name: orders-secrets\n  namespace: shop\nspec:\n  parameters:\n    objects: |\n      - jmesPath:\n          - objectAlias: DB_PASSWORD\n            path: '\"password\"'\n        objectName: prod/mysql\n        objectType: secretsmanager\n  provider: aws\n  secretObjects:\n    - data:\n        - key: DB_PASSWORD\n          objectName: DB_PASSWORD\n      secretName: orders-secrets\n      type: Opaque\n", []string{"          volumeMounts:\n            - name: orders-secrets\n              mountPath: /mnt/orders-secrets\n              readOnly: true\n          env:\n", "      volumes:\n        - name: orders-secrets\n          csi:\n            driver: secrets-store.csi.k8s.io\n            readOnly: true\n            volumeAttributes:\n              secretProviderClass: orders-secrets\n      containers:\n"}},
		{platform.ViaVaultAgent, vault, "", []string{"    metadata:\n      annotations:\n        vault.hashicorp.com/agent-inject: \"true\"\n        vault.hashicorp.com/role: oakum\n", "        vault.hashicorp.com/agent-inject-secret-db-password: secret/data/prod/mysql\n", "          DB_PASSWORD={{ index .Data.data \"password\" }}\n"}},
	}
	for _, c := range cases {
		t.Run(c.via, func(t *testing.T) {
			res := kube(t, c.via, c.ref)
			if c.object != "" && (len(res.Files) != 1 || res.Files[0].Name != "orders-secrets.yaml" || string(res.Files[0].Content) != c.object) {
				t.Errorf("files %s", res.Files)
			}
			for _, text := range c.inside {
				if !strings.Contains(string(res.Content), text) {
					t.Errorf("the workload does not hold %q:\n%s", text, res.Content)
				}
			}
			if strings.Contains(string(res.Content), "hunter2x") {
				t.Error("the value is still there")
			}
		})
	}
}

func TestTerraform(t *testing.T) {
	const declared = "\nvariable \"db_password\" {\n  type      = string\n  sensitive = true\n}\n"
	runAll(t, []one{
		{name: "main.tf", before: "# c\nresource \"a\" \"b\" {\n  password = \"«hunter2x»\" # why\n  tags = { x = 1 }\n}\n", after: "# c\nresource \"a\" \"b\" {\n  password = var.db_password # why\n  tags = { x = 1 }\n}\n" + declared},
		{name: "main.tf", before: "locals {\r\n  u = \"dsn app/«hunter2x»@${local.h}\"\r\n}\r\n", after: "locals {\r\n  u = \"dsn app/${var.db_password}@${local.h}\"\r\n}\r\n" + strings.ReplaceAll(declared, "\n", "\r\n")},
		{name: "main.tf", before: "a = jsonencode({ p = \"«hunter2x»\", q = [\"«TOKEN::hunter3x»\", \"«hunter2x»\"] })\nvariable \"token\" {}\n", after: "a = jsonencode({ p = var.db_password, q = [var.token, var.db_password] })\nvariable \"token\" {}\n" + declared},
		{name: "main.tf", before: "a = <<EOT\np «hunter2x»\nEOT\n", after: "a = <<EOT\np ${var.db_password}\nEOT\n" + declared},
		{name: "variables.tf", before: "variable \"p\" {\n  type    = string\n  default = \"«hunter2x»\" # why\n}\n", after: "variable \"p\" {\n  type    = string\n  sensitive = true # why\n}\n"},
		{name: "prod.tfvars", before: "a = 1\np = \"«hunter2x»\"\nb = 2\n", after: "a = 1\nb = 2\n"},
		{name: "prod.tfvars", before: "p = { q = \"«hunter2x»\" }\n", reason: change.SuggestOnly},
		{name: "main.tf", before: "terraform {\n  backend \"s3\" {\n    secret_key = \"«hunter2x»\"\n  }\n}\n", reason: change.SuggestOnly},
		{name: "main.tf", before: "a = { \"«hunter2x»\" = 1 }\n", reason: change.InName},
		{name: "main.tf", before: "a = 1 # «hunter2x»\n", reason: change.InComment},
		{name: "main.tf", before: "a = \"«hunter2x»\n", reason: change.Unparsable},
	})
}
