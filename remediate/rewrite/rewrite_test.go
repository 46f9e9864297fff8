package rewrite

import (
	"bytes"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/rewrite/change"
)

// one is a case: before has the value between « and », and NAME before a colon
// within them where it is not DB_PASSWORD. after "" is a refusal for the reason.
type one struct {
	name, before, after string
	style               change.Style
	opts                Options
	reason              change.Reason
	to                  ref.Ref // "" backend: dbRef
}

// dbRef is what all cases refer to.
var dbRef = ref.Ref{Backend: ref.AWSSecrets, Path: "prod/mysql", Key: "password"}

// marked takes the marks out of a text.
func marked(t testing.TB, text string) (plain string, edits []Edit) {
	t.Helper()
	for {
		start := strings.Index(text, "«")
		if start < 0 {
			break
		}
		end := strings.Index(text, "»")
		plain += text[:start]
		value := text[start+len("«") : end]
		name := "DB_PASSWORD"
		if n, rest, ok := strings.Cut(value, "::"); ok {
			name, value = n, rest
		}
		edits = append(edits, Edit{Span: leak.Span{Start: int64(len(plain)), End: int64(len(plain) + len(value))}, Ref: refFor(name), Name: name})
		plain += value
		text = text[end+len("»"):]
	}
	if len(edits) == 0 {
		t.Fatal("the case marks no value")
	}
	return plain + text, edits
}

// refFor has another member of the same document for another name.
func refFor(name string) ref.Ref {
	r := dbRef
	if name != "DB_PASSWORD" {
		r.Key = strings.ToLower(name)
	}
	return r
}

func (c one) run(t *testing.T) {
	t.Helper()
	plain, edits := marked(t, c.before)
	for i := range edits {
		edits[i].Style = c.style
		if c.to.Backend != "" {
			key := edits[i].Ref.Key
			if edits[i].Ref = c.to; c.to.Key != "" {
				edits[i].Ref.Key = key
			}
		}
	}
	res, err := File(c.name, []byte(plain), edits, c.opts)
	if err != nil {
		t.Fatal(err)
	}
	if c.reason != "" {
		if len(res.Made) > 0 || len(res.Refused) != len(edits) || res.Refused[0].Reason != c.reason {
			t.Errorf("%s: made %v, refused %v; expected a refusal: %s\n%s", c.name, res.Made, res.Refused, c.reason, res.Content)
		}
		if string(res.Content) != plain {
			t.Errorf("%s: a refused edit changed the file", c.name)
		}
		return
	}
	if len(res.Refused) > 0 || len(res.Made) != len(edits) {
		t.Errorf("%s: %q refused: %v", c.name, plain, res.Refused[0])
		return
	}
	if string(res.Content) != c.after {
		t.Errorf("%s: %q\nbecame   %q\nexpected %q", c.name, plain, res.Content, c.after)
	}
	for _, e := range edits {
		value := plain[e.Span.Start:e.Span.End]
		if strings.Contains(string(res.Content), value) && strings.Count(plain, value) == 1 {
			t.Errorf("%s: the value is still there", c.name)
		}
	}
}

func runAll(t *testing.T, cases []one) {
	for _, c := range cases {
		t.Run(c.name, c.run)
	}
}

const r = "ref+awssecrets://prod/mysql#/password"

