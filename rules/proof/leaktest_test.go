package proof_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules/proof"
)

const seeds = 200

// sums are the tokens whose checksum a rule names. The groups say what it is of,
// and where it stands.
var sums = []struct{ tmpl, shape, encoding string }{
	{`{{github "ghp_"}}`, `^ghp_(?<of>.{30})(?<sum>.{6})$`, "base62"},
	{`{{github "gho_"}}`, `^gho_(?<of>.{30})(?<sum>.{6})$`, "base62"},
	{`{{npm}}`, `^npm_(?<of>.{30})(?<sum>.{6})$`, "base62"},
	{`{{vercel "vcp_"}}`, `^vcp_(?<of>.{50})(?<sum>.{6})$`, "base62"},
	{`{{cloudflare "cfut_"}}`, `^cfut_(?<of>.{40})(?<sum>.{8})$`, "hex"},
	{`{{grafana}}`, `^(?<of>glsa_.{32})_(?<sum>.{8})$`, "hex-le"},
	{`{{zuplo "zpka_"}}`, `^zpka_(?<of>.{32})_(?<sum>.{8})$`, "hex"},
	{`{{atlassian}}`, `^(?<of>ATATT3.*=)(?<sum>.{8})$`, "HEX"},
	{`{{confluent}}`, `^cflt(?<of>.{54})(?<sum>.{6})$`, "base64-le"},
	{`{{gitlabRoutable "glpat-"}}`, `^(?<of>glpat-.*)(?<sum>.{7})$`, "base36"},
	{`{{entraSecret}}`, `^(?<of>.{3}8Q~.{31})(?<sum>.{3})$`, "base66"},
}

func TestSumsOfLeaktest(t *testing.T) {
	seen := 0
	for _, c := range sums {
		shape, sum := regexp.MustCompile(c.shape), proof.Sum{Algo: "crc32", Encoding: c.encoding}
		if c.encoding == "base66" {
			sum.Algo, sum.Seed = "marvin32", "AadPwd00"
		}
		for seed := range uint64(seeds) {
			m := shape.FindStringSubmatch(leaktest.Must(seed, c.tmpl))
			if m == nil {
				t.Fatalf("%s, seed %d: not of its shape", c.tmpl, seed)
			}
			of, want := []byte(m[shape.SubexpIndex("of")]), []byte(m[shape.SubexpIndex("sum")])
			if ok, err := sum.Verify(of, want); !ok || err != nil {
				t.Errorf("%s, seed %d: does not hold (%v)", c.tmpl, seed, err)
			}
			of[len(of)/2] ^= 1
			if ok, _ := sum.Verify(of, want); ok {
				t.Errorf("%s, seed %d: holds after a change", c.tmpl, seed)
			}
			seen++
		}
	}
	if want := 11 * seeds; seen != want {
		t.Errorf("%d cases, want %d", seen, want)
	}
}

