package leaktest

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"
)

// everyCall is a call of each function, with the shape of what it must give. That
// the checksums hold is tested in rules/proof, by code that did not make them.
var everyCall = map[string]string{
	`{{digits 10}}`: `\d{10}`, `{{lower 20}}`: `[a-z]{20}`, `{{upper 20}}`: `[A-Z]{20}`, `{{letters 34}}`: `[A-Za-z]{34}`,
	`{{alnum 40}}`: `[A-Za-z0-9]{40}`, `{{alnumLower 25}}`: `[a-z0-9]{25}`, `{{alnumUpper 25}}`: `[A-Z0-9]{25}`,
	`{{hex 32}}`: `[0-9a-f]{32}`, `{{hexUpper 40}}`: `[0-9A-F]{40}`, `{{base32 26}}`: `[A-Z2-7]{26}`,
	`{{base64 44}}`: `[A-Za-z0-9+/]{44}`, `{{base64url 86}}`: `[\w-]{86}`, `{{hex 1000}}`: `[0-9a-f]{1000}`, `{{alnum 0}}`: ``,
	`{{from "xyz_" 12}}`: `[xyz_]{12}`, `{{from "a" 5}}`: `a{5}`, `{{pick "a" "b"}}`: `[ab]`, `{{int 3 9}}`: `[3-9]`,
	`{{uuid}}`: `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`,
	`{{word}}`: `[a-z]{3,9}`, `{{words 3}}`: `[a-z]+ [a-z]+ [a-z]+`, `{{password}}`: `\S{10,24}`, `{{randomPassword 16}}`: `\S{16}`,
	`{{b64 "hello"}}`: `aGVsbG8=`, `{{b64url "hello"}}`: `aGVsbG8`, `{{hexenc "hello"}}`: `68656c6c6f`, `{{urlenc "a/"}}`: `%61%2F`,
	`{{urlarg "a/b"}}`: `a%2Fb`, `{{u16le "ab"}}`: "a\x00b\x00", `{{cat "a" "b"}}`: `ab`, `{{oneline "a\nb"}}`: `a\\nb`,
	`{{indent "  " "a\nb"}}`: "  a\n  b\n", `{{crlf "a\nb"}}`: "a\r\nb", `{{sum62 "hello"}}`: `0zNvy2`,
	`{{github "ghp_"}}`: `ghp_[A-Za-z0-9]{36}`, `{{githubPAT}}`: `github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}`, `{{npm}}`: `npm_[A-Za-z0-9]{36}`,
	`{{vercel "vcp_"}}`: `vcp_[A-Za-z0-9]{56}`, `{{cloudflare "cfut_"}}`: `cfut_[A-Za-z0-9]{40}[0-9a-f]{8}`, `{{grafana}}`: `glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}`,
	`{{gitlab "glpat-"}}`: `glpat-[\w-]{20}`, `{{gitlabRoutable "glpat-"}}`: `glpat-[\w-]{27,300}\.01\.[0-9a-z]{9}`,
	`{{atlassian}}`: `ATATT3[\w-]{177}=[0-9A-F]{8}`, `{{confluent}}`: `cflt[A-Za-z0-9+/]{60}`, `{{zuplo "zpka_"}}`: `zpka_[A-Za-z0-9]{32}_[0-9a-f]{8}`,
	`{{canva}}`: `cnvca[\w-]{43}[0-9a-f]{8}`, `{{cashfree "cfsk_ma_prod_"}}`: `cfsk_ma_prod_[0-9a-f]{32}_[0-9a-f]{8}`, `{{lowerSum "apify_api_"}}`: `apify_api_[A-Za-z0-9]{36}`,
	`{{pypi}}`: `pypi-AgEIcHlwaS5vcmc[\w-]{70,}`, `{{testpypi}}`: `pypi-AgENdGVzdC5weXBpLm9yZw[\w-]{70,}`,
	`{{jwt}}`: `eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{43}`, `{{jwtExpired}}`: `eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{43}`, `{{jwtAlg "none"}}`: `eyJ[\w-]+\.eyJ[\w-]+\.`,
	`{{discord}}`: `[MNO][\w-]{23,25}\.[\w-]{6}\.[\w-]{38}`, `{{vault "hvs."}}`: `hvs\.CAESI[\w-]{85,115}`, `{{vault "hvb."}}`: `hvb\.AAAAAQ[\w-]{132,}`,
	`{{vault "s."}}`: `s\.[A-Za-z0-9]{24}`, `{{age}}`: `AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}`, `{{age "pq"}}`: `AGE-SECRET-KEY-PQ-1[02-9AC-HJ-NP-Z]{58}`, `{{nkey}}`: `SU[A-Z2-7]{56}`, `{{nkey "A"}}`: `SA[A-Z2-7]{56}`,
	`{{awsID "AKIA"}}`: `AKIA[A-Z2-7]{16}`, `{{awsID "ASIA" "123456789012"}}`: `ASIA[A-Z2-7]{16}`, `{{awsSecret}}`: `[A-Za-z0-9+/]{40}`,
	`{{azureCASK}}`:         `[A-Za-z0-9]{52}JQQJ99[A-Z][A-L][A-Za-z0-9]{16}AZDO[A-Za-z0-9]{4}`,
	`{{azureHIS "+ASt"}}`:   `[A-Za-z0-9/+]{76}\+ASt[A-Za-z0-9/+]{5}[AQgw]==`,
	`{{azureHIS "+ASb"}}`:   `[A-Za-z0-9/+]{33}\+ASb[A-P][A-Za-z0-9/+]{5}=`,
	`{{azureHIS "AzSe"}}`:   `[A-Za-z0-9/+]{42}AzSe[A-D][A-Za-z0-9/+]{5}`,
	`{{azureHIS "AzFu"}}`:   `[\w-]{44}AzFu[\w-]{6}==`,
	`{{entraSecret}}`:       `[A-Za-z0-9]{3}8Q~[\w~.-]{34}`,
	`{{openai "sk-proj-"}}`: `sk-proj-[\w-]{74}T3BlbkFJ[\w-]{74}`, `{{openai "sk-"}}`: `sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}`,
	`{{anthropic "api03"}}`: `sk-ant-api03-[\w-]{93}AA`, `{{stripe "sk_live_"}}`: `sk_live_51[A-Za-z0-9]{97}`,
	`{{slackBot}}`: `xoxb-\d{12}-\d{13}-[A-Za-z0-9]{24}`, `{{slackUser}}`: `xoxp-\d{12}-\d{12}-\d{13}-[0-9a-f]{32}`,
	`{{slackApp}}`: `xapp-1-A[A-Z0-9]{10}-\d{13}-[0-9a-f]{64}`, `{{slackWebhook}}`: `https://hooks.slack.com/services/T\w{10}/B\w{10}/\w{24}`,
	`{{telegram}}`: `\d{10}:AA[\w-]{33}`, `{{sendgrid}}`: `SG\.[\w-]{22}\.[\w-]{43}`, `{{twilio "SK"}}`: `SK[0-9a-f]{32}`, `{{google}}`: `AIzaSy[\w-]{33}`,
	`{{shopify "shpat_"}}`: `shpat_[0-9a-f]{32}`, `{{databricks}}`: `dapi[0-9a-f]{32}`, `{{mailchimp}}`: `[0-9a-f]{32}-us\d{1,2}`,
	`{{mnemonic}}`: `[a-z]{3,8}(?: [a-z]{3,8}){11}`, `{{mnemonic 24}}`: `[a-z]{3,8}(?: [a-z]{3,8}){23}`,
	`{{wif "main"}}`: `[KL][1-9A-HJ-NP-Za-km-z]{51}`, `{{wif "test"}}`: `c[1-9A-HJ-NP-Za-km-z]{51}`,
	`{{xprv "xprv"}}`: `xprv[1-9A-HJ-NP-Za-km-z]{107}`, `{{xprv "vprv"}}`: `vprv[1-9A-HJ-NP-Za-km-z]{107}`, `{{xpub}}`: `xpub[1-9A-HJ-NP-Za-km-z]{107}`,
	`{{stellar}}`: `S[A-D][A-Z2-7]{54}`, `{{fly 4102444800}}`: `fm2_lJPE[\w+/]{140,}={0,2}`, `{{jfrog 0}}`: `cmVmdGtuOjAxOjAw[A-Za-z0-9]{48}`,
	`{{putty "2"}}`:             `(?s)PuTTY-User-Key-File-2: ssh-ed25519\nEncryption: none\n.*\nPrivate-MAC: [0-9a-f]{40}`,
	`{{putty "3" "encrypted"}}`: `(?s)PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: aes256-cbc\n.*\nPrivate-MAC: [0-9a-f]{64}`,
	`{{supabaseKey "anon"}}`:    `eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{43}`,
	`{{bech32 "nsec" 32}}`:      `nsec1[02-9ac-hj-np-z]{58}`,
	`{{postman}}`:               `PMAK-[0-9a-f]{24}-[0-9a-f]{34}`,
	`{{cert}}`:                  `(?s)-----BEGIN CERTIFICATE-----.*-----END CERTIFICATE-----`, `{{gcpServiceAccount}}`: `(?s)\{.*"private_key".*\}`,
	`{{pem "PGP"}}`: `(?s)-----BEGIN PGP PRIVATE.*=[\w+/]{4}\n-----END PGP.*-----`,
}

