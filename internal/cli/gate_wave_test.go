package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
)

// wave is a way in which a change can try to have its own AWS key let through.
type wave struct {
	put   func(h *house, id string) // what the change does beside adding the key
	flags []string                  // of the pipeline's command
	was   map[string]string         // files that were there before
	says  string                    // what is told of what was ignored, and why
	quiet bool                      // nothing that oakum reads was changed: there is nothing to tell
}

const (
	notObeyed = " by this change, not obeyed: a change cannot allow what it brings"
	lenient   = "package oakum\n\nallow contains \"trust me\" if true\n"
	strict    = "package oakum\n\nwarn contains \"never\" if false\n"
)

// waves are all of them: those files that scan reads by itself, those that the
// pipeline's command names, and comments.
var waves = map[string]wave{
	"allow file added":   {put: func(h *house, id string) { h.write(".oakum-allow", id+"  reason=\"trust me\"\n") }, says: ".oakum-allow: added" + notObeyed},
	"allow file changed": {put: func(h *house, id string) { h.write(".oakum-allow", "# ours\n"+id+"  reason=\"trust me\"\n") }, was: map[string]string{".oakum-allow": "# ours\n"}, says: ".oakum-allow: changed" + notObeyed},
	"configuration that disables the rule": {put: func(h *house, _ string) {
		h.write(".oakum.toml", "[extend]\nuseDefault = true\ndisabledRules = [\"aws-access-key-id\", \"aws-secret-access-key\"]\n")
	}, flags: []string{"--deny-generic", "never"}, says: ".oakum.toml: added" + notObeyed},
	"configuration with an allowlist of paths": {put: func(h *house, _ string) {
		h.write(".oakum.toml", "[extend]\nuseDefault = true\n[[allowlists]]\npaths = ['''.*''']\n")
	}, was: map[string]string{".oakum.toml": "[extend]\nuseDefault = true\n"}, says: ".oakum.toml: changed" + notObeyed},
	"other rules in the place of ours": {put: func(h *house, _ string) {
		h.write(".gitleaks.toml", "[[rules]]\nid = \"x\"\nregex = '''xyzzy[0-9]+'''\n")
	}, says: ".gitleaks.toml: added" + notObeyed},
	"gitleaksignore": {put: func(h *house, _ string) { h.write(".gitleaksignore", "key.env:aws-access-key-id:1\n") }, says: ".gitleaksignore: added" + notObeyed},
	"the baseline that init writes": {put: func(h *house, id string) { h.write(".oakum-baseline", baselineOf(id)) },
		says: ".oakum-baseline: added" + notObeyed},
	"the baseline, changed": {put: func(h *house, id string) { h.write(".oakum-baseline", baselineOf(id)) },
		was: map[string]string{".oakum-baseline": baselineOf("v1.00000000000000000000000000000000")}, says: ".oakum-baseline: changed" + notObeyed},
	"a baseline that the pipeline names": {put: func(h *house, id string) { h.write("ci/base.jsonl", baselineOf(id)) }, flags: []string{"--baseline", "ci/base.jsonl"},
		says: "ci/base.jsonl: named, not obeyed: it was not there before the change"},
	"an allow file that the pipeline names, changed": {put: func(h *house, id string) { h.write("ci/allow", id+"  reason=\"trust me\"\n") }, flags: []string{"--allow-file", "ci/allow"},
		was: map[string]string{"ci/allow": "# ours\n"}, says: "ci/allow: changed" + notObeyed},
	"a configuration that the pipeline names, changed": {put: func(h *house, _ string) {
		h.write("ci/rules.toml", "[extend]\nuseDefault = true\n[[allowlists]]\npaths = ['''key''']\n")
	}, flags: []string{"--config", "ci/rules.toml"}, was: map[string]string{"ci/rules.toml": "[extend]\nuseDefault = true\n"}, says: "ci/rules.toml: changed" + notObeyed},
	"the policy, changed": {put: func(h *house, _ string) { h.write("ci/policy/ours.rego", lenient) }, flags: []string{"--policy", "ci/policy"},
		was: map[string]string{"ci/policy/ours.rego": strict}, says: "ci/policy: changed" + notObeyed},
	"the policy, added": {put: func(h *house, _ string) { h.write("ci/policy/ours.rego", lenient) }, flags: []string{"--policy", "ci/policy"},
		says: "ci/policy: named, not obeyed: it was not there before the change"},
	"a comment of ours": {put: func(h *house, _ string) {
		h.edit("key.env", func(s string) string { return strings.ReplaceAll(s, "\n", " # oakum:allow trust me\n") })
	}, says: "comments that this change adds beside credentials, not obeyed, for a change cannot allow what it brings: key.env:1 (aws-access-key-id, oakum:allow)"},
	"a comment of gitleaks": {put: func(h *house, _ string) {
		h.edit("key.env", func(s string) string { return strings.ReplaceAll(s, "\n", " # gitleaks:allow\n") })
	}, says: "not obeyed, for a change cannot allow what it brings: key.env:1 (aws-access-key-id, gitleaks:allow)"},
	"attributes and ignore files": {put: func(h *house, _ string) {
		h.write(".gitattributes", "* -diff binary linguist-generated export-ignore\n")
		h.write(".gitignore", "*\n")
		h.write(".secretlintignore", "**\n")
	}, quiet: true},
	"a pre-commit file without the hook": {put: func(h *house, _ string) { h.write(".pre-commit-config.yaml", "repos: []\n") }, quiet: true},
}

