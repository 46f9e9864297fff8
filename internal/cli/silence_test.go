package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
)

// silences are the ways in which a target, or a change, can try to have its own
// proven secret passed over. Each puts its words into the house, which has the
// secret in token.env on line 1, with the fingerprint id; flags are what the
// user's command names.
var silences = map[string]struct {
	put   func(h *house, id string)
	flags []string
}{
	"allow file":     {put: func(h *house, id string) { h.write(".oakum-allow", id+"  reason=\"trust me\"\n") }},
	"gitleaksignore": {put: func(h *house, _ string) { h.write(".gitleaksignore", "token.env:github-pat:1\n") }},
	"gitleaks.toml, paths": {put: func(h *house, _ string) {
		h.write(".gitleaks.toml", "[extend]\nuseDefault = true\n[[allowlists]]\npaths = ['''.*''']\n")
	}},
	"gitleaks.toml, stopwords": {put: func(h *house, _ string) {
		h.write(".gitleaks.toml", "[extend]\nuseDefault = true\n[[allowlists]]\nstopwords = ['ghp_']\n")
	}},
	"gitleaks.toml, other rules": {put: func(h *house, _ string) {
		h.write(".gitleaks.toml", "[[rules]]\nid = \"x\"\nregex = '''xyzzy[0-9]+'''\n")
	}},
	"oakum.toml": {put: func(h *house, _ string) {
		h.write(".oakum.toml", "[extend]\nuseDefault = true\ndisabledRules = [\"github-pat\"]\n")
	}},
	"a comment": {put: func(h *house, _ string) {
		h.edit("token.env", func(s string) string { return strings.TrimSpace(s) + " # oakum:allow trust me\n" })
	}},
	"a comment of gitleaks": {put: func(h *house, _ string) {
		h.edit("token.env", func(s string) string { return strings.TrimSpace(s) + " # gitleaks:allow\n" })
	}},
	"git attributes": {put: func(h *house, _ string) {
		h.write(".gitattributes", "* -diff -text linguist-generated export-ignore\ntoken.env binary\n")
	}},
	"git ignore": {put: func(h *house, _ string) { h.write(".gitignore", "token.env\n*\n") }},
	"a baseline that nobody names": {put: func(h *house, id string) {
		for _, name := range []string{".oakum-baseline", "baseline.jsonl", ".secrets.baseline"} {
			h.write(name, `{"id":"`+id+`","rule":"github-pat","place":"token.env"}`+"\n")
		}
	}},
	"another tool's ignore files": {put: func(h *house, _ string) {
		h.write(".gitguardian.yaml", "secret:\n  ignored_paths: ['**']\n")
		h.write(".secretlintignore", "**\n")
		h.write(".trufflehogignore", ".*\n")
	}},
}

// secretive is a house to which token.env came with a silence, in one commit.
func secretive(t *testing.T, put func(*house, string)) *house {
	h := newHouse(t)
	h.git("tag", "before")
	h.write("token.env", leaktest.Must(123, "TOKEN={{github \"ghp_\"}}\n"))
	_, out, _ := h.oakum("scan", "dir", "--format", "json", "token.env")
	id := regexp.MustCompile(`"id": "(v1[^"]+)"`).FindStringSubmatch(out)
	if id == nil {
		t.Fatalf("the token is not found: %s", out)
	}
	put(h, id[1])
	h.git("add", "-A", "-f")
	h.git("commit", "-q", "-m", "trust me")
	return h
}

// deniesToken tells whether a scan denies what stands in token.env.
func (h *house) deniesToken(args ...string) bool {
	h.t.Helper()
	code, out, words := h.oakum(append([]string{"scan", "--format", "json"}, args...)...)
	var d struct {
		Findings []struct {
			Rule     string
			Place    struct{ Path string }
			Decision struct{ Verdict string }
		}
	}
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		h.t.Fatalf("%v: %s", err, words)
	}
	for _, f := range d.Findings {
		if f.Place.Path == "token.env" && f.Rule == "github-pat" && f.Decision.Verdict == "deny" {
			if code != 1 {
				h.t.Errorf("%v: the token is denied, and the code is %d", args, code)
			}
			return true
		}
	}
	return false
}

