package assign

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// forms are the ways of writing an assignment that Parse reads. «name» marks the
// name, «» stands for the value.
var forms = []struct{ name, text string }{
	{"dotenv", "A=1\n«DB_PASSWORD»=«»\nB=2\n"},
	{"dotenv quoted", `«DB_PASSWORD»="«»"`},
	{"dotenv comment", "«DB_PASSWORD»=«» # of the old server"},
	{"shell export", "export «API_TOKEN»='«»'\n"},
	{"shell prefix", "  env «SECRET_TOKEN»=«» ./run"},
	{"shell two", "A=1 «MYSQL_PASSWORD»=«» B=2"},
	{"docker run", `docker run -e «MYSQL_ROOT_PASSWORD»=«» -d mysql`},
	{"powershell", `$env:«API_KEY» = "«»"`},
	{"powershell option", `Connect -User x -«Password» «» -Force`},
	{"secure string", `«ConvertTo-SecureString» "«»" -AsPlainText`},
	{"option space", "tool --user x --«password» «» --force"},
	{"option equals", "tool --«password»=«» --force"},
	{"option quoted", "tool --«auth-token» '«»'"},
	{"system property", "java -«Dapp.password»=«» -jar x"},
	{"dockerfile equals", "FROM x\nENV «APP_SECRET»=«»\n"},
	{"dockerfile space", "FROM x\nENV «APP_SECRET» «»\n"},
	{"dockerfile arg", "ARG «NPM_TOKEN»=«»\n"},
	{"json", `{"user": "x", "«password»": "«»", "z": 1}`},
	{"json tight", `{"«client_secret»":"«»"}`},
	{"json in a string", `body := "{\"«password»\": \"«»\"}"`},
	{"json name value", "{\"Name\": \"«DB_PASSWORD»\",\n \"Value\": \"«»\"}"},
	{"yaml", "db:\n  «password»: «»\n"},
	{"yaml quoted", "  «password»: '«»'  # x\n"},
	{"yaml list", "  - «password»: «»\n"},
	{"yaml pair", "env:\n- name: «DB_PASSWORD»\n  value: «»\n"},
	{"yaml pair quoted", "- name: \"«DB_PASSWORD»\"\n  value: \"«»\"\n"},
	{"compose list", "environment:\n  - «POSTGRES_PASSWORD»=«»\n"},
	{"compose list quoted", "  - \"«POSTGRES_PASSWORD»=«»\"\n"},
	{"toml", "«api_key» = \"«»\"\n"},
	{"toml quoted name", "\"«api_key»\" = \"«»\"\n"},
	{"ini", "[x]\n«password» = «»\n"},
	{"ini semicolon", "«password»=«»;\n"},
	{"properties", "«spring.datasource.password»=«»\n"},
	{"properties colon", "«spring.datasource.password»: «»\n"},
	{"comment", "# «password»: «»\n"},
	{"xml element", "<u>x</u><«password»>«»</password>"},
	{"xml namespace", "<a:«password»>«»</a:password>"},
	{"xml cdata", "<«api_key»><![CDATA[«»]]></api_key>"},
	{"xml attribute", `<user name="x" «password»="«»"/>`},
	{"xml add", `<add key="«DbPassword»" value="«»"/>`},
	{"xml property", `<property name="«password»">«»</property>`},
	{"xml property value", `<property name="«password»" value="«»"/>`},
	{"xml string", `<string name="«api_key»">«»</string>`},
	{"plist", "<key>«Password»</key>\n\t<string>«»</string>"},
	{"hcl", "  «password» = \"«»\"\n"},
	{"hcl variable", "variable \"«db_password»\" {\n  type = string\n  default = \"«»\"\n}"},
	{"go short", "«token» := \"«»\""},
	{"go const", "const «apiKey» string = \"«»\""},
	{"go raw", "«token» := `«»`"},
	{"go struct", "Config{User: x, «Password»: \"«»\"}"},
	{"go conversion", "«secret» := []byte(\"«»\")"},
	{"go map", `m["«password»"] = "«»"`},
	{"java", `private static final String «PASSWORD»  =  "«»";`},
	{"java put", `props.put("«password»", "«»");`},
	{"java setter", `«ds.setPassword»("«»");`},
	{"java fallback", `System.getenv().getOrDefault("«API_TOKEN»", "«»")`},
	{"python", "«password» = '«»'"},
	{"python bytes", "«secret_key» = b'«»'"},
	{"python typed", `«password»: Optional[str] = "«»"`},
	{"python default", `def f(x, «password»='«»', y=1):`},
	{"python environ", `os.environ["«SECRET_KEY»"] = "«»"`},
	{"python getenv", `x = os.getenv("«SECRET_KEY»", "«»")`},
	{"python or", `x = os.environ.get("«SECRET_KEY»") or "«»"`},
	{"python next line", "x = dict(\n    «SECRET_KEY»=\n        '«»')"},
	{"ruby symbol", `:«password» => "«»"`},
	{"ruby key", `x(login: 1, «password»: '«»')`},
	{"ruby env", `ENV['«API_TOKEN»'] ||= "«»"`},
	{"ruby fetch", `ENV.fetch('«API_TOKEN»', '«»')`},
	{"javascript object", `{ user: 1, «password»: '«»' }`},
	{"javascript fallback", `const «secret» = process.env.X || '«»'`},
	{"javascript env", `x = «process.env.JWT_SECRET» ?? "«»"`},
	{"typescript", `private «token»: string = '«»';`},
	{"compare", `if («password» == "«»") {`},
	{"php array", `'«password»' => '«»',`},
	{"php define", `define('«DB_PASSWORD»', '«»');`},
	{"php variable", `$«password» = "«»";`},
	{"php index", `$cfg['db']['«password»'] = '«»';`},
	{"perl arrow", `$h->{«password»} = '«»';`},
	{"csharp verbatim", `var «password» = @"«»";`},
	{"rust", `let «api_key»: &'static str = "«»";`},
	{"make", "«API_TOKEN» ?= «»\n"},
	{"sql identified", `CREATE USER x «IDENTIFIED BY» '«»'`},
	{"sql password", `ALTER ROLE x WITH «PASSWORD» '«»';`},
	{"sql set", `SET «PASSWORD» = '«»'`},
	{"connection string", `"Server=x;User Id=sa;«Password»=«»;Encrypt=no"`},
	{"connection pwd", `"Server=x;Uid=sa;«Pwd»=«»"`},
	{"query string", `"https://x.test/a?«access_token»=«»&b=c"`},
	{"sql bare", `CREATE USER x «IDENTIFIED BY» «» QUOTA 1`},
	{"markdown", "- **«password»**: «»"},
	{"argument list", `exec("tool", "--user", "x", "--«password»", "«»")`},
	{"aligned", `const «proxyPass»   = "«»";`},
	{"short", "«DB_PW»=«»"},
	{"r assign", `«api_key» <- "«»"`},
}