func baselineOf(id string) string {
	return `{"id":"` + id + `","rule":"aws-access-key-id","place":"key.env"}` + "\n"
}

// proposal is a house with a branch that adds an AWS key, in a job for its pull request.
func proposal(t *testing.T, w wave) *house {
	h := emptyHouse(t)
	h.write("README.md", "ours\n")
	for name, text := range w.was {
		h.write(name, text)
	}
	h.commit("before")
	h.git("checkout", "-q", "-b", "change")
	h.write("key.env", leaktest.Must(61, "AWS_ACCESS_KEY_ID={{awsID \"AKIA\"}}\nAWS_SECRET_ACCESS_KEY={{awsSecret}}\n"))
	_, out, words := h.oakum("scan", "dir", "--format", "json", "key.env")
	id := regexp.MustCompile(`"id": "([vp]1[^"]+)"`).FindStringSubmatch(out)
	if id == nil {
		t.Fatalf("the key is not found: %s", words)
	}
	if w.put != nil {
		w.put(h, id[1])
	}
	h.git("add", "-A", "-f")
	h.git("commit", "-q", "-m", "trust me")
	h.asJob("GITHUB_EVENT_NAME=pull_request", "GITHUB_BASE_REF=main", "GITHUB_HEAD_REF=change", "GITHUB_SHA="+h.git("rev-parse", "HEAD"))
	return h
}

// asJob makes oakum run as in a job of GitHub Actions.
func (h *house) asJob(env ...string) {
	event := filepath.Join(h.t.TempDir(), "event.json")
	if err := os.WriteFile(event, []byte(`{"repository":{"default_branch":"main"}}`), 0o600); err != nil {
		h.t.Fatal(err)
	}
	h.env = append(append(h.env, "GITHUB_ACTIONS=true", "GITHUB_EVENT_PATH="+event, "GITHUB_STEP_SUMMARY="), env...)
}

// No change lets its own AWS key through, and what it tried is told.
func TestNoChangeWavesItselfThrough(t *testing.T) {
	for name, w := range waves {
		t.Run(name, func(t *testing.T) {
			h := proposal(t, w)
			if !deniesKey(h, w.flags...) {
				t.Error("waved through")
			}
			_, words := h.want(1, append([]string{"scan", "--ci"}, w.flags...)...)
			if w.quiet == (w.says != "") || !strings.Contains(words, w.says) {
				t.Errorf("it says\n%s\nand not\n%s", words, w.says)
			}
		})
	}
	if len(waves) != 17 {
		t.Errorf("%d ways", len(waves))
	}
}

