package snippet

import (
	"bytes"
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/internal/awstest"
	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/store/awsparams"
	"github.com/oakum-sec/oakum/remediate/store/awssecrets"
	"github.com/oakum-sec/oakum/remediate/store/vaultkv"
)

// kept stores the values that the texts are to fetch, and gives the environment in which
// programs reach the stores.
func kept(t *testing.T) (values map[string]string, env []string) {
	t.Helper()
	gate, bao := awstest.Start(t), realtest.StartOpenBao(t, "")
	config := api.DefaultConfig()
	config.Address = bao.Address
	client, err := api.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	client.SetToken(bao.Token)
	cfg := gate.Config(t, gate.Admin)
	password, token := leaktest.Must(71, `{{alnum 20}}`)+` "ü$`, leaktest.Must(72, `{{alnum 30}}`)
	document, err := store.Document(map[string]leak.Secret{"pass word": leak.NewSecret([]byte(password)), "user": leak.NewSecret([]byte("app"))})
	if err != nil {
		t.Fatal(err)
	}
	plain := leak.NewSecret([]byte(token))
	for name, one := range map[string]struct {
		driver store.Driver
		value  leak.Secret
	}{
		"prod/mysql": {awssecrets.New(cfg, awssecrets.Options{}), document}, "prod/token": {awssecrets.New(cfg, awssecrets.Options{}), plain},
		"/prod/docker/token": {awsparams.New(cfg, awsparams.Options{}), plain},
		"team/mysql":         {vaultkv.New(client, "secret"), document}, "team/token": {vaultkv.New(client, "secret"), plain},
	} {
		if _, err := store.New(one.driver, store.Options{}).Create(t.Context(), store.Put{Name: name, Value: one.value, Op: "6f0b4f0e-4d0c-4f57-8a35-0f3a1d9b7a02"}); err != nil {
			t.Fatal(err)
		}
	}
	env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_ENDPOINT_URL=" + gate.URL, "AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1", "AWS_EC2_METADATA_DISABLED=true", "NODE_NO_WARNINGS=1",
		"AWS_ACCESS_KEY_ID=" + gate.Admin.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + gate.Admin.SecretAccessKey, "VAULT_ADDR=" + bao.Address, "VAULT_TOKEN=" + bao.Token}
	return map[string]string{
		"ref+awssecrets://prod/mysql#/pass%20word": password, "ref+awssecrets://prod/token?region=eu-west-1": token, "ref+awsssm://prod/docker/token": token,
		"ref+awsssm://prod/docker/token?region=eu-west-1": token, "ref+vault://secret/team/mysql#/pass%20word": password, "ref+vault://secret/team/token": token,
	}, env
}

// program is how a language's file is run so that what it fetches is printed.
type program struct {
	file  string
	more  map[string]string // files beside it
	steps func(t *testing.T, dir string) [][]string
	only  string // of the stores: others' libraries are not to be had here
}

