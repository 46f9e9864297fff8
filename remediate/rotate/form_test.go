package rotate

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
)

func text(s string) leak.Secret { return leak.NewSecret([]byte(s)) }

// TestForms: what is read is what is written, and what else the entry holds stays.
func TestForms(t *testing.T) {
	old, fresh := rand.Text()+"/@:%", rand.Text()+"\"é{#&"
	doc := func(fields map[string]leak.Secret) leak.Secret {
		d, err := store.Document(fields)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	address := "postgres" + "://app_a:" + strings.NewReplacer("/", "%2F", "@", "%40", ":", "%3A", "%", "%25").Replace(old) + "@db:5432/orders?sslmode=require"
	for name, c := range map[string]struct {
		form  Form
		value leak.Secret
		parts []string
		rest  map[string]string // fields that stay
	}{
		"fields of their own names": {Form{}, doc(map[string]leak.Secret{"username": text("app_a"), "password": text(old), "host": text("db")}), []string{Username, Password}, map[string]string{"host": "db"}},
		"fields of other names": {Form{Fields: map[string]string{Username: "DB_USER", Password: "DB_PASSWORD"}},
			doc(map[string]leak.Secret{"DB_USER": text("app_a"), "DB_PASSWORD": text(old), "password": text("of another")}), []string{Username, Password}, map[string]string{"password": "of another"}},
		"a URL":                   {Form{URL: "."}, text(address), []string{Username, Password}, nil},
		"a URL in a field":        {Form{URL: "DATABASE_URL"}, doc(map[string]leak.Secret{"DATABASE_URL": text(address), "x": text("y")}), []string{Username, Password}, map[string]string{"x": "y"}},
		"the whole value":         {Form{}, text(old), []string{Token}, nil},
		"the whole value, by dot": {Form{Fields: map[string]string{Password: "."}, Fixed: map[string]string{Username: "app_a"}}, text(old), []string{Username, Password}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			was, err := c.form.Read(c.value, c.parts)
			if err != nil {
				t.Fatal(err)
			}
			secret := c.parts[len(c.parts)-1]
			if !was[secret].Equal(text(old)) {
				t.Fatalf("the %s is not read as it was written", secret)
			}
			next := Credential{}
			for part, v := range was {
				next[part] = v
			}
			next[secret] = text(fresh)
			value, err := c.form.Write(c.value, next)
			if err != nil {
				t.Fatal(err)
			}
			again, err := c.form.Read(value, c.parts)
			if err != nil || !again.Equal(next) {
				t.Errorf("what is written is not read again: %v", err)
			}
			fields, _ := store.Fields(value)
			for field, want := range c.rest {
				if !fields[field].Equal(text(want)) {
					t.Errorf("the field %s was changed", field)
				}
			}
		})
	}
}

// TestFormsRefuse: the errors say what to write, and quote no value.
func TestFormsRefuse(t *testing.T) {
	secret := rand.Text()
	for name, c := range map[string]struct {
		form  Form
		value leak.Secret
		says  string
	}{
		"no such field": {Form{}, text(`{"user": "app", "key": "` + secret + `"}`), "it has key, user"},
		"no document":   {Form{}, text(secret), "is no JSON document"},
		"no URL":        {Form{URL: "."}, text(secret), "not read as a URL"},
	} {
		_, err := c.form.Read(c.value, []string{Username, Password})
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
	fixed := Form{Fields: map[string]string{Password: "."}, Fixed: map[string]string{Username: "app_a"}}
	if _, err := fixed.Write(text(secret), Credential{Username: text("app_b"), Password: text(secret)}); err == nil || !strings.Contains(err.Error(), "go on with the old one") {
		t.Errorf("a user name that changes and is not in the entry: %v", err)
	}
}

// A key file is a document itself: it is the whole value, unless the entry has it in a
// field.
func TestFormOfAKeyFile(t *testing.T) {
	file := func(n string) leak.Secret {
		return leak.NewSecret([]byte(`{"type":"service_account","private_key":"` + n + `"}`))
	}
	whole := file("a")
	c, err := Form{}.Read(whole, []string{KeyFile})
	if err != nil || !c[KeyFile].Equal(whole) {
		t.Fatalf("%v", err)
	}
	got, err := Form{}.Write(whole, Credential{KeyFile: file("b")})
	if err != nil || !got.Equal(file("b")) {
		t.Errorf("the whole value: %v", err)
	}
	inside, err := store.Document(map[string]leak.Secret{KeyFile: whole, "host": leak.NewSecret([]byte("h"))})
	if err != nil {
		t.Fatal(err)
	}
	got, err = Form{}.Write(inside, Credential{KeyFile: file("b")})
	if err != nil {
		t.Fatal(err)
	}
	if fields, _ := store.Fields(got); !fields[KeyFile].Equal(file("b")) || fields["host"].IsZero() {
		t.Error("in a field it is not replaced there")
	}
}
