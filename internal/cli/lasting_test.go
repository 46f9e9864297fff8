package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

// house is a small application in a repository, with strong and weak secrets in
// the forms in which people keep them, and a user who has accepted them.
type house struct {
	t   *testing.T
	dir string
	env []string
}

// houseFiles are templates: each holds something weak (a p1 id) or strong (v1).
var houseFiles = map[string]string{
	"config/database.yaml": "production:\n  database:\n    host: db.example.org\n    password: {{randomPassword 18}}\n  cache:\n    host: c.example.org\n",
	"config/settings.json": `{"mail": {"smtp_password": "{{randomPassword 20}}", "from": "a@example.org"}, "debug": false}` + "\n",
	".env":                 "# local\nGITHUB_TOKEN={{github \"ghp_\"}}\nDB_PASSWORD={{randomPassword 22}}\n",
	"main.go":              "package main\n\nfunc connect() {\n\tdbPassword := \"{{randomPassword 24}}\"\n\topen(dbPassword)\n}\n",
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := emptyHouse(t)
	h.write("README.md", "a house\n")
	h.commit("begin")
	seed := uint64(50)
	for _, name := range []string{".env", "config/database.yaml", "config/settings.json", "main.go"} {
		seed++
		h.write(name, leaktest.Must(seed, houseFiles[name]))
		h.commit("add " + name)
	}
	return h
}