var programs = map[string]program{
	"csharp": {file: "Secret.cs", more: map[string]string{"Program.cs": "using System;\nusing System.Text;\n\nstatic class Program\n{\n    static void Main()\n    {\n        Console.OutputEncoding = new UTF8Encoding(false);\n        Console.Write(Secret.FetchAsync().Result);\n    }\n}\n"},
		steps: func(t *testing.T, dir string) [][]string {
			return [][]string{realtest.CSharp(t, dir, "Secret.cs", "Program.cs")}
		}, only: "ref+vault:"},
	"node": {file: "secret.js", more: map[string]string{"main.js": "require('./secret.js').fetchSecret().then((v) => process.stdout.write(v));\n"}, steps: func(t *testing.T, dir string) [][]string {
		if err := os.Symlink(realtest.Find(t, "node-libraries"), filepath.Join(dir, "node_modules")); err != nil {
			t.Fatal(err)
		}
		return [][]string{{realtest.Find(t, "node"), "main.js"}}
	}},
	// boto3 is among what moto itself needs.
	"python": {file: "secret.py", more: map[string]string{"main.py": "import secret, sys\nsys.stdout.buffer.write(secret.fetch_secret().encode())\n"}, steps: func(t *testing.T, _ string) [][]string {
		return [][]string{{realtest.Find(t, "moto"), "main.py"}}
	}},
	// Files that are named are of the module that go is called in.
	"go": {file: "secret.go", more: map[string]string{"main.go": "package main\n\nimport (\n\t\"context\"\n\t\"fmt\"\n\t\"os\"\n)\n\nfunc main() {\n\tv, err := fetchSecret(context.Background())\n\tif err != nil {\n\t\tfmt.Fprintln(os.Stderr, err)\n\t\tos.Exit(1)\n\t}\n\tfmt.Print(v)\n}\n"},
		steps: func(_ *testing.T, dir string) [][]string {
			return [][]string{{"go", "build", "-o", filepath.Join(dir, "main"), filepath.Join(dir, "secret.go"), filepath.Join(dir, "main.go")}, {filepath.Join(dir, "main")}}
		}},
	"java": {file: "Secret.java", more: map[string]string{"Main.java": "import java.io.PrintStream;\n\nfinal class Main {\n    public static void main(String[] args) throws Exception {\n        new PrintStream(System.out, true, \"UTF-8\").print(Secret.fetch());\n        System.exit(0);\n    }\n}\n"},
		steps: func(t *testing.T, _ string) [][]string {
			if _, err := exec.LookPath("javac"); err != nil {
				t.Skip("no JDK is installed")
			}
			jars := filepath.Join(realtest.Find(t, "java-libraries"), "*")
			return [][]string{{"javac", "-encoding", "UTF-8", "-cp", jars, "-d", "out", "Secret.java", "Main.java"}, {"java", "-cp", "out" + string(os.PathListSeparator) + jars, "Main"}}
		}},
}

// TestTexts runs each text as a program of its language, against a real store or AWS's
// emulator: what it prints is the value.
func TestTexts(t *testing.T) {
	values, env := kept(t)
	ran := 0
	for _, lang := range slices.Sorted(maps.Keys(programs)) {
		t.Run(lang, func(t *testing.T) {
			for _, text := range slices.Sorted(maps.Keys(values)) {
				if !strings.HasPrefix(text, programs[lang].only) {
					continue
				}
				r, err := ref.Parse(text)
				if err != nil {
					t.Fatal(err)
				}
				if got := run(t, lang, r, env); got != values[text] {
					t.Errorf("%s: it prints %d bytes, not the value", text, len(got))
				}
				ran++
			}
		})
	}
	t.Logf("%d programs ran", ran)
}

func run(t *testing.T, lang string, r ref.Ref, env []string) string {
	t.Helper()
	text, err := Text(lang, r)
	if err != nil {
		t.Fatal(err)
	}
	p, dir := programs[lang], t.TempDir()
	files := maps.Clone(p.more)
	files[p.file] = text
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out []byte
	for _, args := range p.steps(t, dir) {
		cmd := exec.CommandContext(context.WithoutCancel(t.Context()), args[0], args[1:]...)
		cmd.Env = env
		if cmd.Dir = dir; args[0] == "go" {
			cmd.Dir, cmd.Env = "", os.Environ()
		}
		var words bytes.Buffer
		cmd.Stderr = &words
		if out, err = cmd.Output(); err != nil {
			t.Fatalf("%s: %v: %v\n%s\n%s", r, args, err, words.Bytes(), text)
		}
	}
	return string(out)
}

// Every language has a text for every store that has any; C#'s of AWS are read by people alone.
func TestAllTexts(t *testing.T) {
	made := 0
	for _, lang := range Languages() {
		for _, text := range []string{"ref+awssecrets://prod/mysql#/password", "ref+awssecrets://prod/token?region=eu-west-1", "ref+awsssm://prod/token", "ref+vault://secret/team/mysql?namespace=a#/password"} {
			r, err := ref.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Text(lang, r)
			if err != nil || strings.Contains(got, "<no value>") || !strings.Contains(got, `mysql`) && !strings.Contains(got, `token"`) || strings.Count(got, "{") != strings.Count(got, "}") {
				t.Errorf("%s, %s: %v\n%s", lang, text, err, got)
			}
			made++
		}
	}
	if made != 20 {
		t.Errorf("%d texts", made)
	}
	r, _ := ref.Parse("ref+age://secrets.age#/x")
	for _, lang := range []string{"node", "ruby"} {
		if _, err := Text(lang, r); err == nil {
			t.Errorf("there is a text of %s for an age file", lang)
		}
	}
}
