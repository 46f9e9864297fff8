package oakum_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
)

// TestConsoleBlocks runs what the documents show. A ```console block holds
// commands after "$ " and what they print, stdout and stderr together. In what
// is shown, … stands for anything within a line, and a line of … alone for any
// number of lines. The blocks of one document run in one folder, in their order,
// with ./shop (see makeShop) in it and the built oakum on PATH.
func TestConsoleBlocks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the documents show a POSIX shell")
	}
	bin := buildOakum(t)
	blocks := 0
	for _, name := range files(t, func(n string) bool {
		return n == "README.md" || filepath.Dir(n) == "docs" && filepath.Ext(n) == ".md"
	}) {
		all := consoleBlocks(string(text(t, name)))
		blocks += len(all)
		if len(all) == 0 {
			continue
		}
		if remediates(all) {
			buildSibling(t, bin)
		}
		t.Run(name, func(t *testing.T) {
			sh := newShell(t, bin)
			for _, b := range all {
				sh.run(t, b)
			}
		})
	}
	if blocks == 0 {
		t.Error("no document shows the program at work")
	}
}

func buildOakum(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "oakum"), "./cmd/oakum")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build oakum: %v\n%s", err, out)
	}
	return dir
}

// remediates tells whether a document shows what oakum's sibling does.
func remediates(blocks [][]step) bool {
	return slices.ContainsFunc(blocks, func(steps []step) bool {
		return slices.ContainsFunc(steps, func(s step) bool { return strings.Contains(s.command, "oakum remediate") })
	})
}

// buildSibling puts oakum-remediate beside oakum, where that looks for it.
func buildSibling(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, "oakum-remediate")); err == nil {
		return
	}
	build := exec.Command("go", "build", "-ldflags=-w", "-o", filepath.Join(dir, "oakum-remediate"), "./cmd/oakum-remediate")
	build.Dir = "remediate"
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build oakum-remediate: %v\n%s", err, out)
	}
}

// step is a command and what it is said to print.
type step struct{ command, shown string }

// consoleBlocks reads the steps of each block.
func consoleBlocks(doc string) (blocks [][]step) {
	for _, m := range regexp.MustCompile("(?ms)^```console\n(.*?)^```$").FindAllStringSubmatch(doc, -1) {
		var steps []step
		for line := range strings.Lines(m[1]) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				steps = append(steps, step{command: strings.TrimSpace(command)})
			} else if len(steps) > 0 {
				steps[len(steps)-1].shown += line
			}
		}
		blocks = append(blocks, steps)
	}
	return blocks
}

// shell is a folder and an environment in which nothing of this machine's user
// counts.
type shell struct {
	dir string
	env []string
}

func newShell(t *testing.T, bin string) *shell {
	t.Helper()
	dir, home := t.TempDir(), t.TempDir()
	sh := &shell{dir, []string{
		"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + home, "TERM=dumb", "LC_ALL=C", "TZ=UTC",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_AUTHOR_DATE=2026-01-02T03:04:05Z",
		"GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z",
	}}
	makeShop(t, sh)
	return sh
}

// makeShop makes the documents' sample repository: a key pair in a file that
// was committed, and stands there still.
func makeShop(t *testing.T, sh *shell) {
	t.Helper()
	const pair = `AWS_ACCESS_KEY_ID={{awsID "AKIA"}}
AWS_SECRET_ACCESS_KEY={{awsSecret}}
`
	at := filepath.Join(sh.dir, "shop", "config")
	if err := os.MkdirAll(at, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(at, "deploy.env"), []byte(leaktest.Must(7, pair)), 0o644); err != nil {
		t.Fatal(err)
	}
	sh.run(t, []step{{command: "git init -q -b main shop && cd shop && git add . && git commit -q -m 'deploy from CI' && cd .."}})
}

// run runs the steps in one shell, so that $? and variables carry on.
func (sh *shell) run(t *testing.T, steps []step) {
	t.Helper()
	const end = "\x01end of step\x01"
	var script strings.Builder
	for _, s := range steps {
		script.WriteString(s.command + "\nlast=$?; printf '" + end + "'; (exit $last)\n")
	}
	cmd := exec.Command("sh", "-c", script.String())
	cmd.Dir, cmd.Env = sh.dir, sh.env
	out, _ := cmd.CombinedOutput() // the exit codes are the blocks' to show
	printed := strings.Split(string(out), end)
	for i, s := range steps {
		if i >= len(printed)-1 {
			t.Errorf("$ %s\ndid not end; the shell said:\n%s", s.command, out)
			return
		}
		if !shownAs(s.shown).MatchString(printed[i]) {
			t.Errorf("$ %s\nprinted\n%s\nthe document shows\n%s", s.command, printed[i], s.shown)
		}
	}
}

// shownAs is the pattern that a document's text stands for.
func shownAs(shown string) *regexp.Regexp {
	var p strings.Builder
	for line := range strings.Lines(shown) {
		line = strings.TrimRight(line, " \n")
		if line == "…" {
			p.WriteString(`(?:.*\n)*?`)
			continue
		}
		p.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*") + " *\n")
	}
	return regexp.MustCompile(`^` + p.String() + `$`)
}

// A document that shows something else fails.
func TestShownAs(t *testing.T) {
	for _, c := range []struct {
		shown, printed string
		same           bool
	}{
		{"a\n", "a\n", true}, {"a\n", "b\n", false}, {"a\n", "a\nb\n", false}, {"", "a\n", false},
		{"a…c\n", "abc\n", true}, {"…\nc\n", "a\nb\nc\n", true}, {"a\n…\n", "a\n", true}, {"a.\n", "ab\n", false},
	} {
		if got := shownAs(c.shown).MatchString(c.printed); got != c.same {
			t.Errorf("%q as %q: %v", c.printed, c.shown, got)
		}
	}
}