// A repository that nobody has trusted here cannot silence its own scan, nor can a
// change under a gate.
func TestNobodySilencesHisOwnScan(t *testing.T) {
	for name, s := range silences {
		t.Run(name, func(t *testing.T) {
			h := secretive(t, s.put)
			for _, args := range [][]string{{}, {"git"}, {"dir"}, {"--range", "before..HEAD"}, {"--since", "before"}} {
				if !h.deniesToken(append(args, s.flags...)...) {
					t.Errorf("scan %v: silenced", args)
				}
			}
			h.oakumServer("before")
			code, out, _ := h.oakum("gitleaks", "git", "--verbose")
			if code != 1 || !strings.Contains(out, "File:        token.env") {
				t.Errorf("gitleaks git: silenced, code %d\n%s", code, out)
			}
		})
	}
}

// oakumServer has a server judge what was added since rev, as a push to it would.
func (h *house) oakumServer(rev string) {
	h.t.Helper()
	if code, words := h.received(rev); code != 1 {
		h.t.Errorf("pre-receive: silenced, code %d\n%s", code, words)
	}
}

// received is what a server says to a push of what was added since rev.
func (h *house) received(rev string) (code int, words string) {
	h.t.Helper()
	server := filepath.Join(h.t.TempDir(), "server.git")
	h.git("clone", "-q", "--bare", ".", server)
	h.git("-C", server, "update-ref", "refs/heads/main", rev)
	old, now := h.git("rev-parse", rev), h.git("rev-parse", "HEAD")
	h.git("-C", server, "reflog", "expire", "--expire=now", "--all")
	for ref := range strings.FieldsSeq(h.git("-C", server, "for-each-ref", "--format=%(refname)", "refs/remotes", "refs/tags")) {
		h.git("-C", server, "update-ref", "-d", ref)
	}
	was := h.env
	defer func() { h.env = was }()
	h.env = append(append([]string{}, was...), "GIT_DIR="+server)
	code, out, errors := h.oakumIn(old+" "+now+" refs/heads/main\n", "hook", "run", "pre-receive")
	return code, out + errors
}

// What the user of a gate names is read as it was before the change, where the
// change could have written it.
func TestGateReadsNamedFilesFromBefore(t *testing.T) {
	for flag, file := range map[string]struct{ name, content string }{
		"--baseline":   {"ci/base.jsonl", `{"id":"ID","rule":"github-pat","place":"token.env"}`},
		"--allow-file": {"ci/list.allow", `ID  reason="trust me"`},
		"--config":     {"ci/rules.toml", "[extend]\nuseDefault = true\n[[allowlists]]\npaths = ['''token''']"},
	} {
		t.Run(flag, func(t *testing.T) {
			h := secretive(t, func(h *house, id string) { h.write(file.name, strings.ReplaceAll(file.content, "ID", id)+"\n") })
			if !h.deniesToken("--range", "before..HEAD", flag, file.name) {
				t.Errorf("%s: the change wrote the file that lets it pass", flag)
			}
			_, words := h.want(1, "scan", "--range", "before..HEAD", flag, file.name)
			if !strings.Contains(words, file.name+": named, not obeyed: it was not there before the change") {
				t.Errorf("it says %s", words)
			}
			// The user's own file, elsewhere, is his word.
			outside := filepath.Join(t.TempDir(), filepath.Base(file.name))
			if err := os.WriteFile(outside, []byte(h.read(file.name)), 0o644); err != nil {
				t.Fatal(err)
			}
			if h.deniesToken("--range", "before..HEAD", flag, outside) {
				t.Errorf("%s %s counts for nothing", flag, outside)
			}
		})
	}
}

// A target that its user has trusted is obeyed, until somebody changes it.
func TestTrustedTargetIsObeyed(t *testing.T) {
	for _, name := range []string{"allow file", "gitleaksignore", "gitleaks.toml, paths", "oakum.toml", "a comment"} {
		t.Run(name, func(t *testing.T) {
			h := secretive(t, silences[name].put)
			h.want(0, "trust")
			if h.deniesToken() {
				t.Error("trusted, and not obeyed")
			}
			h.write(".gitleaks.toml", "[extend]\nuseDefault = true\n[[allowlists]]\npaths = ['''never''']\n# changed\n")
			h.write(".oakum-allow", "# changed\n")
			h.write(".gitleaksignore", "# changed\n")
			h.write(".oakum.toml", "[extend]\nuseDefault = true\n# changed\n")
			if !h.deniesToken() {
				t.Error("somebody changed it, and it is obeyed still")
			}
		})
	}
}