func deniesKey(h *house, flags ...string) bool {
	h.t.Helper()
	code, out, words := h.oakum(append([]string{"scan", "--ci", "--format", "json"}, flags...)...)
	denied := regexp.MustCompile(`(?s)"rule": "aws-access-key-id".*?"path": "key.env".*?"verdict": "deny"`).MatchString(out)
	if denied != (code == 1) {
		h.t.Errorf("denied is %v, the code %d\n%s", denied, code, words)
	}
	return denied
}

// What was agreed on before counts, in the same words: else the test above would hold
// for a gate that reads nothing at all.
func TestAgreedBeforeCounts(t *testing.T) {
	tried := 0
	for name, w := range waves {
		if w.quiet || strings.HasPrefix(name, "a comment") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			tried++
			h := proposal(t, w)
			// The same change, once its words are in main.
			h.git("rm", "-q", "--cached", "key.env")
			key := h.read("key.env")
			if err := os.Remove(filepath.Join(h.dir, "key.env")); err != nil {
				t.Fatal(err)
			}
			h.git("commit", "-q", "--amend", "-m", "agree")
			h.git("branch", "-f", "main", "HEAD")
			h.write("key.env", key)
			h.git("add", "-f", "key.env")
			h.git("commit", "-q", "-m", "a key that was agreed on")
			h.env = append(h.env, "GITHUB_SHA="+h.git("rev-parse", "HEAD"))
			if deniesKey(h, w.flags...) {
				t.Error("agreed on, and denied")
			}
		})
	}
	if tried != 13 {
		t.Errorf("%d ways", tried)
	}
}

// A credential that a change only moves is none that it adds; a copy is, and so is a
// secret that comes beside an id that was there.
func TestMovedIsNotNew(t *testing.T) {
	pair := "AWS_ACCESS_KEY_ID={{awsID \"AKIA\"}}\nAWS_SECRET_ACCESS_KEY={{awsSecret}}\n"
	weak := "database:\n  password: {{randomPassword 18}}\n"
	for name, c := range map[string]struct {
		was  string
		do   func(h *house)
		code int
	}{
		"renamed":         {was: pair, do: func(h *house) { h.git("mv", "old.env", "new.env") }},
		"renamed, weak":   {was: weak, do: func(h *house) { h.git("mv", "old.env", "new.yaml") }},
		"moved in a file": {was: pair, do: func(h *house) { h.edit("old.env", func(s string) string { return "# a line\n" + s }) }},
		"moved in two commits": {was: pair, do: func(h *house) {
			h.write("new.env", h.read("old.env"))
			h.commit("copy")
			h.git("rm", "-q", "old.env")
		}},
		"moved to a file that is there": {was: pair, do: func(h *house) {
			h.write("README.md", "```\n"+h.read("old.env")+"```\n")
			h.write("old.env", "# moved\n")
		}},
		"copied": {was: pair, code: 1, do: func(h *house) { h.write("new.env", h.read("old.env")) }},
		"moved, with another beside it": {was: pair, code: 1, do: func(h *house) {
			h.git("mv", "old.env", "new.env")
			h.write("new.env", h.read("new.env")+leaktest.Must(78, "TOKEN={{github \"ghp_\"}}\n"))
		}},
		"the id was there, its secret comes": {was: "AWS_ACCESS_KEY_ID={{awsID \"AKIA\"}}\n", code: 1, do: func(h *house) {
			h.write("old.env", leaktest.Must(77, pair))
		}},
		"the id moves, its secret comes": {was: "AWS_ACCESS_KEY_ID={{awsID \"AKIA\"}}\n", code: 1, do: func(h *house) {
			h.git("rm", "-q", "old.env")
			h.write("new.env", leaktest.Must(77, pair))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := emptyHouse(t)
			h.write("README.md", "ours\n")
			h.write("old.env", leaktest.Must(77, c.was))
			h.commit("before")
			h.git("checkout", "-q", "-b", "change")
			c.do(h)
			h.commit("the change")
			h.asJob("GITHUB_EVENT_NAME=pull_request", "GITHUB_BASE_REF=main", "GITHUB_SHA="+h.git("rev-parse", "HEAD"))
			h.want(c.code, "scan", "--ci", "--deny-generic", "low")
			h.want(c.code, "scan", "--range", "main..HEAD", "--deny-generic", "low")
		})
	}
}