func TestDotenv(t *testing.T) {
	runAll(t, []one{
		{name: ".env", before: "# db\nA=1\nDB=«hunter2x»  # kept\nB=2\n", after: "# db\nA=1\nDB=\"" + r + "\"  # kept\nB=2\n"},
		{name: ".env.local", before: "export DB='«hunter2x»'\r\nB=2\r\n", after: "export DB='" + r + "'\r\nB=2\r\n"},
		{name: "app.env", before: "\ufeffDB=\"«a b\\\"c$d»\"\nB='x'", after: "\ufeffDB=\"" + r + "\"\nB='x'"},
		{name: ".env", before: "URL=postgres://app/«hunter2x»@db/ü\n", after: "URL=\"postgres://app/" + r + "+@db/ü\"\n"},
		{name: ".env", before: "URL=\"postgres://$USER/«hunter2x»@db\"\n", after: "URL=\"postgres://$USER/" + r + "+@db\"\n"},
		{name: ".env", before: "KEY=\"«-----BEGIN X-----\nabc\n-----END X-----»\n\"\nB=1\n", after: "KEY=\"" + r + "\n\"\nB=1\n"},
		{name: ".env", before: "DB=«hunter2x»\nDB=«TOKEN::hunter3x»\n", after: "DB=\"" + r + "\"\nDB=\"ref+awssecrets://prod/mysql#/token\"\n"},
		{name: ".env", style: change.Environment, before: "DB='«hunter2x»'\n", after: "DB=\"${DB_PASSWORD}\"\n"},
		{name: ".env", before: "A=1 # old: «hunter2x»\n", reason: change.InComment},
		{name: ".env", before: "«HUNTER2X»=1\n", reason: change.InName},
		{name: ".env", before: "A=\"«hunter2x»\nB=1\n", reason: change.Unparsable},
	})
}

func TestJSON(t *testing.T) {
	runAll(t, []one{
		{name: "config.json", before: "{\r\n\t\"a\": [1, 2.50, \"«hunter2x»\"],\r\n\t\"b\": null\r\n}\r\n", after: "{\r\n\t\"a\": [1, 2.50, \"" + r + "\"],\r\n\t\"b\": null\r\n}\r\n"},
		{name: "settings.jsonc", before: "\ufeff{ // why\n \"p\": \"«hun\\\"ter\\u0032»\", /* x */ \"e\": {}, }", after: "\ufeff{ // why\n \"p\": \"" + r + "\", /* x */ \"e\": {}, }"},
		{name: "config.json", before: `{"url": "mysql://app/«hunter2x»@db/a?b=\u00fc"}`, after: `{"url": "mysql://app/` + r + `+@db/a?b=\u00fc"}`},
		{name: "config.json", before: `{"pin": «12345678», "n": 12345678}`, after: `{"pin": "` + r + `", "n": 12345678}`},
		{name: "config.json", before: `{"p": «"hunter2x"»}`, after: `{"p": "` + r + `"}`},
		{name: "config.json", before: `{"p": "«hunter2x»", "p": "other"}`, after: `{"p": "` + r + `", "p": "other"}`},
		{name: "config.json", style: change.Environment, before: `{"p": "«hunter2x»"}`, after: `{"p": "${DB_PASSWORD}"}`},
		{name: "config.json", before: `{"«hunter2x»": 1}`, reason: change.InName},
		{name: "settings.jsonc", before: "{ // «hunter2x»\n}", reason: change.InComment},
		{name: "config.json", before: `{"p": "«hunter2x»",`, reason: change.Unparsable},
		{name: "testdata/config.json", before: `{"p": "«hunter2x»"}`, reason: change.InFixture},
		{name: "package-lock.json", before: `{"p": "«hunter2x»"}`, reason: change.Generated},
	})
}