// written renders a form: its text, and where name and value stand in it.
func written(form, value string) (text string, key, val [2]int) {
	a, rest, _ := strings.Cut(form, "«")
	name, rest, _ := strings.Cut(rest, "»")
	b, rest, _ := strings.Cut(rest, "«»")
	text = a + name + b + value + rest
	return text, [2]int{len(a), len(a + name)}, [2]int{len(a + name + b), len(a + name + b + value)}
}

// parsed gives the assignments at all keywords of text.
func parsed(text string) (all []Assignment) {
	low := strings.ToLower(text)
	for _, k := range Keywords() {
		for at := 0; ; {
			i := strings.Index(low[at:], k)
			if i < 0 {
				break
			}
			at += i
			if a, ok := Parse([]byte(text), at, at+len(k)); ok {
				all = append(all, a)
			}
			at++
		}
	}
	return all
}

// random makes a value of n letters and digits.
func random(seed uint64, n int) string {
	const alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	rng := rand.New(rand.NewPCG(seed, 0))
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[rng.IntN(len(alphabet))]
	}
	return string(b)
}

func TestParseForms(t *testing.T) {
	for i, form := range forms {
		for _, eol := range []string{"\n", "\r\n"} {
			text, key, value := written(strings.ReplaceAll(form.text, "\n", eol), random(uint64(i), 20))
			t.Run(fmt.Sprintf("%s/%q", form.name, eol), func(t *testing.T) {
				all := parsed("{\n" + text + eol + "next")
				for _, a := range all {
					if a.Key == moved(key, 2) && a.Value == moved(value, 2) {
						return
					}
				}
				t.Errorf("want name %v, value %v, got %d others", moved(key, 2), moved(value, 2), len(all))
				for _, a := range all {
					t.Logf("name %v, value %v, op %c", a.Key, a.Value, a.Op)
				}
			})
		}
	}
	if len(forms) < 80 {
		t.Errorf("only %d forms", len(forms))
	}
}

func moved(span [2]int, n int) [2]int { return [2]int{span[0] + n, span[1] + n} }
