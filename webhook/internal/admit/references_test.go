package admit_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

// cache is what informers know, by name, in namespace shop.
type cache struct{ maps, secrets map[string]admit.Verdict }

func (c *cache) ConfigMap(namespace, name string) (admit.Verdict, bool) {
	v, ok := c.maps[name]
	return v, ok && namespace == "shop"
}

func (c *cache) Secret(namespace, name string) (admit.Verdict, bool) {
	v, ok := c.secrets[name]
	return v, ok && namespace == "shop"
}

// known is what an Admitter says of a ConfigMap or Secret of some data.
func known(t *testing.T, a *admit.Admitter, kind, name, data string) admit.Verdict {
	t.Helper()
	v, err := a.Verdict(t.Context(), []byte(`{"apiVersion":"v1","kind":"`+kind+`","metadata":{"name":"`+name+`","namespace":"shop","uid":"u1","resourceVersion":"7"},"data":{`+data+`}}`))
	if err != nil {
		t.Fatal(err)
	}
	if v.UID != "u1" || v.ResourceVersion != "7" {
		t.Errorf("verdict of %s", v.UID)
	}
	return v
}

func template(spec string) string {
	return `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"app","namespace":"shop"},"spec":{"template":{"spec":` + spec + `}}}`
}

// A template that takes a key from a ConfigMap is refused as one that holds it; one that
// takes something else from there is not, nor one that was there before.
func TestReferences(t *testing.T) {
	a := admitter(t)
	aws := leaktest.Must(1, `"AWS_ACCESS_KEY_ID":"{{awsID "AKIA"}}","AWS_SECRET_ACCESS_KEY":"{{awsSecret}}","LOG_LEVEL":"info"`)
	file := leaktest.Must(2, `"credentials":"[default]\naws_access_key_id = {{awsID "AKIA"}}\naws_secret_access_key = {{awsSecret}}\n"`)
	secret := leaktest.Must(3, `"password":"{{b64 (alnum 24)}}"`)
	secretAWS := leaktest.Must(4, `"AWS_ACCESS_KEY_ID":"{{b64 (awsID "AKIA")}}","AWS_SECRET_ACCESS_KEY":"{{b64 (awsSecret)}}"`)
	c := &cache{
		maps:    map[string]admit.Verdict{"aws": known(t, a, "ConfigMap", "aws", aws), "copy": known(t, a, "ConfigMap", "copy", aws), "file": known(t, a, "ConfigMap", "file", file), "plain": known(t, a, "ConfigMap", "plain", `"A":"b"`)},
		secrets: map[string]admit.Verdict{"db": known(t, a, "Secret", "db", secret), "aws": known(t, a, "Secret", "aws", secretAWS)},
	}
	a = admitter(t, func(o *admit.Options) { o.References = c })
	env := func(name, key string) string {
		return `{"containers":[{"name":"c","env":[{"name":"X","valueFrom":{"` + name + `":{"name":"aws","key":"` + key + `"}}}]}]}`
	}
	from := func(kind, name string) string {
		return `{"containers":[{"name":"c","envFrom":[{"` + kind + `":{"name":"` + name + `"}}]}]}`
	}
	for _, x := range []struct{ name, new, old, want, field string }{
		{"all of a ConfigMap", from("configMapRef", "aws"), "", "deny", "spec.template.spec.containers[0].envFrom[0].configMapRef"},
		{"its key", env("configMapKeyRef", "AWS_ACCESS_KEY_ID"), "", "deny", "spec.template.spec.containers[0].env[0].valueFrom.configMapKeyRef"},
		{"another key of it", env("configMapKeyRef", "LOG_LEVEL"), "", "allow", ""},
		{"a plain one", from("configMapRef", "plain"), "", "allow", ""},
		{"one that nobody knows", from("configMapRef", "none"), "", "allow", ""},
		{"a volume", `{"volumes":[{"name":"v","configMap":{"name":"file"}}]}`, "", "deny", "spec.template.spec.volumes[0].configMap"},
		{"a projected volume", `{"volumes":[{"name":"v","projected":{"sources":[{"configMap":{"name":"file"}}]}}]}`, "", "deny", "spec.template.spec.volumes[0].projected.sources[0].configMap"},
		{"a Secret's password", from("secretRef", "db"), "", "allow", ""},
		{"a Secret's key of AWS", from("secretRef", "aws"), "", "warn", "spec.template.spec.containers[0].envFrom[0].secretRef"},
		{"a Secret as a volume", `{"volumes":[{"name":"v","secret":{"secretName":"aws"}}]}`, "", "warn", "spec.template.spec.volumes[0].secret"},
		{"it was referred to before", from("configMapRef", "aws"), env("configMapKeyRef", "AWS_ACCESS_KEY_ID"), "warn", ""},
		{"another ConfigMap with the same key", from("configMapRef", "copy"), from("configMapRef", "aws"), "warn", ""},
		{"another key", `{"volumes":[{"name":"v","configMap":{"name":"file"}}]}`, from("configMapRef", "aws"), "deny", ""},
	} {
		operation, old := "CREATE", ""
		if x.old != "" {
			operation, old = "UPDATE", template(x.old)
		}
		r, answer := ask(t, a, review(operation, template(x.new), old))
		if answer.Decision != x.want || x.field != "" && !strings.Contains(r.AuditAnnotations[admit.AuditFindings], `"field":"`+x.field+`"`) {
			t.Errorf("%s: %s %+v", x.name, answer.Decision, r)
		}
	}
	r, _ := ask(t, a, review("CREATE", template(from("configMapRef", "aws")), ""))
	if want := "which is in v1/ConfigMap aws data.AWS_ACCESS_KEY_ID"; !strings.Contains(r.Result.Message, want) {
		t.Errorf("no %q in\n%s", want, r.Result.Message)
	}
}

// A verdict holds no value, and nothing of what only its annotations hold.
func TestVerdict(t *testing.T) {
	a := admitter(t)
	id := leaktest.Must(1, `{{awsID "AKIA"}}`)
	v, err := a.Verdict(t.Context(), []byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","annotations":{"note":"`+leaktest.Must(2, `{{github "ghp_"}}`)+`"}},"data":{"a.b":"AWS_ACCESS_KEY_ID=`+id+`"}}`))
	if err != nil || len(v.Findings) != 1 || v.Findings[0].Key != "a.b" || v.Findings[0].Field != `data["a.b"]` {
		t.Fatalf("%+v %v", v, err)
	}
	text, err := json.Marshal(v)
	if err != nil || strings.Contains(string(text), id) {
		t.Errorf("%s %v", text, err)
	}
	if _, err := a.Verdict(t.Context(), []byte(`{"a`)); err == nil {
		t.Error("a broken object has a verdict")
	}
}