var pemKinds = []string{"RSA", "RSA-ENCRYPTED", "EC", "DSA", "PKCS8", "PKCS8-RSA", "PKCS8-EC", "PKCS8-ENCRYPTED", "OPENSSH", "OPENSSH-ENCRYPTED"}

func TestShapes(t *testing.T) {
	shapes := maps.Clone(everyCall)
	for _, kind := range pemKinds {
		shapes[fmt.Sprintf("{{pem %q}}", kind)] = `(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----\n.*\n-----END [A-Z ]*PRIVATE KEY-----`
	}
	called := ""
	for call, shape := range shapes {
		called += call
		whole := regexp.MustCompile(`^(?:` + shape + `)$`)
		for seed := range uint64(10) {
			if !whole.MatchString(Must(seed, call)) {
				t.Errorf("seed %d: %s is not of its shape", seed, call)
			}
		}
	}
	for name := range functions(newDice(0)) {
		if !strings.Contains(called, "{{"+name+" ") && !strings.Contains(called, "{{"+name+"}") {
			t.Errorf("no shape is known for %s", name)
		}
	}
}

func TestSameSeedSameText(t *testing.T) {
	differ := 0
	for call := range everyCall {
		if again := Must(1, call); again != Must(1, call) {
			t.Errorf("%s differs from one call to the next", call)
		}
		if Must(1, call) != Must(2, call) {
			differ++
		}
	}
	if differ < 60 {
		t.Errorf("only %d functions depend on the seed", differ)
	}
	if Must(1, `{{hex 32}}`) == Must(1, `{{hex 32}}{{hex 32}}`)[32:] {
		t.Error("two calls in one template give one value")
	}
	// What templates give must not change under those who stored a fingerprint.
	if got := Must(1, `{{hex 8}} {{int 1 1000}} {{word}}`); got != "72a4b93e 880 mirror" {
		t.Errorf("the stream of seed 1 has changed: %q", got)
	}
}

