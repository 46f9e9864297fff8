//go:build train

package assign

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

type row struct {
	Repo           int
	File, Category string
	Label          string
	Before, After  []string
	Line           string
	Start, End     int
}

type example struct {
	f    []feature
	y    float64
	w    float64
	row  int
	kind kind
	show string
}

var ours = map[string]bool{}

func loadRows(p string) []row {
	for _, c := range strings.Split("Password,Secret,Key,Token,Auth,API,Credential,SQL Password,CMD Password,CMD Secret,CMD Token,CMD ConvertTo-SecureString", ",") {
		ours[c] = true
	}
	f, err := os.Open(p)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 64<<20)
	var all, out []row
	hasT := map[string]bool{}
	seen := map[string]bool{}
	for sc.Scan() {
		var r row
		if err := json.Unmarshal(sc.Bytes(), &r); err != nil {
			panic(err)
		}
		if r.Label == "T" {
			hasT[fmt.Sprint(r.Repo, r.File, r.Line)] = true
		}
		all = append(all, r)
	}
	for _, r := range all {
		ok := true
		for _, c := range strings.Split(r.Category, ":") {
			ok = ok && ours[c]
		}
		lk := fmt.Sprint(r.Repo, r.File, r.Line)
		k := lk + r.Label
		if r.Label == "T" {
			k += fmt.Sprint(r.Start)
		}
		if !ok || r.Label == "T" && r.Start < 0 || r.Label == "F" && hasT[lk] || seen[k] {
			continue
		}
		seen[k] = true
		out = append(out, r)
	}
	return out
}

func (a *Assignment) all(text []byte, k kind, test bool) []feature {
	f, s := a.describe(text)
	g := a.place(s, f.means, k, test)
	return append(append([]feature{}, f.on[:f.n]...), g.on[:g.n]...)
}

func candidates(text []byte, from, to int) []Assignment {
	low := bytes.ToLower(text)
	if len(low) != len(text) {
		low = text
	}
	var out []Assignment
	seen := map[[2]int]bool{}
	for _, k := range Keywords() {
		for at := from; at < len(low); {
			i := bytes.Index(low[at:], []byte(k))
			if i < 0 {
				break
			}
			at += i
			if a, ok := Parse(text, at, at+len(k)); ok && a.Value[0] < to && a.Value[1] > from && !seen[a.Value] && a.rejected(text) == "" {
				seen[a.Value] = true
				out = append(out, a)
			}
			at++
		}
	}
	return out
}

func examples(rows []row) []example {
	perRepo := map[string]int{}
	for _, r := range rows {
		perRepo[fmt.Sprint(r.Repo, r.Label)]++
	}
	var out []example
	for i, r := range rows {
		var b bytes.Buffer
		for _, l := range r.Before {
			b.WriteString(l + "\n")
		}
		off := b.Len()
		b.WriteString(r.Line + "\n")
		for _, l := range r.After {
			b.WriteString(l + "\n")
		}
		text := b.Bytes()
		from, to := off, off+len(r.Line)
		y := 0.0
		if r.Label == "T" {
			from, to, y = off+r.Start, off+r.End, 1
		}
		k, test := kindOfPath(r.File), testPath(r.File)
		w := 1 / math.Sqrt(math.Max(1, float64(perRepo[fmt.Sprint(r.Repo, r.Label)])/40))
		var cs []Assignment
		for _, c := range candidates(text, 0, len(text)) {
			if c.Value[0] < to && c.Value[1] > from {
				cs = append(cs, c)
			}
		}
		for _, a := range cs {
			if a.misfit(text, k, test) != "" {
				continue
			}
			out = append(out, example{f: a.all(text, k, test), y: y, w: w, row: i, kind: k, show: string(text[a.Key[0]:a.Key[1]]) + " " + string(rune(a.Op)) + " " + string(text[a.Value[0]:a.Value[1]])})
		}
	}
	return out
}

func background(max int) []example {
	var out []example
	seen := map[string]bool{}
	for _, root := range strings.Split(*trees, ":") {
		n := 0
		filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.Contains(path, "testdata") || testPath(path[len(root):]) {
				return nil
			}
			k := kindOfPath(path)
			if k == off || k == unknown {
				return nil
			}
			info, err := d.Info()
			if err != nil || info.Size() > 1<<20 {
				return nil
			}
			text, err := os.ReadFile(path)
			if err != nil || bytes.IndexByte(text, 0) >= 0 {
				return nil
			}
			for _, a := range candidates(text, 0, len(text)) {
				pair := string(text[a.Key[0]:a.Key[1]]) + "=" + string(text[a.Value[0]:a.Value[1]])
				v := text[a.Value[0]:a.Value[1]]
				if a.misfit(text, k, false) == "" && n < max && !seen[pair] && k != docs && (oddity(v) < len(v) || len(v) < 12) {
					seen[pair] = true
					n++
					out = append(out, example{f: a.all(text, k, false), y: 0, w: *treeW, row: -1, kind: k, show: path + ": " + string(text[a.Key[0]:a.Key[1]]) + " = " + string(text[a.Value[0]:a.Value[1]])})
				}
			}
			return nil
		})
	}
	return out
}

