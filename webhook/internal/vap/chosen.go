package vap

import (
	"fmt"
	"slices"

	"github.com/oakum-sec/oakum/rules"
)

// awsRules are the static keys of AWS that the house denies wherever they sit.
//
// An access key id alone is an identifier: the webhook denies it under a name, and so
// does this tier ("name =", "name:", "--name "; an environment variable always has one). Those of
// temporary credentials (ASIA) are only warned of there, so they are not here. A secret
// key has no prefix of its own; it is looked for behind the names it goes by.
var awsRules = []choice{
	{"aws-access-key-id", hint{only: "AKIA", left: 40,
		before: `(?:[\w.\]-]["']{0,2}\s{0,3}[=:]\s{0,3}["']{0,2}|--[\w-]{1,30}\s{1,3}["']?)`}},
	{"aws-secret-access-key", hint{left: 24, prefixes: []string{
		"ecret_acce", "ECRET_ACCE", "ecret-acce", "ecretAcces", "aws_secret", "AWS_SECRET", "awsSecret", "AwsSecret"}}},
}

// codeRules and serviceRules are other credentials that this tier denies: those that are
// most often seen in manifests, and whose values begin with a prefix of their vendor's.
// Each list is a policy, for a policy's budget allows some 15 prefixes: each costs a tenth
// of the object's size, twice (TestLargestObject). Values of GitHub's and npm's are told
// apart from random text by a checksum, which CEL cannot compute; their shape is asked.
var codeRules = []choice{
	{rule: "github-pat"}, {rule: "github-fine-grained-pat"}, {rule: "github-oauth-token"},
	{rule: "github-app-user-token"}, {rule: "github-refresh-token"},
	{rule: "gitlab-pat"}, {rule: "gitlab-deploy-token"}, {rule: "gitlab-runner-token"},
	{rule: "npm-token"}, {rule: "docker-hub-pat"}, {rule: "docker-hub-oat"},
	{rule: "pulumi-access-token"}, {rule: "pypi-token"},
	{rule: "private-key-rsa"}, {rule: "private-key-ec"}, {rule: "private-key-pkcs8"}, {rule: "private-key-openssh"},
}

var serviceRules = []choice{
	{rule: "slack-bot-token"}, {rule: "slack-user-token"}, {rule: "slack-app-token"},
	{rule: "stripe-live-secret-key"}, {rule: "stripe-live-restricted-key"},
	{rule: "anthropic-api-key"}, {rule: "anthropic-admin-key"},
	{rule: "google-oauth-client-secret"}, {rule: "aws-bedrock-api-key"},
	{rule: "shopify-access-token"},
	{rule: "age-secret-key"}, {rule: "vault-service-token"}, {rule: "databricks-token"},
}

// choice is a rule that this tier holds, and how it is found where its own prefix does
// not say.
type choice struct {
	rule string
	hint hint
}

// chosen makes the patterns of the chosen ones among the rules.
func chosen(list []choice, built []rules.Rule) (all []pattern, err error) {
	for _, c := range list {
		i := slices.IndexFunc(built, func(r rules.Rule) bool { return r.ID == c.rule })
		if i < 0 {
			return nil, fmt.Errorf("no built-in rule is called %s", c.rule)
		}
		some, err := patterns(&built[i], c.hint)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// Held are the ids of the rules that the tier holds, by the policy's name.
func Held() map[string][]string {
	held := map[string][]string{}
	for _, c := range []struct {
		name string
		list []choice
	}{{awsName, awsRules}, {codeName, codeRules}, {serviceName, serviceRules}} {
		for _, one := range c.list {
			held[c.name] = append(held[c.name], one.rule)
		}
	}
	return held
}