// emptyHouse is a repository without a commit.
func emptyHouse(t *testing.T) *house {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	h := &house{t: t, dir: filepath.Join(t.TempDir(), "repo")}
	h.env = append(os.Environ(), "OAKUM_STATE_DIR="+t.TempDir(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.org", "GIT_COMMITTER_NAME=Ann", "GIT_COMMITTER_EMAIL=ann@example.org")
	if err := os.MkdirAll(h.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(h.dir)
	h.git("init", "-q", "-b", "main")
	return h
}

func (h *house) git(args ...string) string {
	h.t.Helper()
	c := exec.Command("git", args...)
	c.Dir, c.Env = h.dir, h.env
	out, err := c.CombinedOutput()
	if err != nil {
		h.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func (h *house) write(name, content string) {
	h.t.Helper()
	file := filepath.Join(h.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) read(name string) string {
	h.t.Helper()
	b, err := os.ReadFile(filepath.Join(h.dir, filepath.FromSlash(name)))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(b)
}

// edit changes a file; that nothing changes is a mistake of the test.
func (h *house) edit(name string, change func(string) string) {
	h.t.Helper()
	was := h.read(name)
	now := change(was)
	if now == was {
		h.t.Fatalf("%s is as it was", name)
	}
	h.write(name, now)
}

func (h *house) commit(message string) {
	h.t.Helper()
	h.git("add", "-A")
	h.git("commit", "-q", "-m", message)
}

// forget takes all of git's memory of what no branch leads to.
func (h *house) forget() {
	h.git("reflog", "expire", "--expire=now", "--all")
	h.git("gc", "-q", "--prune=now")
}

func (h *house) oakum(args ...string) (code int, stdout, stderr string) {
	return h.oakumIn("", args...)
}

func (h *house) oakumIn(in string, args ...string) (code int, stdout, stderr string) {
	var out, words bytes.Buffer
	code = cli.Main(context.Background(), append([]string{"oakum"}, args...), h.env, cli.Stdio{In: strings.NewReader(in), Out: &out, Err: &words})
	return code, out.String(), words.String()
}

// want runs oakum and wants a code.
func (h *house) want(code int, args ...string) (stdout, stderr string) {
	h.t.Helper()
	got, stdout, stderr := h.oakum(args...)
	if got != code {
		h.t.Errorf("oakum %s: code %d, want %d\n%s%s", strings.Join(args, " "), got, code, stdout, stderr)
	}
	return stdout, stderr
}

// counted is what a JSON report sums up.
type counted struct {
	Counts struct{ Denied, Warned, Suppressed int }
	Result struct{ Complete bool }
}

func (h *house) count(args ...string) (c counted) {
	h.t.Helper()
	_, out, words := h.oakum(append([]string{"scan", "--format", "json", "--deny-generic", "low"}, args...)...)
	if err := json.Unmarshal([]byte(out), &c); err != nil {
		h.t.Fatalf("%v: %s", err, words)
	}
	return c
}

// accepted are the ways in which a user accepts what is there. Each gives the
// flags that a scan then needs.
var accepted = map[string]func(h *house) []string{
	"baseline": func(h *house) []string {
		file := filepath.Join(h.t.TempDir(), "base.jsonl")
		h.want(0, "baseline", "--output", file)
		return []string{"--baseline", file}
	},
	"allow file": func(h *house) []string {
		file := filepath.Join(h.t.TempDir(), "list.allow")
		_, out, _ := h.oakum("scan", "--format", "json")
		for _, id := range regexp.MustCompile(`"id": "([vp]1[^"]+)"`).FindAllStringSubmatch(out, -1) {
			h.want(0, "allow", "add", id[1], "--reason", "a house of straw", "--file", file)
		}
		return []string{"--allow-file", file}
	},
	"import": func(h *house) []string {
		// gitleaks' baseline, redacted, as its --redact writes it: places and no values.
		list := filepath.Join(h.t.TempDir(), "gitleaks.json")
		code, _, _ := h.oakum("gitleaks", "git", "--report-path", list)
		if code != 1 {
			h.t.Fatalf("gitleaks git: code %d", code)
		}
		file := filepath.Join(h.t.TempDir(), "list.allow")
		h.want(0, "allow", "import", list, "--file", file)
		return []string{"--allow-file", file}
	},
}

// what can happen to a repository without a new secret in it.
var happenings = map[string]func(h *house){
	"nothing": func(*house) {},
	"lines come before": func(h *house) {
		h.edit(".env", func(s string) string { return "A=1\nB=2\n" + s })
		h.edit("main.go", func(s string) string { return strings.Replace(s, "\n\n", "\n\nimport \"fmt\"\n\n", 1) })
		h.commit("more")
	},
	"files move": func(h *house) {
		h.git("mv", "config", "deploy")
		h.git("mv", ".env", "local.env")
		h.git("mv", "main.go", "connect.go")
		h.commit("move")
	},
	"files move and nobody commits": func(h *house) {
		h.git("mv", "config", "deploy")
		if err := os.Rename(filepath.Join(h.dir, "main.go"), filepath.Join(h.dir, "connect.go")); err != nil {
			h.t.Fatal(err)
		}
	},
	"files move and change": func(h *house) {
		h.git("mv", "config/database.yaml", "database.yml")
		h.edit("database.yml", func(s string) string { return "# moved\n" + s + "more: true\n" })
		h.commit("move")
	},
	"indentation": func(h *house) {
		h.edit("config/database.yaml", func(s string) string { return strings.ReplaceAll(s, "  ", "      ") })
		h.edit("main.go", func(s string) string { return strings.ReplaceAll(s, "\t", "    ") })
		h.edit("config/settings.json", func(s string) string {
			var b bytes.Buffer
			if err := json.Indent(&b, []byte(s), "", "\t"); err != nil {
				h.t.Fatal(err)
			}
			return b.String()
		})
		h.commit("format")
	},
	"other line ends": func(h *house) {
		for name := range houseFiles {
			h.edit(name, func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") })
		}
		h.commit("CRLF")
	},
	"keys in another order": func(h *house) {
		h.edit("config/settings.json", func(s string) string {
			var v map[string]any
			if err := json.Unmarshal([]byte(s), &v); err != nil {
				h.t.Fatal(err)
			}
			b, err := json.Marshal(v) // sorts
			if err != nil {
				h.t.Fatal(err)
			}
			return string(b)
		})
		h.edit("config/database.yaml", func(s string) string {
			lines := strings.SplitAfter(s, "\n")
			lines[2], lines[3] = lines[3], lines[2]
			return strings.Join(lines, "")
		})
		h.commit("sort")
	},
	"a rebase": func(h *house) {
		h.git("branch", "old")
		h.git("checkout", "-q", "-b", "base", "HEAD~4")
		h.write("LICENSE", "free\n")
		h.commit("license")
		h.git("checkout", "-q", "main")
		h.git("rebase", "-q", "base")
		h.git("branch", "-D", "old")
		h.forget()
	},
	"a squash": func(h *house) {
		h.git("reset", "-q", "--soft", "HEAD~4")
		h.git("commit", "-q", "-m", "all in one")
		h.forget()
	},
	"a squash merge, with a move": func(h *house) {
		h.git("checkout", "-q", "-b", "work", "HEAD~4")
		h.git("merge", "-q", "--squash", "main")
		h.git("mv", "config", "etc")
		h.commit("squashed")
		h.git("branch", "-q", "-D", "main")
		h.forget()
	},
}

// What a user has accepted stays accepted, whatever happens to where it stands;
// and what comes new is found.
func TestAcceptedStaysAccepted(t *testing.T) {
	for way, accept := range accepted {
		for happening, happen := range happenings {
			t.Run(way+"/"+happening, func(t *testing.T) {
				h := newHouse(t)
				before := h.count()
				if before.Counts.Denied < 5 {
					t.Fatalf("%+v: the house has five secrets", before)
				}
				flags := accept(h)
				happen(h)
				if c := h.count(flags...); c.Counts.Denied+c.Counts.Warned != 0 || c.Counts.Suppressed < 5 || !c.Result.Complete {
					t.Errorf("after %s: %+v, want all suppressed and nothing missing", happening, c)
				}
				h.write("new.env", leaktest.Must(99, "API_TOKEN={{github \"ghp_\"}}\n"))
				if c := h.count(flags...); c.Counts.Denied != 1 {
					t.Errorf("after %s a new secret came: %+v, want it denied", happening, c.Counts)
				}
			})
		}
	}
}

// Another value on a line that is accepted is another secret.
func TestAcceptedLineIsNoAcceptedValue(t *testing.T) {
	for way, accept := range accepted {
		t.Run(way, func(t *testing.T) {
			h := newHouse(t)
			flags := accept(h)
			h.edit(".env", func(string) string { return leaktest.Must(77, houseFiles[".env"]) })
			h.edit("config/database.yaml", func(string) string { return leaktest.Must(78, houseFiles["config/database.yaml"]) })
			if c := h.count(flags...); c.Counts.Denied != 3 {
				t.Errorf("%+v, want the three new values denied", c.Counts)
			}
			// Nor does a move carry more than the value along.
			h.git("checkout", "-q", ".")
			h.git("mv", "config/database.yaml", "moved.yaml")
			h.edit("moved.yaml", func(string) string { return leaktest.Must(79, houseFiles["config/database.yaml"]) })
			if c := h.count(flags...); c.Counts.Denied != 1 {
				t.Errorf("moved, with another value: %+v, want it denied", c.Counts)
			}
		})
	}
}

// A weak value that is accepted in one place is not in another, while the first
// is there.
func TestAcceptedPlaceIsNoOther(t *testing.T) {
	h := newHouse(t)
	flags := accepted["baseline"](h)
	h.write("deploy/database.yaml", h.read("config/database.yaml"))
	if c := h.count(flags...); c.Counts.Denied != 1 {
		t.Errorf("a copy of an accepted password: %+v, want it denied", c.Counts)
	}
}

// A rebase gives a commit another id: what its message holds is known all the same.
func TestAcceptedMessage(t *testing.T) {
	h := newHouse(t)
	h.write("a.txt", "a\n")
	h.commit("deploy\n\n" + leaktest.Must(31, "DB_PASSWORD={{randomPassword 22}}\n"))
	before := h.count()
	flags := accepted["baseline"](h)
	h.git("commit", "-q", "--amend", "--reset-author", "--no-edit", "--date", "2020-01-01T00:00:00Z")
	h.forget()
	if c := h.count(flags...); before.Counts.Denied < 6 || c.Counts.Denied != 0 || c.Counts.Suppressed != before.Counts.Denied {
		t.Errorf("before %+v, after %+v", before.Counts, c.Counts)
	}
}

// Two branches that accept findings merge without a hand, and both count.
func TestAllowFilesMerge(t *testing.T) {
	h := newHouse(t)
	_, out, _ := h.oakum("scan", "--format", "json")
	var ids []string
	for _, id := range regexp.MustCompile(`"id": "([vp]1[^"]+)"`).FindAllStringSubmatch(out, -1) {
		ids = append(ids, id[1])
	}
	add := func(id, reason string) (words string) {
		_, words = h.want(0, "allow", "add", id, "--reason", reason)
		return words
	}
	if words := add(ids[0], "first"); !strings.Contains(words, "echo '.oakum-allow merge=union' >> .gitattributes") {
		t.Errorf("it says %s", words)
	}
	h.write(".gitattributes", ".oakum-allow merge=union\n")
	h.commit("accept one")
	h.git("checkout", "-q", "-b", "work")
	add(ids[1], "on a branch")
	add(ids[2], "on a branch too")
	h.commit("accept two")
	h.git("checkout", "-q", "main")
	add(ids[3], "here")
	add(ids[4], "here too")
	h.commit("accept two others")
	h.git("merge", "-q", "-m", "merge", "work")
	h.want(0, "trust")
	if c := h.count(); c.Counts.Denied != 0 || c.Counts.Suppressed != 5 {
		t.Errorf("%+v\n%s", c.Counts, h.read(".oakum-allow"))
	}
}
