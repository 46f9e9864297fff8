package podsource_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/scanner/podsource"
)

// TestFields holds field by field what is looked at and what is left alone: each case is
// an object, and where in it something is found.
func TestFields(t *testing.T) {
	cases := []struct{ name, object, want string }{
		{"an ephemeral container's variable", `{kind: Pod, metadata: {name: a}, spec: {ephemeralContainers: [{env: [{name: API_TOKEN, value: "{{alnum 32}}"}]}]}}`,
			"generic-secret Pod a spec.ephemeralContainers[0].env[0].value"},
		{"an init container's arguments, a flag and its value", `{kind: Pod, metadata: {name: a}, spec: {initContainers: [{args: ["login", "--password", "{{alnum 24}}"]}]}}`,
			"generic-secret Pod a spec.initContainers[0].args[2]"},
		{"a volume's attributes", `{kind: PersistentVolume, metadata: {name: a}, spec: {csi: {driver: smb.csi.k8s.io, volumeAttributes: {source: //x/y, password: "{{randomPassword 20}}"}}}}`,
			"generic-secret PersistentVolume a spec.csi.volumeAttributes.password"},
		{"a flex volume's options", `{kind: Pod, metadata: {name: a}, spec: {volumes: [{name: v, flexVolume: {driver: x, options: {accountKey: "{{base64 64}}"}}}]}}`,
			"generic-secret Pod a spec.volumes[0].flexVolume.options.accountKey"},
		{"a probe's header", `{kind: Pod, metadata: {name: a}, spec: {containers: [{readinessProbe: {httpGet: {httpHeaders: [{name: Authorization, value: "Bearer {{alnum 40}}"}]}}}]}}`,
			"http-bearer-authorization Pod a spec.containers[0].readinessProbe.httpGet.httpHeaders[0].value"},
		{"a hook's header", `{kind: Pod, metadata: {name: a}, spec: {containers: [{lifecycle: {preStop: {httpGet: {httpHeaders: [{name: X-Api-Key, value: "{{alnum 32}}"}]}}}}]}}`,
			"generic-secret Pod a spec.containers[0].lifecycle.preStop.httpGet.httpHeaders[0].value"},
		{"a probe's command", `{kind: Pod, metadata: {name: a}, spec: {containers: [{livenessProbe: {exec: {command: [sh, -c, "mysqladmin -uroot -p{{alnum 20}} ping"]}}}]}}`,
			"mysql-command-password Pod a spec.containers[0].livenessProbe.exec.command[2]"},
		{"a template's pod", `{kind: CronJob, metadata: {name: a}, spec: {jobTemplate: {spec: {template: {spec: {containers: [{env: [{name: T, value: "{{github "ghp_"}}"}]}]}}}}}}`,
			"github-pat CronJob a spec.jobTemplate.spec.template.spec.containers[0].env[0].value"},
		{"an annotation, and a label", `{kind: Service, metadata: {name: a, annotations: {x/y: "{{github "ghp_"}}"}, labels: {t: "{{slackBot}}"}}}`,
			`github-pat Service a metadata.annotations["x/y"], slack-bot-token Service a metadata.labels.t`},
		{"a dotenv file in a ConfigMap", `{kind: ConfigMap, metadata: {name: a}, data: {env: "A=1\nDB_PASSWORD={{randomPassword 20}}\n"}}`,
			"generic-secret ConfigMap a data.env"},
		{"an INI file in a ConfigMap", `{kind: ConfigMap, metadata: {name: a}, data: {app.ini: "[db]\nuser = app\npassword = {{randomPassword 20}}\n"}}`,
			`generic-secret ConfigMap a data["app.ini"]`},
		{"a compose file in a ConfigMap", `{kind: ConfigMap, metadata: {name: a}, data: {docker-compose.yml: "services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: {{randomPassword 20}}\n"}}`,
			`generic-secret ConfigMap a data["docker-compose.yml"]`},
		{"a docker configuration in a Secret", `{kind: Secret, metadata: {name: a}, type: kubernetes.io/dockerconfigjson, stringData: {.dockerconfigjson: '{"auths":{"x.io":{"username":"u","password":"{{alnum 24}}"}}}'}}`,
			`generic-secret Secret a stringData[".dockerconfigjson"]`},
		{"a List of objects", `{kind: List, items: [{kind: Pod, metadata: {name: p}, spec: {x: "{{github "ghp_"}}"}}, {kind: Role, metadata: {name: r}}]}`,
			"github-pat Pod p spec.x"},

		{"references", `{kind: Pod, metadata: {name: a}, spec: {imagePullSecrets: [{name: registry-credentials-a8f3b2}], containers: [{envFrom: [{secretRef: {name: app-secret-9f8e7d6c5b4a}}], env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: db-password-0a1b2c3d4e5f, key: password}}}]}]}}`, ""},
		{"a SealedSecret", `{kind: SealedSecret, metadata: {name: a}, spec: {encryptedData: {password: "Ag{{base64 200}}", token: "Ag{{base64 200}}"}}}`, ""},
		{"a Secret that SOPS encrypted", `{kind: Secret, metadata: {name: a}, stringData: {password: "ENC[AES256_GCM,data:{{base64 24}},iv:{{base64 32}},tag:{{base64 16}},type:str]"}, sops: {mac: "ENC[AES256_GCM,data:{{base64 90}},iv:{{base64 32}},tag:{{base64 16}},type:str]", age: [{recipient: age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq, enc: "-----BEGIN AGE ENCRYPTED FILE-----\n{{base64 200}}\n-----END AGE ENCRYPTED FILE-----\n"}], kms: [{arn: "arn:aws:kms:eu-west-1:123456789012:key/1", enc: "AQICAH{{base64 180}}"}]}}`, ""},
		{"a Secret's data that SOPS encrypted", `{kind: Secret, metadata: {name: a}, data: {password: "ENC[AES256_GCM,data:{{base64 24}},iv:{{base64 32}},tag:{{base64 16}},type:str]"}}`, ""},
		{"an ExternalSecret", `{kind: ExternalSecret, metadata: {name: a}, spec: {secretStoreRef: {name: vault-backend-production}, target: {name: app-secret}, data: [{secretKey: DB_PASSWORD, remoteRef: {key: prod/app/db-password-v2, property: password}}], dataFrom: [{extract: {key: prod/app-credentials-0a1b2c3d}}]}}`, ""},
		{"a SecretProviderClass", `{kind: SecretProviderClass, metadata: {name: a}, spec: {provider: aws, parameters: {objects: "- objectName: prod/db-password\n  objectType: secretsmanager\n"}}}`, ""},
		{"digests and certificates", `{kind: Pod, metadata: {name: a, annotations: {checksum/secret: "{{hex 64}}"}}, spec: {containers: [{image: "x@sha256:{{hex 64}}"}]}}`, ""},
		{"a webhook's bundle of certificates", `{kind: MutatingWebhookConfiguration, metadata: {name: a}, webhooks: [{clientConfig: {caBundle: "{{base64 400}}"}}]}`, ""},
		{"a Certificate's secret's name", `{kind: Certificate, metadata: {name: a}, spec: {secretName: app-tls-0a1b2c3d4e5f6a7b, privateKey: {algorithm: ECDSA}}}`, ""},
		{"tokens that are projected", `{kind: Pod, metadata: {name: a}, spec: {volumes: [{projected: {sources: [{serviceAccountToken: {path: vault-token, expirationSeconds: 7200, audience: vault}}]}}]}}`, ""},
	}
	for _, c := range cases {
		for seed := range uint64(3) {
			text := leaktest.Must(seed, c.object)
			found, gaps := scan(t, podsource.New(manifest("", text)))
			if got := strings.Join(told(found), ", "); got != c.want || len(gaps) > 0 {
				t.Errorf("%s: found %q, want %q; gaps %v", c.name, got, c.want, gaps)
				break
			}
		}
	}
	if found := slices.IndexFunc(cases, func(c struct{ name, object, want string }) bool { return c.want == "" }); found < 12 || len(cases)-found < 9 {
		t.Errorf("%d cases that are found of %d", found, len(cases))
	}
}
