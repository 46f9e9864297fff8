// Package leaktest makes inert credentials: values with the right prefix,
// length, alphabet and checksum that no provider ever issued.
//
// No literal secret stands in this repository, fake or not: our own hook would
// stop it, and so would everybody else's. Tests, rule examples and sample
// applications hold templates, which Render turns into text at run time:
//
//	leaktest.Must(7, `token = "{{github "ghp_"}}"`)
//
// What a template can call; n is a number of characters, quotes mark strings:
//
//	digits lower upper letters alnum alnumLower alnumUpper hex hexUpper base32 base64 base64url   each n (no padding)
//	from "alphabet" n · pick "a" "b" … · int lo hi · uuid · word · words n · password · randomPassword n
//	b64 b64url hexenc urlenc urlarg u16le oneline crlf   each of a string · cat "a" "b" … · indent "  " text
//	github "ghp_" · githubPAT · npm · vercel "vcp_" · cloudflare "cfut_" · grafana · gitlab "glpat-" · gitlabRoutable "glpat-"
//	atlassian · confluent · zuplo "zpka_" · canva · cashfree "cfsk_ma_prod_" · lowerSum "apify_api_" · sum62 text · pypi · testpypi · jwt · jwtExpired · jwtAlg "none" · supabaseKey "anon" · discord · vault "hvs." · age ["pq"] · bech32 "nsec" 32 · nkey ["U"]
//	awsID "AKIA" ["123456789012"] · awsSecret · azureCASK ["AZDO"] · azureHIS "+ASt" · entraSecret
//	openai "sk-proj-" · anthropic "api03" · stripe "sk_live_" · slackBot slackUser slackApp slackWebhook · telegram · sendgrid
//	twilio "SK" · google · shopify "shpat_" · databricks · mailchimp · postman · cert · gcpServiceAccount
//	mnemonic [12] · wif "main" · xprv "xprv" · xpub · stellar · putty "3" ["encrypted"] · fly 4102444800 · jfrog 0
//	pem "RSA" (RSA-ENCRYPTED EC DSA PKCS8 PKCS8-RSA PKCS8-EC PKCS8-ENCRYPTED OPENSSH OPENSSH-ENCRYPTED PGP)
//
// Promises: the same seed and template give the same text, on every platform
// and Go version; a value's checksum holds and keys parse, whatever the seed;
// every random part looks random (see dice.draw), so that a test of a detector
// does not fail on an unlucky seed.
//
// Limits: nothing here is fit for use as a secret. Key pairs come from a
// documented seed, passphrases of "encrypted" keys are thrown away, RSA and DSA
// keys have 1,024 bits.
package leaktest

import (
	"fmt"
	"maps"
	"strings"
	"text/template"
)

// Render executes tmpl (text/template) with the functions listed above. Two
// calls in one template give two values; a variable ({{$k := hex 32}}) keeps one.
func Render(seed uint64, tmpl string) (string, error) {
	t, err := template.New("leaktest").Funcs(functions(newDice(seed))).Parse(tmpl)
	if err != nil {
		return "", fmt.Errorf("read template: %w", err)
	}
	var out strings.Builder
	if err := t.Execute(&out, nil); err != nil {
		return "", fmt.Errorf("render template: %w", err)
	}
	return out.String(), nil
}

// Must is Render for tests and rule examples whose template is a constant: it
// panics where Render fails.
func Must(seed uint64, tmpl string) string {
	s, err := Render(seed, tmpl)
	if err != nil {
		panic(err)
	}
	return s
}

// functions are what a template can call, all of them drawing from d.
func functions(d *dice) template.FuncMap {
	all := template.FuncMap{}
	for _, group := range []template.FuncMap{
		characters(d), people(d), encoders(), crcTokens(d), azureTokens(d), awsTokens(d),
		structured(d), vendors(d), pemKeys(d), wallets(d), compounds(d),
	} {
		maps.Copy(all, group)
	}
	return all
}