// A detector's gate on entropy must let every draw through.
func TestLooksRandomWhateverTheSeed(t *testing.T) {
	for seed := range uint64(500) {
		if e := entropy([]byte(Must(seed, `{{hex 32}}`))); e < 3.5 {
			t.Errorf("seed %d: 32 hex digits have %.2f bits", seed, e)
		}
		for _, call := range []string{`{{alnum 16}}`, `{{awsSecret}}`, `{{base64url 43}}`} {
			s := Must(seed, call)
			if !strings.ContainsAny(s, digits) || !strings.ContainsAny(s, lower) || !strings.ContainsAny(s, upper) {
				t.Errorf("seed %d: %s lacks a class", seed, call)
			}
		}
		if p := Must(seed, `{{randomPassword 12}}`); !strings.ContainsAny(p, digits) || !strings.ContainsAny(p, symbols) {
			t.Errorf("seed %d: a password without digit or symbol", seed)
		}
	}
}

func TestKeysParse(t *testing.T) {
	read := map[string]func([]byte) error{
		"RSA":       func(b []byte) error { _, err := x509.ParsePKCS1PrivateKey(b); return err },
		"EC":        func(b []byte) error { _, err := x509.ParseECPrivateKey(b); return err },
		"PKCS8":     func(b []byte) error { _, err := x509.ParsePKCS8PrivateKey(b); return err },
		"PKCS8-RSA": func(b []byte) error { _, err := x509.ParsePKCS8PrivateKey(b); return err },
		"PKCS8-EC":  func(b []byte) error { _, err := x509.ParsePKCS8PrivateKey(b); return err },
	}
	for kind, parse := range read {
		for seed := range uint64(5) {
			block, rest := pem.Decode([]byte(Must(seed, fmt.Sprintf("{{pem %q}}", kind))))
			if block == nil || len(rest) > 0 {
				t.Fatalf("%s: no PEM block", kind)
			}
			if err := parse(block.Bytes); err != nil {
				t.Errorf("%s, seed %d: %v", kind, seed, err)
			}
		}
	}
	block, _ := pem.Decode([]byte(Must(1, `{{cert}}`)))
	if _, err := x509.ParseCertificate(block.Bytes); err != nil {
		t.Error(err)
	}
	if !json.Valid([]byte(Must(1, `{{gcpServiceAccount}}`))) {
		t.Error("the service account is not JSON")
	}
}

func TestRenderErrors(t *testing.T) {
	for _, tmpl := range []string{`{{`, `{{nosuch 1}}`, `{{hex -1}}`, `{{hex 99999999}}`, `{{from "" 3}}`, `{{pem "X"}}`, `{{azureHIS "none"}}`, `{{azureCASK "x"}}`,
		`{{awsID "AKIA" "x"}}`, `{{nkey "QQ"}}`, `{{int 3 2}}`} {
		if _, err := Render(1, tmpl); err == nil {
			t.Errorf("%s renders", tmpl)
		}
	}
}