// parsed are the tokens that have a parser, each with a note that it must give.
var parsed = []struct{ parser, tmpl, note string }{
	{"age", `{{age}}`, ""},
	{"age", `{{age "pq"}}`, ""},
	{"anthropic", `{{anthropic "api03"}}`, ""},
	{"aws-key-id", `{{awsID "AKIA" "123456789012"}}`, "account 123456789012"},
	{"aws-key-id", `{{awsID "ASIA" "012345678901"}}`, "account 012345678901"},
	{"azure-cask", `{{azureCASK}}`, "provider AZDO"},
	{"azure-his", `{{azureHIS "+ASt"}}`, "Azure Storage account key"},
	{"azure-his", `{{azureHIS "ACDb"}}`, "Azure Cosmos DB key"},
	{"azure-his", `{{azureHIS "+ASb"}}`, "Azure Service Bus key"},
	{"azure-his", `{{azureHIS "AzFu"}}`, "Azure Functions key"},
	{"azure-his", `{{azureHIS "AzSe"}}`, "Azure AI Search key"},
	{"azure-his", `{{azureHIS "+ACR"}}`, "Azure Container Registry password"},
	{"base64-json", `glc_{{b64 "{\"o\":\"1\",\"k\":\"2\"}"}}`, ""},
	{"base64-json", `sntrys_{{b64 "{\"iat\":1,\"url\":\"a\"}"}}_{{base64 43}}`, ""},
	{"azure-his", `{{azureHIS "APIM"}}`, "Azure API Management key"},
	{"base64-json", `sk.{{b64url "{\"u\":\"acme\",\"a\":\"x\"}"}}.{{base64url 22}}`, ""},
	{"base58check", `{{wif "main"}}`, "main network"},
	{"base58check", `{{xprv "xprv"}}`, "master key"},
	{"base58check", `{{xprv "zprv"}}`, "master key"},
	{"basic-auth", `{{b64 (cat (hex 40) ":" password)}}`, ""},
	{"bech32", `{{bech32 "nsec" 32}}`, ""},
	{"bech32", `{{bech32 "suiprivkey" 33}}`, ""},
	{"bech32", `{{bech32 "secret-extended-key-main" 169}}`, ""},
	{"bip39", `{{mnemonic}}`, "12 words"},
	{"bip39", `{{mnemonic 18}}`, "18 words"},
	{"fly-macaroon", `{{fly 4102444800}}`, "for https://api.fly.io/v1"},
	{"discord", `{{discord}}`, ""},
	{"gcp-service-account", `{{gcpServiceAccount}}`, "RSA 1024"},
	{"gcp-service-account", `{{oneline (pem "PKCS8-RSA")}}`, "RSA 1024"},
	{"gitlab-routable", `{{gitlabRoutable "glpat-"}}`, ""},
	{"jfrog-reference", `{{jfrog 4102444800}}`, ""},
	{"jwt", `{{jwt}}`, ""},
	{"nkey", `{{nkey}}`, "NATS user seed"},
	{"nkey", `{{nkey "A"}}`, "NATS account seed"},
	{"openai", `{{openai "sk-proj-"}}`, ""},
	{"openai", `{{openai "sk-"}}`, ""},
	{"pem", `{{pem "RSA"}}`, "RSA 1024"},
	{"pem", `{{pem "EC"}}`, "EC P-256"},
	{"pem", `{{pem "DSA"}}`, "DSA 1024"},
	{"pem", `{{pem "PKCS8"}}`, "Ed25519"},
	{"pem", `{{pem "PKCS8-RSA"}}`, "RSA 1024"},
	{"pem", `{{pem "PKCS8-EC"}}`, "EC"},
	{"pem", `{{pem "OPENSSH"}}`, "ssh-ed25519"},
	{"pem", `{{pem "PGP"}}`, "OpenPGP"},
	{"putty", `{{putty "2"}}`, "ssh-ed25519"},
	{"putty", `{{putty "3"}}`, "ssh-ed25519"},
	{"pypi-macaroon", `{{pypi}}`, "restricted by caveats"},
	{"pypi-macaroon", `{{testpypi}}`, "for test.pypi.org"},
	{"stellar-seed", `{{stellar}}`, ""},
	{"telegram", `{{telegram}}`, ""},
	{"vault-service-token", `{{vault "hvs."}}`, ""},
}

func TestParsersOfLeaktest(t *testing.T) {
	covered := map[string]bool{}
	for _, c := range parsed {
		covered[c.parser] = true
		n := uint64(seeds)
		if strings.Contains(c.tmpl, "RSA") || strings.Contains(c.tmpl, "gcp") || strings.Contains(c.tmpl, "DSA") {
			n = 10 // some 20 ms each
		}
		for seed := range n {
			value := []byte(leaktest.Must(seed, c.tmpl))
			got := proof.Parse(c.parser, value)
			if got.Verdict != proof.Holds {
				t.Errorf("%s of %s, seed %d: %v %q", c.parser, c.tmpl, seed, got.Verdict, got.Notes)
			}
			if c.note != "" && !slices.Contains(got.Notes, c.note) {
				t.Errorf("%s of %s, seed %d: notes %q lack %q", c.parser, c.tmpl, seed, got.Notes, c.note)
			}
			cut := proof.Parse(c.parser, value[:len(value)*3/5])
			if cut.Verdict == proof.Holds {
				t.Errorf("%s of %s, seed %d: holds though cut short", c.parser, c.tmpl, seed)
			}
		}
	}
	for _, name := range proof.Parsers() {
		if !covered[name] {
			t.Errorf("no case for %s", name)
		}
	}
}

func TestLowered(t *testing.T) {
	for _, c := range []struct{ parser, tmpl, note string }{
		{"pem", `{{pem "RSA-ENCRYPTED"}}`, "encrypted with a passphrase"},
		{"pem", `{{pem "PKCS8-ENCRYPTED"}}`, "encrypted with a passphrase"},
		{"pem", `{{pem "OPENSSH-ENCRYPTED"}}`, "encrypted with a passphrase (bcrypt)"},
		{"jwt", `{{jwtAlg "none"}}`, "unsigned (alg none)"},
		{"putty", `{{putty "3" "encrypted"}}`, "encrypted with a passphrase"},
		{"base58check", `{{wif "test"}}`, "of the test network"},
		{"base58check", `{{xprv "tprv"}}`, "of the test network"},
		{"aws-key-id", `{{awsID "AKIA" "052310077262"}}`, "canary: its maker is told when it is used"},
	} {
		got := proof.Parse(c.parser, []byte(leaktest.Must(3, c.tmpl)))
		if got.Verdict != proof.Holds || got.Severity == nil || *got.Severity != leak.Low || !slices.Contains(got.Notes, c.note) {
			t.Errorf("%s: %+v", c.tmpl, got)
		}
	}
	for parser, tmpl := range map[string]string{"jwt": `{{jwtExpired}}`, "fly-macaroon": `{{fly 1614816000}}`, "jfrog-reference": `{{jfrog 1614816000}}`} {
		expired := proof.Parse(parser, []byte(leaktest.Must(3, tmpl)))
		if want := time.Date(2021, 3, 4, 0, 0, 0, 0, time.UTC); !expired.Expires.Equal(want) {
			t.Errorf("%s expires %v, want %v", parser, expired.Expires, want)
		}
	}
}

