package scanner_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/sourcetest"
)

// What looks like a credential and is worth less, or nothing: each says so, or is
// no finding. Values of documentation stand here in pieces.
func TestToldApart(t *testing.T) {
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	none := ""
	for name, c := range map[string]struct{ text, note string }{
		"expired token":       {leaktest.Must(1, `token: {{jwtExpired}}`), "expired 2021-03-04"},
		"unsigned token":      {leaktest.Must(1, `token: {{jwtAlg "none"}}`), "unsigned (alg none)"},
		"expired macaroon":    {leaktest.Must(1, `FLY_API_TOKEN={{fly 1614816000}}`), "expired 2021-03-04"},
		"key in PEM, sealed":  {leaktest.Must(1, `{{pem "RSA-ENCRYPTED"}}`), "encrypted with a passphrase"},
		"PBES2":               {leaktest.Must(1, `{{pem "PKCS8-ENCRYPTED"}}`), "encrypted with a passphrase"},
		"OpenSSH, sealed":     {leaktest.Must(1, `{{pem "OPENSSH-ENCRYPTED"}}`), "encrypted with a passphrase (bcrypt)"},
		"PuTTY, sealed":       {leaktest.Must(1, `{{putty "3" "encrypted"}}`), "encrypted with a passphrase"},
		"certificate":         {leaktest.Must(1, `{{cert}}`), none},
		"AWS's documentation": {"aws_access_key_id = AKIAIOSFODNN7" + "EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY\n", none},
		"AWS canary":          {leaktest.Must(1, `key {{awsID "AKIA" "052310077262"}}`), "canary: its maker is told when it is used"},
		"Stripe's page":       {"STRIPE_KEY=sk_test_4eC39HqLy" + "jWDarjtT1zdp7dc", none},
		"GitHub's page":       {`"token": "ghs_16C7e42F292c6912E77` + `10c838347Ae178B4a"`, none},
		"Azurite":             {"AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OU" + "zFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;", none},
		"Cosmos DB emulator":  {"AccountKey=C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD" + "4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==;", none},
		"jwt.io":              {"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ." + "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c", none},
		"RFC 8037":            {`{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxE` + `RJxWl7MmkZcDusAxyuf2A"}`, none},
		"Hardhat's phrase":    {`mnemonic: "test test test test test test test test test test test junk"`, none},
		"Go's test key":       {goTestKey(t), none},
		"wg(8)":               {"PrivateKey = yAnz5TF+lXXJte14tji3z" + "lMNq+hd2rYUIgJBgB3fBmk=", none},
	} {
		var found []*leak.Finding
		src := sourcetest.Memory{{Name: "notes.conf", Content: []byte(c.text + "\n")}}
		_, err := scanner.New(builtin.Set(), scanner.Options{Now: day}).Scan(t.Context(), src.Plain(), func(e scanner.Event) error {
			if e.Finding != nil {
				found = append(found, e.Finding)
			}
			return nil
		})
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case c.note == none && len(found) > 0:
			t.Errorf("%s: found as %s, %v", name, found[0].Rule, found[0].Notes)
		case c.note != none && (len(found) != 1 || found[0].Severity != leak.Low || !slices.Contains(found[0].Notes, c.note)):
			t.Errorf("%s: %d findings: %s", name, len(found), wordsOf(found))
		}
	}
}

// goTestKey is the key that Go's own tests serve TLS with, from the installation
// that runs this, indented as in YAML.
func goTestKey(t *testing.T) string {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "src/net/http/internal/testcert/testcert.go"))
	if err != nil {
		t.Fatal(err)
	}
	_, key, _ := strings.Cut(string(text), "testingKey(`")
	key, _, ok := strings.Cut(key, "`")
	if !ok {
		t.Fatal("the key is not where it was")
	}
	return "key: |\n    " + strings.ReplaceAll(strings.ReplaceAll(key, "TESTING KEY", "PRIVATE"+" KEY"), "\n", "\n    ")
}

func wordsOf(found []*leak.Finding) string {
	var all []string
	for _, f := range found {
		all = append(all, f.Rule+" "+f.Severity.String()+" "+strings.Join(f.Notes, "; "))
	}
	return strings.Join(all, " | ")
}