// synthetic makes assignments of random values under plain names, which no list
// of rows holds in every form and kind of file.
func synthetic() []example {
	var out []example
	rng := rand.New(rand.NewPCG(1, 2))
	draw := func(alphabet string, n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = alphabet[rng.IntN(len(alphabet))]
		}
		return string(b)
	}
	const lowers, digits, uppers = "abcdefghijklmnopqrstuvwxyz", "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	words := strings.Fields("summer winter dragon coffee london berlin monkey sunshine football welcome company project server oracle master hunter soccer yellow silver purple")
	names := []string{"api_key", "apiKey", "API_KEY", "secret", "client_secret", "clientSecret", "SECRET_KEY", "secretKey", "token", "access_token", "accessToken", "AUTH_TOKEN", "auth_token", "app.secret.key", "private_key", "encryption_key", "encryptionKey", "service.api-key", "STRIPE_SECRET", "bot_token", "apiToken", "JWT_SECRET", "webhookSecret", "credentials", "password", "DB_PASSWORD", "dbPassword", "spring.datasource.password", "passwd", "smtp_pass", "PGPASSWORD"}
	forms := []struct {
		form string
		file string
	}{{"%s=%s\n", ".env"}, {"%s: %s\n", "app.yml"}, {"  %s: \"%s\"\n", "app.yaml"}, {"%s = \"%s\"\n", "app.toml"}, {"%s=%s\n", "app.properties"}, {"export %s=%s\n", "run.sh"}, {"export %s='%s'\n", "run.sh"}, {"{\"%s\": \"%s\"}\n", "app.json"},
		{"%s = '%s'\n", "app.py"}, {"const %s = \"%s\";\n", "app.js"}, {"%s: '%s',\n", "app.ts"}, {"\t%s := \"%s\"\n", "app.go"}, {"String %s = \"%s\";\n", "App.java"}, {"$%s = '%s';\n", "app.php"}, {"<%s>%s</x>\n", "app.xml"}, {"%s=%s\n", "README.md"}, {"%s = \"%s\"\n", "main.tf"}, {"ENV %s=%s\n", "Dockerfile"}, {"define('%s', '%s');\n", "app.php"}, {"p.put(\"%s\", \"%s\");\n", "App.java"}, {"<add key=\"%s\" value=\"%s\"/>\n", "web.config"}, {"run --%s %s --force\n", "run.sh"}, {"[{\"name\": \"%s\", \"value\": \"%s\"}]\n", "app.json"}, {"- name: %s\n  value: %s\n", "app.yml"}, {"dsn = \"host=x;%s=%s;user=y\"\n", "app.cs"}, {"x.set_%s(\"%s\")\n", "app.rb"}, {"%s: %s\n", ""}, {"%s = \"%s\"\n", ""}}
	for range 2500 {
		name := names[rng.IntN(len(names))]
		var v string
		switch rng.IntN(8) {
		case 0:
			v = draw("0123456789abcdef", []int{32, 40, 64}[rng.IntN(3)])
		case 1:
			v = draw(lowers+uppers+digits, 16+rng.IntN(48))
		case 2:
			v = draw(lowers+digits, 16+rng.IntN(32))
		case 3:
			v = draw(lowers+uppers+digits+"+/", 27+16*rng.IntN(3)) + "="
		case 4:
			v = draw(lowers+uppers+digits+"-_", 20+rng.IntN(44))
		case 5:
			if !strings.Contains(strings.ToLower(name), "pass") {
				continue
			}
			w := words[rng.IntN(len(words))]
			v = strings.ToUpper(w[:1]) + w[1:]
			if rng.IntN(2) == 0 {
				w = words[rng.IntN(len(words))]
				v += draw("-_.", rng.IntN(2)) + strings.ToUpper(w[:1]) + w[1:]
			}
			v += draw(digits, 2+rng.IntN(3)) + draw("!@#%*?", rng.IntN(2))
		case 7:
			if !strings.Contains(strings.ToLower(name), "secret") && !strings.Contains(strings.ToLower(name), "key") {
				continue
			}
			const h = "0123456789abcdef"
			v = draw(h, 8) + "-" + draw(h, 4) + "-4" + draw(h, 3) + "-8" + draw(h, 3) + "-" + draw(h, 12)
		case 6:
			n := 8 + rng.IntN(10)
			if !strings.Contains(strings.ToLower(name), "pass") {
				n += 14 + rng.IntN(34)
			}
			v = draw(lowers+uppers+digits+"!@%^*_+-=?#", n)
		}
		f := forms[rng.IntN(len(forms))]
		text := []byte("x\n" + fmt.Sprintf(f.form, name, v) + "y\n")
		k := kindOfPath(f.file)
		for _, a := range candidates(text, 0, len(text)) {
			if a.misfit(text, k, false) == "" {
				out = append(out, example{f: a.all(text, k, false), y: 1, w: *synthW, row: -1, kind: k, show: f.file + ": " + name + " = " + v})
			}
		}
	}
	return out
}