func TestYAML(t *testing.T) {
	runAll(t, []one{
		{name: "config.yaml", before: "# top\ndb:\n  password: «hunter2x» # why\n  port: 0x10\n", after: "# top\ndb:\n  password: " + r + " # why\n  port: 0x10\n"},
		{name: "config.yaml", before: "a: {p: «hunter2x», q: 'it''s'}\r\n", after: "a: {p: " + r + ", q: 'it''s'}\r\n"},
		{name: "config.yaml", before: "p: '«hun''ter»'\nq: \"\\u00fc\"\n", after: "p: '" + r + "'\nq: \"\\u00fc\"\n"},
		{name: "config.yaml", before: "\ufeffp: \"«hun\\\"ter»\"\n", after: "\ufeffp: \"" + r + "\"\n"},
		{name: "config.yaml", before: "ü: é\nα: [«hunter2x», ü]\n", after: "ü: é\nα: [" + r + ", ü]\n"},
		{name: "config.yaml", before: "key: |\n  «-----BEGIN X-----\n  abc\n\n  -----END X-----»\nnext: 1\n", after: "key: |\n  " + r + "\nnext: 1\n"},
		{name: "config.yaml", before: "key: >-\n    one «hunter2x»\n    two\nnext: 1\n", after: "key: >-\n    one " + r + "+\n    two\nnext: 1\n"},
		{name: "config.yaml", before: "a: &p «hunter2x»\nb: *p\nc: {<<: {d: 1}}\n", after: "a: &p " + r + "\nb: *p\nc: {<<: {d: 1}}\n"},
		{name: "config.yaml", before: "a: !!str «12345678»\nb: 12345678\n", after: "a: !!str " + r + "\nb: 12345678\n"},
		{name: "config.yaml", before: "url: dsn «USER::admin9x»/«hunter2x»@db\n", after: "url: dsn ref+awssecrets://prod/mysql#/user+/" + r + "+@db\n"},
		{name: "config.yaml", before: "pin: «12345678»\n", after: "pin: " + r + "\n"},
		{name: "config.yaml", before: "url: postgres://app/«hunter2x»@db/v\n---\nurl: 2\n", after: "url: postgres://app/" + r + "+@db/v\n---\nurl: 2\n"},
		{name: "config.yaml", before: "- name: a\n  v: «hunter2x»\n- name: b\n  v: «TOKEN::hunter3x»\n", after: "- name: a\n  v: " + r + "\n- name: b\n  v: ref+awssecrets://prod/mysql#/token\n"},
		{name: "config.yaml", style: change.Environment, before: "a: {p: «hunter2x»}\n", after: "a: {p: \"${DB_PASSWORD}\"}\n"},
		{name: "config.yaml", before: "a: !secret «hunter2x»\n", reason: change.NoPlace},
		{name: "config.yaml", before: "a: 1 # «hunter2x»\n", reason: change.InComment},
		{name: "config.yaml", before: "a: [«hunter2x»\n", reason: change.Unparsable},
	})
}

func TestTOML(t *testing.T) {
	runAll(t, []one{
		{name: "a.toml", before: "# c\n[db]\npassword = \"«hun\\\"ter»\" # why\nport = 0x10\nat = 1979-05-27T07:32:00Z\n", after: "# c\n[db]\npassword = \"" + r + "\" # why\nport = 0x10\nat = 1979-05-27T07:32:00Z\n"},
		{name: "a.toml", before: "\ufeffp = '«hunter2x»'\r\n[[u]]\r\n\"ü\" = 1\r\n[[u]]\r\nq = {p = \"«TOKEN::hunter3x»\", x = [1, 'a']}\r\n", after: "\ufeffp = '" + r + "'\r\n[[u]]\r\n\"ü\" = 1\r\n[[u]]\r\nq = {p = \"ref+awssecrets://prod/mysql#/token\", x = [1, 'a']}\r\n"},
		{name: "a.toml", before: "k = \"\"\"\n«-----BEGIN X-----\nabc\n-----END X-----»\n\"\"\"\nn = 1\n", after: "k = \"\"\"\n" + r + "\n\"\"\"\nn = 1\n"},
		{name: "a.toml", before: "k = '''a «hunter2x» b'''\n", after: "k = '''a " + r + "+ b'''\n"},
		{name: "a.toml", before: "pin = «12345678»\nx = [[1, 2], []]\n[e]\n", after: "pin = \"" + r + "\"\nx = [[1, 2], []]\n[e]\n"},
		{name: "a.toml", before: "[a.b]\n\"x y\".z = [\"«hunter2x»\", # c\n 'k']\n", after: "[a.b]\n\"x y\".z = [\"" + r + "\", # c\n 'k']\n"},
		{name: "a.toml", before: "p = 1 # «hunter2x»\n", reason: change.InComment},
		{name: "a.toml", before: "p = \"«hunter2x»\n", reason: change.Unparsable},
	})
}

