package ref

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestStringAndParse(t *testing.T) {
	cases := map[string]Ref{
		"ref+awssecrets://prod/mysql#/password":                                 {Backend: AWSSecrets, Path: "prod/mysql", Key: "password"},
		"ref+awssecrets://prod/mysql?region=eu-west-1&version_stage=AWSCURRENT": {Backend: AWSSecrets, Path: "prod/mysql", Params: map[string]string{"region": "eu-west-1", "version_stage": "AWSCURRENT"}},
		"ref+awsssm://prod/docker/username":                                     {Backend: AWSParams, Path: "prod/docker/username"},
		"ref+vault://secret/mysql#/pass%20word":                                 {Backend: Vault, Path: "secret/mysql", Key: "pass word"},
		"ref+azurekeyvault://my-vault/mysql-password":                           {Backend: AzureKeyVault, Path: "my-vault/mysql-password"},
		"ref+gcpsecrets://my-project/mysql-password":                            {Backend: GCPSecrets, Path: "my-project/mysql-password"},
		"ref+age:///srv/app/secrets.age#/a%2Bb":                                 {Backend: Age, Path: "/srv/app/secrets.age", Key: "a+b"},
	}
	for text, r := range cases {
		if got := r.String(); got != text {
			t.Errorf("%#v is written %s, expected %s", r, got, text)
		}
		got, err := Parse(text)
		if err != nil || !reflect.DeepEqual(got, r) {
			t.Errorf("%s is read as %#v, %v", text, got, err)
		}
		if got, err := Parse(r.Embedded()); err != nil || !reflect.DeepEqual(got, r) {
			t.Errorf("%s is read as %#v, %v", r.Embedded(), got, err)
		}
	}
	// Parameter Store's names begin with a slash, its references do not (vals).
	if got := (Ref{Backend: AWSParams, Path: "/prod/x"}).String(); got != "ref+awsssm://prod/x" {
		t.Error(got)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"", "ref+", "ref+nowhere://a/b", "ref+vault://", " ref+vault://a", "ref+vault://a b", "ref+vault://%zz", "ref+vault:///"} {
		if r, err := Parse(text); err == nil {
			t.Errorf("%q is read as %#v", text, r)
		}
	}
}

func TestExpand(t *testing.T) {
	resolve := func(r Ref) (string, error) { return "<" + r.Path + "|" + r.Key + ">", nil }
	for text, want := range map[string]string{
		"none here":                                         "none here",
		"ref+vault://a/b#/c":                                "<a/b|c>",
		"ref+vault://a/b#/c\n":                              "<a/b|c>\n",
		"postgres://u:ref+vault://a/b#/c+@h/d":              "postgres://u:<a/b|c>@h/d",
		`{"a":"ref+awsssm://p","b":"secretref+age://f#/k"}`: `{"a":"<p|>","b":"<f|k>"}`,
	} {
		if got, err := Expand(text, resolve); err != nil || got != want {
			t.Errorf("%q gives %q, %v; expected %q", text, got, err, want)
		}
	}
	broken := errors.New("sealed")
	if _, err := Expand("x ref+vault://a/b", func(Ref) (string, error) { return "", broken }); !errors.Is(err, broken) || !strings.Contains(err.Error(), "ref+vault://a/b") {
		t.Error(err)
	}
	if _, err := Expand("ref+elsewhere://a/b", resolve); err == nil {
		t.Error("a backend that nobody knows was passed over")
	}
}

func FuzzRoundTrip(f *testing.F) {
	seeds := [][2]string{{"prod/mysql", "password"}, {"a+b/ü", "x y"}, {"p%2F", "#?&"}, {"a", ""}}
	for _, s := range seeds {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, path, key string) {
		r := Ref{Backend: Vault, Path: strings.TrimPrefix(path, "/"), Key: strings.TrimPrefix(key, "/")}
		if r.Validate() != nil {
			return
		}
		got, err := Parse(r.String())
		if err != nil || got.Path != r.Path || got.Key != r.Key {
			t.Errorf("%#v is written %s and read as %#v, %v", r, r, got, err)
		}
		found, err := Find("a:" + r.Embedded() + "@b")
		if err != nil || len(found) != 1 || found[0].Ref.Path != r.Path {
			t.Errorf("%s within a text is found as %v, %v", r, found, err)
		}
	})
}

func TestNames(t *testing.T) {
	names := Names{}
	db := Ref{Backend: AWSSecrets, Path: "prod/mysql", Key: "password"}
	for name, r := range map[string]Ref{"DB_PASSWORD": db, "API_TOKEN": {Backend: Age, Path: "secrets.age", Key: "token"}} {
		if err := names.Add(name, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := names.Add("DB_PASSWORD", db); err != nil {
		t.Errorf("the same again: %v", err)
	}
	if err := names.Add("DB_PASSWORD", Ref{Backend: Vault, Path: "a"}); err == nil {
		t.Error("one name stands for two secrets")
	}
	if err := names.Add("DB-PASSWORD", db); err == nil {
		t.Error("a name that no shell takes")
	}
	back, err := ReadNames(names.Bytes())
	if err != nil || !reflect.DeepEqual(back, names) {
		t.Errorf("%s\nread as %#v, %v", names.Bytes(), back, err)
	}
	var plain any
	if err := yaml.Unmarshal(names.Bytes(), &plain); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"version: 2\n", "version: 1\nsecrets: {}\n", "version: 1\nenvironment: {A: b}\n", "version: 1\nenvironment: {A-B: ref+vault://a}\n"} {
		if _, err := ReadNames([]byte(bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
	if empty, err := ReadNames(nil); err != nil || len(empty) != 0 {
		t.Error(empty, err)
	}
}
