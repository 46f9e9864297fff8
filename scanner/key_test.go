package scanner

import (
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/rules"
)

func TestKeyOf(t *testing.T) {
	for text, want := range map[string]string{
		`TOKEN=VALUE`:                            "TOKEN",
		`export API_TOKEN="VALUE"`:               "API_TOKEN",
		`"auth.token": "VALUE"`:                  "auth.token",
		`token : VALUE`:                          "token",
		`$config['token'] = 'VALUE'`:             "token",
		`token := "VALUE"`:                       "token",
		`:token => 'VALUE'`:                      "token",
		`./run --api-token=VALUE`:                "api-token",
		`-Daws.secretKey=VALUE`:                  "Daws.secretKey",
		`call("VALUE")`:                          "",
		`a comment about VALUE`:                  "",
		`VALUE`:                                  "",
		"TOKEN=\nVALUE":                          "",
		"=VALUE":                                 "",
		strings.Repeat("x", 2*maxKey) + "=VALUE": strings.Repeat("x", maxKey),
	} {
		at := strings.Index(text, "VALUE")
		m := &rules.Match{Start: at, End: len(text), Value: [2]int{at, at + 5}}
		if got := keyOf(m, []byte(text)); got != want {
			t.Errorf("%q stands under %q, not %q", text, got, want)
		}
	}
	url := `DATABASE_URL=scheme://user:VALUE@host`
	m := &rules.Match{Start: strings.Index(url, "scheme"), End: len(url), Value: [2]int{strings.Index(url, "VALUE"), strings.Index(url, "@")}}
	if got := keyOf(m, []byte(url)); got != "DATABASE_URL" {
		t.Errorf("a URL's password stands under %q", got)
	}
}