// lookAlikes are not what their parser asks for.
func TestLookAlikesFail(t *testing.T) {
	for _, c := range []struct{ parser, tmpl string }{
		{"age", `AGE-SECRET-KEY-1{{from "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L" 58}}`},
		{"aws-key-id", `AKIA{{upper 8}}8{{upper 7}}`},
		{"aws-key-id", `AKIA{{upper 9}}EXAMPLE`},
		{"aws-key-id", `AROA{{base32 16}}`},
		{"azure-his", `{{base64 86}}==`},
		{"azure-cask", `{{alnum 84}}`},
		{"base64-json", `eyJ{{base64 40}}`},
		{"base58check", `K{{from "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz" 51}}`},
		{"base58check", `{{xpub}}`},
		{"basic-auth", `{{b64 "user:password"}}`},
		{"bip39", `{{words 12}}`},
		{"bip39", `test test test test test test test test test test test junk`},
		{"fly-macaroon", `fm2_lJPEEM{{base64 200}}`},
		{"jfrog-reference", `{{base64 64}}`},
		{"putty", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: a\nPublic-Lines: 1\n{{base64 64}}\nPrivate-Lines: 1\n{{base64 48}}\nPrivate-MAC: {{hex 64}}"},
		{"stellar-seed", `SA{{base32 54}}`},
		{"basic-auth", `{{base64 40}}`},
		{"discord", `{{base64url 24}}.{{base64url 6}}.{{base64url 38}}`},
		{"gcp-service-account", `{"type":"authorized_user"}`},
		{"gitlab-routable", `glpat-{{base64url 36}}.01.{{alnumLower 9}}`},
		{"jwt", `{{base64url 20}}.{{base64url 40}}.{{base64url 43}}`},
		{"jwt", `{{jwtAlg "none"}}{{base64url 43}}`},
		{"nkey", `SU{{base32 56}}`},
		{"openai", `sk-{{alnum 48}}`},
		{"pem", `{{cert}}`},
		{"pem", "-----BEGIN RSA PRIVATE" + " KEY-----\nMIIE...\n-----END RSA PRIVATE KEY-----"},
		{"pem", "-----BEGIN RSA PRIVATE" + " KEY-----\n${KEY}\n-----END RSA PRIVATE KEY-----"},
		{"pem", "-----BEGIN PRIVATE" + " KEY-----\n{{base64 64}}\n{{base64 64}}\n-----END PRIVATE KEY-----"},
		{"pypi-macaroon", `pypi-AgEIcHlwaS5vcmc{{base64url 150}}`},
		{"telegram", `{{digits 9}}:{{base64url 30}}`},
	} {
		for seed := range uint64(20) {
			if got := proof.Parse(c.parser, []byte(leaktest.Must(seed, c.tmpl))); got.Verdict != proof.Fails {
				t.Errorf("%s of %s, seed %d: %v", c.parser, c.tmpl, seed, got.Verdict)
			}
		}
	}
}

// A note must not hold what is secret: no run of 12 characters of the value, but
// for what notes are made of (numbers, addresses).
func TestNotesAreNotSecret(t *testing.T) {
	public := regexp.MustCompile(`^(account|ssh-ed25519|for|issuer|bot|user|organization|provider) `)
	for _, c := range parsed {
		value := leaktest.Must(5, c.tmpl)
		for _, note := range proof.Parse(c.parser, []byte(value)).Notes {
			for i := 0; i+12 <= len(note) && !public.MatchString(note); i++ {
				if strings.Contains(value, note[i:i+12]) {
					t.Errorf("%s: a note shows a part of the value", c.parser)
				}
			}
		}
	}
}

func ExampleParse() {
	id := leaktest.Must(1, `{{awsID "AKIA" "123456789012"}}`)
	fmt.Println(proof.Parse("aws-key-id", []byte(id)).Notes)
	// Output: [account 123456789012]
}
