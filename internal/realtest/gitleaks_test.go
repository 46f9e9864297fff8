package realtest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

// workbench is a folder with a repository in it, for gitleaks and oakum alike: two
// commits with a token each, a staged one, and a link.
type workbench struct {
	t        *testing.T
	gitleaks string
	oakum    string
	dir      string
	env      []string
}

func newWorkbench(t *testing.T) *workbench {
	t.Helper()
	realtest.Find(t, "git")
	b := &workbench{t: t, gitleaks: realtest.Find(t, "gitleaks"), oakum: filepath.Join(t.TempDir(), "oakum"), dir: t.TempDir()}
	build := exec.Command("go", "build", "-o", b.oakum, "./cmd/oakum")
	build.Dir, build.Env = filepath.Join("..", ".."), append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build oakum: %v\n%s", err, out)
	}
	b.env = append(os.Environ(), "OAKUM_STATE_DIR="+t.TempDir(), "HOME="+t.TempDir(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.org", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.org",
		"GIT_AUTHOR_DATE=2024-03-01T12:00:00Z", "GIT_COMMITTER_DATE=2024-03-01T12:00:00Z")
	t.Chdir(b.dir)
	b.git("init", "-q", "-b", "main", "repo")
	b.write("repo/a.env", leaktest.Must(1, "X=1\nTOKEN={{github \"ghp_\"}}\n"))
	b.git("-C", "repo", "add", ".")
	b.git("-C", "repo", "commit", "-q", "-m", "one")
	b.write("repo/sub/b.env", leaktest.Must(2, "TOKEN={{github \"ghp_\"}}\n"))
	b.git("-C", "repo", "add", ".")
	b.git("-C", "repo", "commit", "-q", "-m", "two")
	b.git("-C", "repo", "remote", "add", "origin", "git@github.com:o/r.git")
	b.git("clone", "-q", "repo", "dirty")
	b.write("dirty/staged.env", leaktest.Must(3, "A=1\n\nTOKEN={{github \"ghp_\"}}\n"))
	b.git("-C", "dirty", "add", ".")
	b.git("init", "-q", "-b", "main", "clean")
	b.write("clean/README", "nothing\n")
	b.git("-C", "clean", "add", ".")
	b.git("-C", "clean", "commit", "-q", "-m", "one")
	if err := os.Symlink(filepath.Join("..", "repo", "a.env"), filepath.Join("clean", "link.env")); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *workbench) git(args ...string) {
	b.t.Helper()
	c := exec.Command("git", args...)
	c.Env = b.env
	if out, err := c.CombinedOutput(); err != nil {
		b.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func (b *workbench) write(name, content string) {
	b.t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// both runs a command line by gitleaks and by oakum.
func (b *workbench) both(in, line string) (theirs, ours int, their, our []byte) {
	b.t.Helper()
	args := strings.Fields(line)
	theirs, their = b.run(in, b.gitleaks, args...)
	ours, our = b.run(in, b.oakum, append([]string{"gitleaks"}, args...)...)
	return theirs, ours, their, our
}

func (b *workbench) run(in, program string, args ...string) (code int, stdout []byte) {
	b.t.Helper()
	c := exec.Command(program, args...)
	c.Env, c.Stdin = b.env, strings.NewReader(in)
	stdout, err := c.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), stdout
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return 0, stdout
}

// lines are command lines as people have them in pipelines. Reports go to stdout
// only: gitleaks deletes what is at its report path.
var lines = []string{
	"git repo", "git clean", "git repo --no-banner --no-color -v --redact", "git --exit-code 7 repo", "git --exit-code 0 repo", "git --exit-code=5 clean",
	"git repo --log-opts=--all", "git repo --log-opts=HEAD~1..HEAD", "git repo --log-opts=HEAD..HEAD", "git repo --log-opts=-1", "git repo --log-opts=main",
	"git repo --log-opts=--since=2000-01-01", "git repo --log-opts=--since=2099-01-01", "git --staged dirty", "git --staged repo", "git --pre-commit --staged dirty",
	"git --pre-commit repo", "git --pre-commit clean", "dir repo", "dir clean", "dir clean --follow-symlinks", "directory repo", "file repo/a.env", "dir repo/sub",
	"stdin", "detect -s repo", "detect --source clean", "detect --no-git -s repo", "detect --pipe", "protect -s repo", "protect --staged -s dirty", "version", "",
	"git --nope", "git -Z", "git --exit-code abc", "git --redact=abc", "git nowhere", "dir nowhere", "git -c nowhere.toml repo", "bogus",
	"git --enable-rule nope repo", "git --enable-rule github-pat repo", "git -f bogus -r - repo", "git a b", "dir repo -r x.bogus", "git -b nowhere.json repo",
	"git -b nowhere.json clean", "git -i nowhere repo", "git --timeout 60 repo", "git -l error repo", "git --max-target-megabytes 1 repo", "git --platform github repo",
	"git --max-decode-depth 3 --max-archive-depth 3 repo", "git --ignore-gitleaks-allow repo", "git --help", "dir -f template -r - repo",
}

// TestGitleaks compares the two programs, side by side.
func TestGitleaks(t *testing.T) {
	b := newWorkbench(t)
	t.Run("exit codes", b.exitCodes)
	t.Run("silence", b.silence)
	t.Run("reports", b.reports)
}

func (b *workbench) exitCodes(t *testing.T) {
	for _, line := range lines {
		theirs, ours, _, _ := b.both(leaktest.Must(4, "TOKEN={{github \"ghp_\"}}\n"), line)
		if theirs != ours {
			t.Errorf("gitleaks %s: %d, oakum's %d", line, theirs, ours)
		}
	}
}

// What gitleaks passes over in silence, oakum does not: no history at all.
func (b *workbench) silence(t *testing.T) {
	if err := os.Mkdir("empty", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"git empty", "git repo --log-opts=HEAD~50..HEAD"} {
		theirs, ours, _, _ := b.both("", line)
		if theirs != 0 || ours != 1 {
			t.Errorf("%s: gitleaks %d, oakum %d, want 0 and 1", line, theirs, ours)
		}
	}
}

// The reports of both agree in every field, but for those that docs/compat.md
// names.
func (b *workbench) reports(t *testing.T) {
	const common = " --redact --no-banner -l fatal -f json -r -"
	rows := 0
	for _, line := range []string{
		"git repo", "git clean", "git repo --log-opts=HEAD~1..HEAD", "git repo --log-opts=-1", "git --staged dirty", "dir repo", "dir ./repo/sub",
		"dir " + filepath.Join(b.dir, "repo"), "dir repo/a.env", "dir clean --follow-symlinks", "stdin", "detect --no-git -s repo", "git --platform gitlab repo",
	} {
		_, _, theirs, ours := b.both(leaktest.Must(4, "A=1\nTOKEN={{github \"ghp_\"}}\n"), line+common)
		their, our := decoded(t, theirs), decoded(t, ours)
		if len(their) != len(our) {
			t.Errorf("%s: gitleaks tells of %d, oakum of %d", line, len(their), len(our))
			continue
		}
		for i := range their {
			rows++
			if !slices.Equal(their[i].order, our[i].order) {
				t.Errorf("%s: fields %v, want %v", line, our[i].order, their[i].order)
			}
			for _, name := range their[i].order {
				if !slices.Contains(different, name) && !reflect.DeepEqual(their[i].fields[name], our[i].fields[name]) {
					t.Errorf("%s: %s is %v, want %v", line, name, our[i].fields[name], their[i].fields[name])
				}
			}
		}
	}
	if rows < 15 {
		t.Errorf("%d rows were compared", rows)
	}
}

// different are fields in which the reports differ on purpose: words of our own,
// true columns, a rounded number, the first line of a message.
var different = []string{"Description", "Tags", "StartColumn", "EndColumn", "Entropy"}

type decodedRow struct {
	fields map[string]any
	order  []string
}

// decoded are a report's rows, by file and line.
func decoded(t *testing.T, report []byte) (rows []decodedRow) {
	t.Helper()
	var raw []json.RawMessage
	if err := json.Unmarshal(report, &raw); err != nil {
		t.Fatalf("%v: %s", err, report)
	}
	for _, r := range raw {
		row := decodedRow{fields: map[string]any{}}
		dec := json.NewDecoder(bytes.NewReader(r))
		dec.Token() // {
		for dec.More() {
			name, err := dec.Token()
			if err != nil {
				t.Fatal(err)
			}
			var value any
			if err := dec.Decode(&value); err != nil {
				t.Fatal(err)
			}
			row.order = append(row.order, name.(string))
			row.fields[name.(string)] = value
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(x, y decodedRow) int {
		return strings.Compare(x.fields["Fingerprint"].(string), y.fields["Fingerprint"].(string))
	})
	return rows
}
