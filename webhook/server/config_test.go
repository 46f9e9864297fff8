package server

import (
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

// The file that the package's documentation shows is one that can be used.
const documented = `
failureMode: closed
defaults:
  enforce: {level: aws-static}
exemptions:
- namespaces: [legacy]
  owner: team-payments
  reason: moves to the secret store with release 12
  expires: 2027-03-01T00:00:00Z
controllers:
- system:serviceaccount:argo-rollouts:argo-rollouts
eks: true
rules: /etc/oakum/rules.toml
references:
  secrets: true
hooks:
  workloads: [rollouts.argoproj.io]
images:
  unknown: deny
`

func TestConfig(t *testing.T) {
	c, err := ParseConfig([]byte(documented))
	if err != nil {
		t.Fatal(err)
	}
	if c.Defaults.Enforce.Level != admit.AWSStatic || c.Defaults.Warn.Level != admit.All || c.Controlled != admit.ControlledDeny {
		t.Errorf("%+v", c)
	}
	if !*c.References.ConfigMaps || !c.References.Secrets || len(c.Exemptions) != 1 || c.Exemptions[0].Expires.IsZero() {
		t.Errorf("%+v", c)
	}
	c, err = ParseConfig(nil)
	if err != nil || c.FailureMode != FailOpen || c.Controlled != admit.ControlledWarn || c.Defaults.Enforce.Level != admit.High || c.Images.Unknown != UnknownAllow {
		t.Errorf("without a file: %+v %v", c, err)
	}
}

// A roll-out that begins with nothing is not taken for one that says nothing.
func TestConfigOff(t *testing.T) {
	c, err := ParseConfig([]byte("defaults: {enforce: {level: off}, warn: {level: off}, audit: {level: off}}"))
	if err != nil || c.Defaults == (admit.Modes{}) || c.Defaults.Enforce.Level != admit.Off {
		t.Errorf("%+v %v", c, err)
	}
}

func TestConfigRefused(t *testing.T) {
	for text, want := range map[string]string{
		"failureMod: open":                                               "failureMod",
		"failureMode: ajar":                                              "failureMode",
		"defaults: {enforce: {level: most}}":                             "off, aws-static, high, all",
		"defaults: {enforce: {version: rules-1}}":                        "rules-1",
		"exemptions: [{namespaces: [a], expires: 2027-03-01T00:00:00Z}]": "owner",
		"exemptions: [{namespaces: [a], owner: me}]":                     "expiry",
		"exemptions: [{owner: me, expires: 2027-03-01T00:00:00Z}]":       "everything",
		"controlled: maybe":                                              "controlled",
		"images: {unknown: ask}":                                         "images.unknown",
		"hooks: {workloads: [deployments]}":                              "rollouts.argoproj.io",
		"hooks: {workloads: [\"*.argoproj.io/\"]}":                       "rollouts.argoproj.io",
	} {
		if _, err := ParseConfig([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
