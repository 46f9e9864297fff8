package civar_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer/civar"
)

// azure answers as learn.microsoft.com has it: /rest/api/azure/devops/distributedtask/variablegroups.
// An update is of the whole group: what it leaves out is gone, and a secret that it sends
// as null stays (github.com/MicrosoftDocs/vsts-rest-api-specs/issues/235, and the page's
// example of an update).
type azure struct {
	*server
	group map[string]any
	n     int
}

func newAzure(t *testing.T, u consumer.Update) *azure {
	a := &azure{}
	a.group = map[string]any{"id": 12, "name": "shop", "description": "d", "type": "Vsts", "modifiedOn": "0",
		"variableGroupProjectReferences": []any{map[string]any{"name": "shop", "description": "", "projectReference": map[string]any{"id": "p", "name": "shop"}}},
		"variables": map[string]any{
			"DB_USER":     map[string]any{"value": "app_a"},
			"DB_PASSWORD": map[string]any{"value": old(u), "isSecret": true},
			"API_KEY":     map[string]any{"value": "another", "isSecret": true},
			"URL":         map[string]any{"value": "https://shop.example.com"},
		}}
	a.server = serve(t, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(":"+testToken)), a.answer)
	return a
}

func (a *azure) variables() map[string]any { return a.group["variables"].(map[string]any) }

func (a *azure) value(name string) any { return a.variables()[name].(map[string]any)["value"] }

func (a *azure) touch() { a.n++; a.group["modifiedOn"] = itoa(a.n) }

func (a *azure) answer(w http.ResponseWriter, r *http.Request, body []byte) {
	const at = "/_apis/distributedtask/variablegroups/12"
	switch {
	case r.URL.Query().Get("api-version") != "7.1":
		say(w, 400, map[string]any{"message": "No api-version was supplied"})
	case r.Method == "GET" && r.URL.Path == "/shop"+at:
		out := shown(a.group)
		vars := map[string]any{}
		for n, v := range a.variables() {
			c := shown(v.(map[string]any))
			if c["isSecret"] == true {
				c["value"] = nil
			}
			vars[n] = c
		}
		out["variables"] = vars
		say(w, 200, out)
	case r.Method == "PUT" && r.URL.Path == at:
		var in map[string]any
		if json.Unmarshal(body, &in) != nil || in["variableGroupProjectReferences"] == nil {
			say(w, 400, map[string]any{"message": "VariableGroupProjectReferences is required"})
			return
		}
		next := in["variables"].(map[string]any)
		for n, v := range next {
			v := v.(map[string]any)
			before, _ := a.variables()[n].(map[string]any)
			if v["isSecret"] == true && v["value"] == nil && before != nil {
				v["value"] = before["value"]
			}
		}
		a.group["variables"], a.group["name"], a.group["description"] = next, in["name"], in["description"]
		a.touch()
		say(w, 200, a.group)
	case r.Method == "GET":
		say(w, 200, nil) // "null" is its answer where there is no such group
	default:
		say(w, 404, map[string]any{"message": "not found"})
	}
}

const azureText = "kind: x\nproject: shop\ngroup: 12\nvariables:\n  db_user: username\n  DB_PASSWORD: password"

func TestAzureDevOpsKeepsTheOthers(t *testing.T) {
	u := update(t, 1)
	a := newAzure(t, u)
	c := a.parse(civar.ParseAzureDevOps, azureText)
	if got := notes(t, c, u); got != "" {
		t.Error(got)
	}
	done(t, c, u, false)
	a.faults = bad("PUT")
	must(t, c.Do(t.Context(), u))
	must(t, c.Do(t.Context(), u))
	done(t, c, u, true)
	if a.count("PUT") != 4 || len(a.faults) != 0 {
		t.Errorf("%d writes", a.count("PUT"))
	}
	holds := func(user, password string) {
		t.Helper()
		if a.value("DB_USER") != user || a.value("DB_PASSWORD") != password || a.value("API_KEY") != "another" || a.value("URL") != "https://shop.example.com" || len(a.variables()) != 4 {
			t.Error("the group does not hold what it should")
		}
		for _, n := range []string{"DB_PASSWORD", "API_KEY"} {
			if a.variables()[n].(map[string]any)["isSecret"] != true {
				t.Errorf("%s is no secret any more", n)
			}
		}
	}
	holds("app_b", fresh(u))
	other := a.parse(civar.ParseAzureDevOps, azureText)
	done(t, other, u, false) // another process cannot see the secret
	must(t, other.Do(t.Context(), u))
	must(t, other.Undo(t.Context(), u))
	holds("app_a", old(u))
	u.Old = nil
	if err := c.Undo(t.Context(), u); !errors.Is(err, consumer.ErrNoWayBack) {
		t.Error(err)
	}
}

func TestAzureDevOpsRefusals(t *testing.T) {
	u := update(t, 2)
	a := newAzure(t, u)
	c := a.parse(civar.ParseAzureDevOps, azureText)
	done(t, c, u, false)
	a.touch() // somebody else
	refused(t, c, u, consumer.ErrChanged, "between our look and our change")
	for word, change := range map[string]func(){
		"key vault":                func() { a.group["type"] = "AzureKeyVault" },
		"too old":                  func() { a.group["variableGroupProjectReferences"] = nil },
		"has no variable DB_PASS":  func() { delete(a.variables(), "DB_PASSWORD") },
		"DB_PASSWORD is read-only": func() { a.variables()["DB_PASSWORD"].(map[string]any)["isReadOnly"] = true },
		"holds neither":            func() { a.variables()["DB_USER"].(map[string]any)["value"] = "somebody" },
	} {
		n := a.count("PUT")
		a.group = newAzure(t, u).group
		change()
		refused(t, a.parse(civar.ParseAzureDevOps, azureText), u, nil, word)
		if a.count("PUT") != n {
			t.Errorf("%s: it was written", word)
		}
	}
	a = newAzure(t, u)
	refused(t, a.parse(civar.ParseAzureDevOps, strings.Replace(azureText, "12", "13", 1)), u, consumer.ErrUnfit, "no variable group 13")
	a.before = func(r *http.Request) {
		if r.Method == "PUT" {
			a.variables()["URL"].(map[string]any)["value"] = "https://other.example.com"
		}
	}
	// What changes in the group while it is sent is overwritten by the group that was
	// read: nothing of the API tells. What is lost with it is told.
	must(t, a.parse(civar.ParseAzureDevOps, azureText).Do(t.Context(), u))
	a = newAzure(t, u)
	a.before = func(r *http.Request) {
		if r.Method == "GET" && a.n > 0 {
			delete(a.variables(), "URL")
		}
	}
	refused(t, a.parse(civar.ParseAzureDevOps, azureText), u, nil, "something else in the group has changed")
	a = newAzure(t, u)
	a.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNonAuthoritativeInfo)
		w.Write([]byte("<html>sign in</html>"))
	})
	refused(t, a.parse(civar.ParseAzureDevOps, azureText), u, nil, "is not accepted by Azure DevOps")
	refuses(t, civar.ParseAzureDevOps, map[string]string{
		"project: x\ngroup: 1\nvariables: {a: password}": "dev.azure.com", "url: https://dev.azure.com/a\nproject: x\ngroup: 1": "variables",
		"url: https://dev.azure.com/a\nproject: x\ngroup: one\nvariables: {a: password}": "cannot unmarshal",
	})
}