func TestLines(t *testing.T) {
	runAll(t, []one{
		{name: "app.ini", before: "; c\n[db]\npassword = «hunter2x» ; why\nport: 1\n[q]\npassword=x\n", after: "; c\n[db]\npassword = " + r + " ; why\nport: 1\n[q]\npassword=x\n"},
		{name: "home/.aws/credentials", before: "[default]\r\naws_secret_access_key=«hunter2x»\r\nregion=x\r\n", after: "[default]\r\naws_secret_access_key=" + r + "\r\nregion=x\r\n"},
		{name: ".my.cnf", before: "[client]\npassword=\"«hun#ter»\"\nskip-ssl\n", after: "[client]\npassword=\"" + r + "\"\nskip-ssl\n"},
		{name: ".pypirc", before: "[pypi]\nusername: __token__\npassword: «hunter2x»", after: "[pypi]\nusername: __token__\npassword: " + r},
		{name: ".npmrc", before: "//npm.example.com/:_authToken=«hunter2x»\nalways-auth=true\n", after: "//npm.example.com/:_authToken=${DB_PASSWORD}\nalways-auth=true\n"},
		{name: "app.properties", before: "# c\ndb.password=«hun\\u0074er»\ndb.name : ü\nk v\n", after: "# c\ndb.password=" + r + "\ndb.name : ü\nk v\n"},
		{name: "app.properties", before: "a\\=b = x\\\n  y\nurl=dsn app/«hunter2x»@db\n", after: "a\\=b = x\\\n  y\nurl=dsn app/" + r + "+@db\n"},
		{name: "app.properties", style: change.Environment, before: "p=«hunter2x»\n", after: "p=${DB_PASSWORD}\n"},
		{name: "app.properties", before: "a=1\n#p=«hunter2x»\n", reason: change.InComment},
		{name: "app.ini", before: "[«hunter2x»]\na=1\n", reason: change.InName},
		{name: "app.ini", before: "[a\np=«hunter2x»\n", reason: change.Unparsable},
	})
}

func TestDockerfile(t *testing.T) {
	const mount = "--mount=type=secret,id=TOKEN,env=TOKEN "
	runAll(t, []one{
		{name: "Dockerfile", before: "FROM a\n# c\nENV TOKEN=«hunter2x»\nRUN x\n", after: "FROM a\n# c\nRUN x\n"},
		{name: "Dockerfile", before: "FROM a\r\nENV A=1 \\\r\n    TOKEN=\"«hunter2x»\" \\\r\n    B=2\r\nRUN curl -H \"$TOKEN\"\r\n", after: "FROM a\r\nENV A=1 \\\r\n    B=2\r\nRUN " + mount + "curl -H \"$TOKEN\"\r\n"},
		{name: "Dockerfile", before: "FROM a\nENV TOKEN=«hunter2x» B=2\n", after: "FROM a\nENV B=2\n"},
		{name: "Dockerfile", before: "FROM a\nENV TOKEN «hunter2x»\nCMD [\"x\"]\n", after: "FROM a\nCMD [\"x\"]\n"},
		{name: "api.Dockerfile", before: "ARG V=1\nFROM a AS b\nARG TOKEN=«hunter2x»\nRUN npm ci --t=${TOKEN}\nFROM c\nRUN echo $TOKEN\n", after: "ARG V=1\nFROM a AS b\nRUN " + mount + "npm ci --t=${TOKEN}\nFROM c\nRUN echo $TOKEN\n"},
		{name: "Dockerfile", before: "FROM a\nRUN get app/«TOKEN::hunter2x» x && \\\n  # c\n  y 'k=«TOKEN::hunter3x»'\n", after: "FROM a\nRUN " + mount + "get app/\"${TOKEN}\" x && \\\n  # c\n  y 'k='\"${TOKEN}\"''\n"},
		{name: "Dockerfile", before: "FROM a\nRUN curl -H \"X: «TOKEN::hunter2x»\" x\n", after: "FROM a\nRUN " + mount + "curl -H \"X: ${TOKEN}\" x\n"},
		{name: "Dockerfile", before: "FROM a\nENV URL=dsn/app/«hunter2x»@db\n", reason: change.SuggestOnly},
		{name: "Dockerfile", before: "FROM a\nENV TOKEN=«hunter2x»\nLABEL t=$TOKEN\n", reason: change.SuggestOnly},
		{name: "Dockerfile", before: "FROM a\nLABEL t=«hunter2x»\n", reason: change.SuggestOnly},
		{name: "Dockerfile", before: "FROM a\nRUN <<EOF\ncurl «hunter2x»\nEOF\nCMD x\n", reason: change.SuggestOnly},
		{name: "Dockerfile", before: "FROM a\n# «hunter2x»\nRUN x\n", reason: change.InComment},
	})
}

