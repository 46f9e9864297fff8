package rewrite

import (
	"testing"

	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/rewrite/platform"
)

func TestServerless(t *testing.T) {
	params, whole := ref.Ref{Backend: ref.AWSParams, Path: "prod/db"}, ref.Ref{Backend: ref.AWSSecrets, Path: "prod/token", Params: map[string]string{"region": "eu-west-1"}}
	runAll(t, []one{
		{name: "serverless.yml", to: params, before: "service: a\nprovider:\n  environment:\n    DB: «hunter2x» # why\n", after: "service: a\nprovider:\n  environment:\n    DB: ${ssm:/prod/db} # why\n"},
		{name: "app/serverless.yaml", to: whole, before: "functions:\n  f:\n    environment: {T: '«hunter2x»'}\n", after: "functions:\n  f:\n    environment: {T: '${ssm(eu-west-1):/aws/reference/secretsmanager/prod/token}'}\n"},
		{name: "serverless.yml", before: "custom:\n  url: dsn app/«hunter2x»@db\n", after: "custom:\n  url: dsn app/${env:DB_PASSWORD}@db\n"},
	})
}

func TestGitLabVault(t *testing.T) {
	const name = ".gitlab-ci.yml"
	opts := Options{Options: platform.Options{GitLab: GitLab{Vault: true}}}
	to := ref.Ref{Backend: ref.Vault, Path: "secret/prod/mysql", Key: "password", Params: map[string]string{"address": "https://vault.example.com"}}
	const login, head = "  id_tokens:\n    VAULT_ID_TOKEN:\n      aud: https://vault.example.com\n", "  secrets:\n"
	entry := func(name, key string) string {
		return "    " + name + ":\n      vault: prod/mysql/" + key + "@secret\n      file: false\n      token: $VAULT_ID_TOKEN\n"
	}
	runAll(t, []one{
		{name: name, opts: opts, to: to, before: "deploy:\n  stage: x\n  variables:\n    A: 1\n    DB: «hunter2x»\n  script: [x]\n", after: "deploy:\n" + login + head + entry("DB", "password") + "  stage: x\n  variables:\n    A: 1\n  script: [x]\n"},
		{name: name, opts: opts, to: to, before: "deploy:\n  variables:\n    DB: «hunter2x»\n  script: [x]\n", after: "deploy:\n" + login + head + entry("DB", "password") + "  script: [x]\n"},
		{name: name, opts: opts, to: to, before: "deploy:\n  script:\n    - x --p '«hunter2x»' --t «TOKEN::hunter3x»\n    - y\n", after: "deploy:\n" + login + head + entry("DB_PASSWORD", "password") + entry("TOKEN", "token") + "  script:\n    - x --p \"${DB_PASSWORD}\" --t \"${TOKEN}\"\n    - y\n"},
		{name: name, opts: opts, to: to, before: "deploy:\n  secrets:\n    A:\n      vault: a/b@c\n  script: x «hunter2x»\n", after: "deploy:\n" + login + "  secrets:\n    A:\n      vault: a/b@c\n" + entry("DB_PASSWORD", "password") + "  script: x \"${DB_PASSWORD}\"\n"},
		// What is no job's own goes the way of the project's variables.
		{name: name, opts: opts, to: to, before: "variables:\n  DB_PASSWORD: «hunter2x»\n  A: 1\n", after: "variables:\n  A: 1\n"},
		{name: name, opts: opts, to: to, before: "default:\n  before_script:\n    - x «hunter2x»\n", after: "default:\n  before_script:\n    - x \"${DB_PASSWORD}\"\n"},
		{name: name, opts: opts, before: "deploy:\n  script:\n    - x «hunter2x»\n", after: "deploy:\n  script:\n    - x \"${DB_PASSWORD}\"\n"},
	})
}
