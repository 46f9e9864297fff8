package civar_test

import (
	"testing"

	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer/civar"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer/consumertest"
)

// told is which of the update's values a platform holds.
func told(u consumer.Update, value any) (string, error) {
	switch value {
	case old(u):
		return "old", nil
	case fresh(u):
		return "new", nil
	}
	return "neither", nil
}

func TestConformance(t *testing.T) {
	u := update(t, 50)
	t.Run("github-secret", func(t *testing.T) {
		g := newGitHub(t)
		const path = shop + "environments/prod/secrets/KEY"
		consumertest.Run(t, &consumertest.Bench{Update: u, Blind: true, Cut: g.cutOff,
			Open: func() consumer.Consumer {
				return g.parse(civar.ParseGitHubSecret, "kind: x\nrepository: acme/shop\nenvironment: prod\nsecret: KEY\nvalue: password")
			},
			Reset: func() error { g.secrets[path] = &githubEntry{value: old(u), updated: g.clock}; return nil },
			Holds: func() (string, error) { return told(u, g.secrets[path].value) }})
	})
	t.Run("github-variable", func(t *testing.T) {
		g := newGitHub(t)
		const path = shop + "actions/variables/KEY"
		consumertest.Run(t, &consumertest.Bench{Update: u, Cut: g.cutOff,
			Open: func() consumer.Consumer {
				return g.parse(civar.ParseGitHubVariable, "kind: x\nrepository: acme/shop\nvariable: KEY\nvalue: password")
			},
			Reset: func() error { g.variables[path] = old(u); return nil },
			Holds: func() (string, error) { return told(u, g.variables[path]) }})
	})
	for _, hidden := range []bool{false, true} {
		name := map[bool]string{false: "gitlab-variable", true: "gitlab-variable that is hidden"}[hidden]
		t.Run(name, func(t *testing.T) {
			g := newGitLab(t)
			consumertest.Run(t, &consumertest.Bench{Update: u, Cut: g.cutOff, Blind: hidden,
				Open: func() consumer.Consumer {
					return g.parse(civar.ParseGitLab, "kind: x\nproject: acme/shop\nvariable: KEY\nvalue: password\nscope: prod")
				},
				Reset: func() error {
					v := entry("KEY", "prod", old(u), "masked")
					v["hidden"] = hidden
					g.variables["projects/acme%2Fshop"] = []map[string]any{v, entry("KEY", "*", "elsewhere")}
					return nil
				},
				Holds: func() (string, error) { return told(u, g.variables["projects/acme%2Fshop"][0]["value"]) }})
		})
	}
	t.Run("azure-devops-variables", func(t *testing.T) {
		a := newAzure(t, u)
		consumertest.Run(t, &consumertest.Bench{Update: u, Cut: a.cutOff, Blind: true,
			Open:  func() consumer.Consumer { return a.parse(civar.ParseAzureDevOps, azureText) },
			Reset: func() error { a.group = newAzure(t, u).group; return nil },
			Holds: func() (string, error) {
				if a.value("API_KEY") != "another" {
					return "another secret is lost", nil
				}
				return told(u, a.value("DB_PASSWORD"))
			}})
	})
}