func TestUnfit(t *testing.T) {
	runAll(t, []one{
		{name: "a.bin", before: "\x00\x01«hunter2x»", reason: change.NotText},
		{name: "a.yaml", before: "version https://git-lfs.github.com/spec/v1\noid sha256:«hunter2x»\n", reason: change.NotText},
		{name: "a.yaml", before: "# Code generated by x. DO NOT EDIT.\na: «hunter2x»\n", reason: change.Generated},
		{name: "src/__tests__/a.yaml", before: "a: «hunter2x»\n", reason: change.InFixture},
		{name: "src/__tests__/a.yaml", opts: Options{Tests: true}, before: "a: «hunter2x»\n", after: "a: " + r + "\n"},
		{name: "deploy.rb", before: "x = '«hunter2x»'\n", reason: change.SuggestOnly},
	})
}

// What the caller got wrong is an error, not a refusal.
func TestInvalidEdits(t *testing.T) {
	good := Edit{Span: leak.Span{Start: 2, End: 4}, Ref: dbRef, Name: "A"}
	for what, edits := range map[string][]Edit{
		"outside":   {{Span: leak.Span{Start: 2, End: 9}, Ref: dbRef, Name: "A"}},
		"empty":     {{Span: leak.Span{Start: 2, End: 2}, Ref: dbRef, Name: "A"}},
		"overlap":   {good, {Span: leak.Span{Start: 3, End: 5}, Ref: dbRef, Name: "A"}},
		"name":      {{Span: good.Span, Ref: dbRef, Name: "A-B"}},
		"reference": {{Span: good.Span, Ref: ref.Ref{Backend: "elsewhere", Path: "a"}, Name: "A"}},
	} {
		if _, err := File(".env", []byte("A=1234"), edits, Options{}); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

// One edit that does not fit does not hold the others up.
func TestSomeRefused(t *testing.T) {
	plain, edits := marked(t, "a: «hunter2x» # «TOKEN::hunter3x»\n")
	res, err := File("a.yaml", []byte(plain), edits, Options{})
	if err != nil || len(res.Made) != 1 || res.Made[0] != 0 || len(res.Refused) != 1 || res.Refused[0].Edit != 1 {
		t.Errorf("made %v, refused %v, %v", res.Made, res.Refused, err)
	}
	if !bytes.Contains(res.Content, []byte("a: "+r+" # hunter3x")) {
		t.Errorf("%s", res.Content)
	}
	if len(res.Needs) != 1 || res.Needs[0].Kind != change.NeedRun {
		t.Errorf("needs %v", res.Needs)
	}
}
