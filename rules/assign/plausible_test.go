package assign

import (
	"strings"
	"testing"
)

// verdict is the answer of Plausible, and then Fits, for the first assignment in
// text; "nothing" where there is none.
func verdict(t *testing.T, text string, paths ...string) string {
	t.Helper()
	all := parsed(text)
	if len(all) == 0 {
		return "nothing"
	}
	a := all[0]
	if why := a.Plausible([]byte(text)); why != "" {
		return why
	}
	return a.Fits([]byte(text), paths)
}

// «» stands for 24 random letters and digits.
func TestPlausible(t *testing.T) {
	for i, c := range plausibles {
		text := strings.ReplaceAll(c.text, "«»", random(uint64(i), 24))
		if got := verdict(t, text); got != c.why {
			t.Errorf("%s: got %q, want %q", c.text, got, c.why)
		}
	}
}

var plausibles = []struct{ text, why string }{
	{`password = "«»"`, ""},
	{`"api_key": "«»"`, ""},
	{"SECRET_KEY=«»", ""},
	{`token := "«»"`, ""},

	{"please reset your password before you go", "nothing"},
	{"the password is good", "nothing"},
	{"func tokenOf(ctx context.Context)", "nothing"},
	{`password := ""`, "nothing"},
	{`fmt.Println("password", user)`, "nothing"},

	{`ok ? "pass" : "«»"`, "nothing"},
	{`pin_secret = "abc"`, "short"},
	{`token_type = "«»"`, "name"},
	{`secretName: "«»"`, "name"},
	{`passwordField = "«»"`, "name"},
	{`public_token_key = "«»"`, "name"},
	{`csrf_token = "«»"`, "name"},
	{`max_tokens: "4096"`, "name"},
	{`remote_login_passwordfile=EXCLUSIVE`, "name"},
	{`getPasswordHash("«»")`, "name"},
	{`sort_key = "«»"`, "name"},
	{`is_password = "«»"`, "name"},
	{`no_password = "«»"`, "name"},
	{`ARDUINO_PASSWORD = "«»"`, ""},
	{`LAUNCHPAD_TOKEN = "«»"`, ""},
	{`SURVEYMONKEY_ACCESS_TOKEN = "«»"`, ""},
	{`CERT_AUTHORITY_PASSWORD = "«»"`, ""},
	{`pad_token = "«»"`, "name"},
	{`nextToken: "«»"`, "name"},
	{`hasSecret: "«»"`, "name"},
	{`REDIS_PASSWORD = "«»"`, ""},
	{`redispassword: "«»"`, ""},
	{`"key": "Content-Type"`, "weak name"},
	{`adminPasswordKey: "postgres-password"`, "weak name"},
	{`Public key: «»`, "name"},

	{"DB_PASSWORD=${DB_PASSWORD}", "reference"},
	{"DB_PASSWORD=$DB_PASSWORD", "reference"},
	{"DB_PASSWORD=$(cat /run/x)", "reference"},
	{"DB_PASSWORD=pre-$SUFFIX", "reference"},
	{"password: {{ vault_db_password }}", "reference"},
	{`password: "%(db_password)s"`, "reference"},
	{`password: "#{password}"`, "reference"},
	{"password: !vault |", "reference"},
	{`password: "vault:secret/data/x#y"`, "reference"},
	{`password: "op://vault/item/field"`, "reference"},
	{`token: "arn:aws:iam::1:role/x"`, "reference"},
	{`token: "ref+vault://x"`, "reference"},
	{"password: ENC[AES256_GCM,data:x]", "reference"},
	{`token = "https://host.test/token"`, "reference"},
	{"api_key=@Microsoft.KeyVault(x)", "reference"},
	{"password=process.env.PASSWORD", "reference"},
	{"password: /run/secrets/db_password", "reference"},
	{`password = "%s"`, "short"},

	{`password = "<your password>"`, "placeholder"},
	{`password = "your-password-here"`, "placeholder"},
	{`password = "xxxxxxxxxxxx"`, "placeholder"},
	{`password = "************"`, "placeholder"},
	{`api_key = "insert-key-here"`, "placeholder"},
	{`api_key = "...redacted..."`, "placeholder"},

	{`password = "string"`, "constant"},
	{"password: true", "constant"},
	{"password: required", "constant"},
	{`password: "$2b$12$«»«»"`, "hash"},
	{`password: "{SSHA}«»"`, "hash"},
	{`token: "sha256:«»"`, "hash"},
	{`token: "0c9eb1f2-8f4e-4a0b-9a53-7e1f6b1f2c3d"`, "uuid"},
	{`client_secret: "0c9eb1f2-8f4e-4a0b-9a53-7e1f6b1f2c3d"`, ""},
	{`password_reset_token: "«»"`, ""},
	{`token: "#ddd0c0"`, "pattern"},
	{`token = "[^\\s]+"`, "pattern"},
	{"password = self.password()", "expression"},
	{"password: Foo::bar", "expression"},
	{`"ALTER USER u IDENTIFIED BY '"+text(word4)+"'"`, "expression"},
	{"`ALTER USER u IDENTIFIED BY '` + text(word4) + `'`", "expression"},
	{`password: "Enter a new password"`, "prose"},
	{`ACCESS_TOKEN = "accessToken"`, "name again"},
	{`PASSWORD = "PASSWORD"`, "name again"},
}

