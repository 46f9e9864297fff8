package leaktest

import (
	"fmt"
	"text/template"
)

// vendors are tokens of several parts without a checksum; those of one part are
// written in templates directly: "dop_v1_{{hex 64}}".
func vendors(d *dice) template.FuncMap {
	return template.FuncMap{
		"openai":       d.openai,
		"anthropic":    d.anthropic,
		"stripe":       func(prefix string) string { return prefix + "51" + d.must(base62, 97) },
		"slackBot":     func() string { return "xoxb-" + d.number(12) + "-" + d.number(13) + "-" + d.must(base62, 24) },
		"slackUser":    d.slackUser,
		"slackApp":     d.slackApp,
		"slackWebhook": d.slackWebhook,
		"telegram":     func() string { return d.number(10) + ":AA" + d.must(base64URL, 33) },
		"sendgrid":     func() string { return "SG." + d.must(base64URL, 22) + "." + d.must(base64URL, 43) },
		"twilio":       func(prefix string) string { return prefix + d.must(hexLower, 32) },
		"google":       func() string { return "AIza" + "Sy" + d.must(base64URL, 33) },
		"shopify":      func(prefix string) string { return prefix + d.must(hexLower, 32) },
		"databricks":   func() string { return "dapi" + d.must(hexLower, 32) },
		"mailchimp":    func() string { return d.must(hexLower, 32) + fmt.Sprintf("-us%d", 1+d.IntN(21)) },
		"postman":      func() string { return "PMAK-" + d.must(hexLower, 24) + "-" + d.must(hexLower, 34) },
	}
}

// number has n digits, the first not 0.
func (d *dice) number(n int) string { return d.must("123456789", 1) + d.must(digits, n-1) }

// openai keys carry base64 of "OpenAI" in the middle; the older form ("sk-") has
// 20 characters to either side, those with a kind ("sk-proj-") have 74.
func (d *dice) openai(prefix string) string {
	n := 74
	if prefix == "sk-" {
		n = 20
	}
	alphabet := base64URL
	if n == 20 {
		alphabet = base62
	}
	return prefix + d.must(alphabet, n) + "T3Blbk" + "FJ" + d.must(alphabet, n)
}

// anthropic keys: kind ("api03", "admin01", "oat01"), 93 characters, and "AA",
// the zero bits that fill up the last byte.
func (d *dice) anthropic(kind string) string {
	return "sk-ant-" + kind + "-" + d.must(base64URL, 93) + "AA"
}

func (d *dice) slackUser() string {
	return "xoxp-" + d.number(12) + "-" + d.number(12) + "-" + d.number(13) + "-" + d.must(hexLower, 32)
}

func (d *dice) slackApp() string {
	return "xapp-1-A" + d.must(digits+upper, 10) + "-" + d.number(13) + "-" + d.must(hexLower, 64)
}

func (d *dice) slackWebhook() string {
	return "https://hooks.slack" + ".com/services/T" + d.must(digits+upper, 10) + "/B" + d.must(digits+upper, 10) + "/" + d.must(base62, 24)
}
