package rulefile

import (
	"reflect"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/rules"
)

const verified = `
[[rules]]
id = "berth-pass"
regex = '''\b(?P<value>brt_(?P<body>[a-z]{31})(?P<sum>[a-z]{3}))\b'''
checksum = { algo = "marvin32", seed = "Harbour0", of = "body", sum = "sum", encoding = "base66", mismatch = "downgrade" }
  [[rules.components]]
  rule = "berth"
  regex = '''berth=(\d{1,3})'''
  [rules.verify]
  method = "POST"
  url = "https://api.harbour.example/v1/{part:berth}"
  headers = ["X-Pass: {value}", "Accept: application/json"]
  basic = "{part:berth}:{value}"
  form = ["pass={value}"]
  answers = [
    { status = [200, 201], field = "ok", is = ["true"], means = "valid", why = "it is" },
    { status = 401, means = "invalid" },
  ]
  identity = ["owner.login"]
  doc = "https://harbour.example/docs/api"
`

func TestParseVerify(t *testing.T) {
	c, err := Parse("rules.toml", []byte(verified))
	if err != nil {
		t.Fatal(err)
	}
	want := &rules.Verify{
		Method: "POST", URL: "https://api.harbour.example/v1/{part:berth}", Headers: []string{"X-Pass: {value}", "Accept: application/json"},
		Basic: "{part:berth}:{value}", Form: []string{"pass={value}"}, Identity: []string{"owner.login"}, Doc: "https://harbour.example/docs/api",
		Answers: []rules.Answer{{Status: []int{200, 201}, Field: "ok", Is: []string{"true"}, Means: "valid", Why: "it is"}, {Status: []int{401}, Means: "invalid"}},
	}
	if got := c.Rules[0].Verify; !reflect.DeepEqual(got, want) || got.Host() != "api.harbour.example" {
		t.Errorf("got %+v", got)
	}
	if got := c.Rules[0].Checksum; got.Seed != "Harbour0" {
		t.Errorf("checksum %+v", got)
	}
}

func TestVerifyMistakes(t *testing.T) {
	seen := 0
	for _, c := range []struct{ old, new, want string }{
		{"https://api.harbour.example", "http://api.harbour.example", "must be an https:// address"},
		{"https://api.harbour.example/v1/{part:berth}", "https://{value}.harbour.example/v1", "has a placeholder in its host"},
		{"https://api.harbour.example/v1/{part:berth}", "https://api.harbour.example{value}", "has a placeholder in its host"},
		{"https://api.harbour.example", "https://me@api.harbour.example", "without user"},
		{"{part:berth}:{value}", "{part:quay}:{value}", "{part:quay}: the rule has no such component"},
		{"pass={value}", "pass={secret}", "unknown placeholder {secret}"},
		{`"X-Pass: {value}"`, `"X-Pass"`, "must be \"Name: value\""},
		{`"X-Pass: {value}"`, `"{value}: x"`, "must be \"Name: value\""},
		{`method = "POST"`, `method = "GET"`, `ask for method = "POST"`},
		{`method = "POST"`, `method = "DELETE"`, `unknown word "DELETE"`},
		{`means = "valid"`, `means = "fine"`, `unknown word "fine"`},
		{`means = "valid"`, `means = "expired"`, "and one is valid"},
		{`status = 401, means`, `means`, "would fit everything"},
		{`status = 401,`, `status = 9,`, "status"},
		{`status = 401,`, `status = 401, is = ["x"],`, "is needs a field"},
		{`seed = "Harbour0"`, `seed = "Harbour"`, "seed"},
		{`algo = "marvin32"`, `algo = "crc32"`, "seed"},
	} {
		text := strings.Replace(verified, c.old, c.new, 1)
		if text == verified {
			t.Fatalf("%s is not in the file", c.old)
		}
		if _, err := Parse("rules.toml", []byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.new, err, c.want)
		}
		seen++
	}
	if seen != 17 {
		t.Errorf("%d mistakes", seen)
	}
}