// A credential that one commit adds is new, whatever the next one does to its file; one
// that was there before is not, however often the change touches it.
func TestTouchedAgainIsStillNew(t *testing.T) {
	token := leaktest.Must(92, "TOKEN={{github \"ghp_\"}}\n")
	for name, c := range map[string]struct {
		before, commits []string
		code            int
	}{
		"added, then touched":         {commits: []string{token, "# a line\n" + token}, code: 1},
		"added, then taken out":       {commits: []string{token, "# no token\n"}, code: 1},
		"there, and touched twice":    {before: []string{token}, commits: []string{"# a\n" + token, "# b\n# a\n" + token}},
		"taken out, and put in again": {before: []string{token}, commits: []string{"# none\n", token}},
		"another beside it":           {before: []string{token}, commits: []string{token + leaktest.Must(93, "OTHER={{github \"ghp_\"}}\n"), "# a\n" + token + leaktest.Must(93, "OTHER={{github \"ghp_\"}}\n")}, code: 1},
	} {
		t.Run(name, func(t *testing.T) {
			h := emptyHouse(t)
			h.write("README.md", "ours\n")
			h.commit("begin")
			for _, text := range c.before {
				h.write("a.env", text)
				h.commit("before")
			}
			h.git("tag", "before")
			for _, text := range c.commits {
				h.write("a.env", text)
				h.commit("change")
			}
			h.want(c.code, "scan", "--range", "before..HEAD")
			h.git("update-ref", "refs/remotes/origin/main", "before")
			line := "refs/heads/main " + h.git("rev-parse", "HEAD") + " refs/heads/main " + h.git("rev-parse", "before") + "\n"
			if code, _, words := h.oakumIn(line, "hook", "run", "pre-push", "origin", "x"); code != c.code {
				t.Errorf("pre-push: code %d, want %d\n%s", code, c.code, words)
			}
			if code, words := h.received("before"); code != c.code {
				t.Errorf("pre-receive: code %d, want %d\n%s", code, c.code, words)
			}
		})
	}
}

// A partial clone has not all of the change, or not what it is compared with: then it is
// not judged, and the line that fetches the rest is told.
func TestPartialCloneIsNotJudged(t *testing.T) {
	token := leaktest.Must(95, "TOKEN={{github \"ghp_\"}}\n")
	for name, c := range map[string]struct {
		before, one, two, says string
		code                   int
	}{
		"the old version is missing": {before: token, one: "# a\n" + token, two: "# a\n" + token, code: 2, says: "the content of files before the change"},
		"a version between":          {before: "ours\n", one: token, two: "none\n", code: 2, says: "content of"},
		"all is there":               {before: "ours\n", one: "ours\n", two: "ours\n", code: 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := emptyHouse(t)
			h.write("README.md", "ours\n")
			h.write("a.env", c.before)
			h.commit("before")
			h.git("checkout", "-q", "-b", "change")
			for i, text := range []string{c.one, c.two} {
				h.write("a.env", text)
				h.write("b.txt", strings.Repeat("b", 1+i/2))
				h.git("add", "-A")
				h.git("commit", "-q", "--allow-empty", "-m", "change")
			}
			h.git("checkout", "-q", "main")
			h.git("config", "uploadpack.allowFilter", "true")
			clone := filepath.Join(t.TempDir(), "clone")
			h.git("clone", "-q", "--filter=blob:none", "--branch", "change", "file://"+h.dir, clone)
			h.env = append(h.env, "CIRCLECI=true", "CIRCLE_BRANCH=change")
			_, words := h.want(c.code, "scan", clone, "--ci")
			if c.code == 2 && (!strings.Contains(words, c.says) || !strings.Contains(words, "git fetch --refetch --no-filter origin") || !strings.Contains(words, "method: full")) {
				t.Errorf("it says\n%s", words)
			}
		})
	}
}