func TestFits(t *testing.T) {
	for i, c := range []struct{ text, path, why string }{
		{"password: «»", "deploy/values.yaml", ""},
		{"password: «»", "app/models/user.rb", "expression"},
		{"# password: «»", "app/models/user.rb", ""},
		{`password: "«»"`, "app/models/user.rb", ""},
		{`dsn = "Server=x;Password=«»;"`, "db.go", ""},
		{"DB_PASSWORD=«»", ".env.production", ""},
		{"DB_PASSWORD=«»", "unknown", ""},
		{"DB_PASSWORD=«»", "", ""},
		{`"token": "«»"`, "web/package-lock.json", "file kind"},
		{`"token": "«»"`, "static/app.min.js", "file kind"},
		{"password = hello", "config.ini", ""},
		{"password = hello", "hello.c", "expression"},
		{"DB_PASSWORD=changeme", ".env.example", "placeholder"},
		{"DB_PASSWORD=changeme", ".env", ""},
		{"token: maybe", "notes.md", "weak"},
	} {
		text := strings.ReplaceAll(c.text, "«»", random(uint64(i), 20))
		if got := verdict(t, text+"\n", c.path); got != c.why {
			t.Errorf("%s in %q: got %q, want %q", c.text, c.path, got, c.why)
		}
	}
}

// One path that suits is enough: a blob may be known under several.
func TestFitsAnyPath(t *testing.T) {
	text := []byte("password: " + random(1, 20) + "\n")
	a := parsed(string(text))[0]
	if why := a.Fits(text, []string{"a.lock", "b.rb", "c.yml"}); why != "" {
		t.Errorf("taken out as %q though c.yml suits", why)
	}
	if why := a.Fits(text, nil); why != "" {
		t.Errorf("without a path taken out as %q", why)
	}
}

func TestWeak(t *testing.T) {
	for _, c := range []struct {
		value string
		paths []string
		want  string
	}{
		{"letmein", []string{"a.yml"}, "well-known"},
		{random(1, 20), []string{"a.yml"}, ""},
		{random(1, 20), []string{"pkg/a_test.go", "examples/a.go"}, "test"},
		{random(1, 20), []string{"pkg/a_test.go", "a.go"}, ""},
		{random(1, 20), nil, ""},
	} {
		text := []byte(`password = "` + c.value + `"`)
		if got := parsed(string(text))[0].Weak(text, c.paths); got != c.want {
			t.Errorf("%v: got %q, want %q", c.paths, got, c.want)
		}
	}
}

func TestOddity(t *testing.T) {
	words := []string{"password", "getUserPassword", "my-secret-value", "required", "CONSTANT_NAME", "description", "authentication"}
	for _, w := range words {
		if oddity([]byte(w)) > 0 {
			t.Errorf("%s is odd", w)
		}
	}
	found := 0
	for seed := range uint64(200) {
		if oddity([]byte(random(seed, 16))) > 0 {
			found++
		}
	}
	if found < 198 {
		t.Errorf("only %d of 200 random values are odd", found)
	}
}

func TestKindOfPath(t *testing.T) {
	for path, want := range map[string]kind{
		"a/b/values.yaml": config, ".env": config, ".env.local": config, "app.yml.example": config, "Dockerfile.dev": shell, "run.sh": shell,
		"x.json": jsonText, "pom.xml": markup, "README.md": docs, "README": docs, "main.go": code, "init.sql": query, "go.sum": off,
		"web/locales/en.json": off, "messages_sv.properties": off, "xlang/a.json": jsonText, "yarn.lock": off, "types.d.ts": off, "LICENSE": unknown, "": unknown, "a.b/c": unknown,
	} {
		if got := kindOfPath(path); got != want {
			t.Errorf("%s: kind %d, want %d", path, got, want)
		}
	}
}
