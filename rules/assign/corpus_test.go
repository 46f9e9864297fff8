package assign

import (
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
)

// tongue is a language or format, and how it writes an assignment: N stands for the
// name, V for the value. bare says that the value has no quotes.
type tongue struct {
	file, text string
	bare       bool
}

var tongues = []tongue{
	{".env", "HOST=db\nN=V\n", true}, {"app.yml", "db:\n  N: V\n", true}, {"values.yaml", "auth:\n  N: \"V\"\n", false},
	{"app.properties", "a.b=c\nN=V\n", true}, {"app.ini", "[db]\nN = V\n", true}, {"app.toml", "N = \"V\"\n", false}, {"main.tf", "  N = \"V\"\n", false},
	{"variables.tf", "variable \"N\" {\n  default = \"V\"\n}\n", false}, {"docker-compose.yml", "    environment:\n      - N=V\n", true}, {"Dockerfile", "FROM x\nENV N=V\n", true},
	{"Jenkinsfile", "environment {\n  N = 'V'\n}\n", false}, {"nginx.conf", "set $N \"V\";\n", false}, {"app.xml", "<a><N>V</N></a>\n", true}, {"web.config", "<add key=\"N\" value=\"V\"/>\n", false},
	{"play.yml.j2", "N: \"V\"\n", false}, {"deploy.ps1", "$N = \"V\"\n", false}, {"App.kt", "val N = \"V\"\n", false}, {"App.swift", "let N = \"V\"\n", false},
	{"app.dart", "final N = 'V';\n", false}, {"app.rs", "let N = \"V\";\n", false}, {"app.lua", "local N = \"V\"\n", false}, {"app.pl", "my $N = 'V';\n", false},
	{"app.exs", "config :app, N: \"V\"\n", false}, {"app.R", "N <- \"V\"\n", false}, {"app.scala", "val N = \"V\"\n", false}, {"app.groovy", "def N = 'V'\n", false},
	{"app.py", "N = \"V\"\n", false}, {"app.js", "const N = 'V';\n", false}, {"app.go", "\tN := \"V\"\n", false}, {"App.java", "String N = \"V\";\n", false},
	{"app.php", "$N = 'V';\n", false}, {"app.rb", "N = \"V\"\n", false}, {"App.cs", "var N = \"V\";\n", false}, {"app.json", "{\"N\": \"V\"}\n", false}, {"run.sh", "export N='V'\n", false},
}

// What stands under a secret's name and is one, and what is none.
var (
	leaks = map[string][]string{
		"dbPassword":    {"{{password}}", "{{randomPassword 12}}", "{{alnum 20}}"},
		"client_secret": {"{{alnum 32}}", "{{base64url 40}}", "{{hex 32}}"},
		"API_KEY":       {"{{alnum 32}}", "{{hex 40}}", "{{alnumUpper 24}}"},
		"auth_token":    {"{{alnum 40}}", "{{base64url 43}}", "{{hex 64}}"},
	}
	harmless = map[string][]string{
		"dbPassword":     {"${DB_PASSWORD}", "<your-password>", "********", "your-password-here", "vault:secret/data/shop#db", "Enter your new password", "user_password_field.label", "/run/secrets/db", "{{\"{{\"}}db_password{{\"}}\"}}", "sha256:{{hex 64}}", "$2b$12${{alnum 53}}", "env:DB_PASSWORD"},
		"client_secret":  {"${CLIENT_SECRET}", "xxxxxxxxxxxxxxxx", "insert-secret-here", "op://shop/oauth/secret", "projects/shop/secrets/oauth/versions/1"},
		"api_key":        {"REPLACE_WITH_API_KEY", "YOUR_API_KEY", "placeholder", "arn:aws:secretsmanager:eu-west-1:1:secret:x"},
		"token_type":     {"{{alnum 32}}"},
		"password_label": {"Mot de passe", "Passwort", "{{word}}"},
		"public_key":     {"{{base64 44}}"},
		"csrf_token":     {"{{alnum 32}}"},
		"secretName":     {"{{word}}-{{word}}-{{word}}"},
	}
)

// TestTongues plants each kind of secret, and of what is none, in each language and
// counts what is told at the default threshold of a scan.
func TestTongues(t *testing.T) {
	const told = 0.5
	planted, found, decoys, alarms := 0, 0, 0, 0
	missed := map[string]int{}
	for i, l := range tongues {
		each(l, uint64(i), leaks, func(text []byte, value string) {
			planted++
			if kept(text, l.file, value, told) {
				found++
			} else {
				missed[l.file+" "+value[:2]]++
			}
		})
		each(l, uint64(i), harmless, func(text []byte, value string) {
			decoys++
			if kept(text, l.file, value, told) {
				alarms++
				t.Errorf("%s: told of %s", l.file, text)
			}
		})
	}
	if planted < 1200 || decoys < 1500 {
		t.Fatalf("only %d planted and %d decoys", planted, decoys)
	}
	if found*100 < planted*98 {
		t.Errorf("%d of %d found; missed by file and the value's first letters: %v", found, planted, missed)
	}
	t.Logf("%d of %d found, %d of %d decoys", found, planted, alarms, decoys)
}

// each writes three values of each template down.
func each(l tongue, seed uint64, values map[string][]string, use func(text []byte, value string)) {
	for name, templates := range values {
		for _, tmpl := range templates {
			for n := range uint64(3) {
				value := leaktest.Must(seed<<8|n, tmpl)
				if l.bare && strings.ContainsAny(value, " #;&<>'\"") || strings.ContainsAny(value, "'\"\\") {
					continue
				}
				use([]byte(strings.NewReplacer("N", name, "V", value).Replace(l.text)), value)
			}
		}
	}
}

// kept tells whether a value is told from a probability on.
func kept(text []byte, file, value string, least float64) bool {
	for _, a := range Accounts(text, 0, len(text), file) {
		if a.Why == "" && a.Probability() >= least && strings.Contains(string(text[a.Value[0]:a.Value[1]]), value) {
			return true
		}
	}
	return false
}
