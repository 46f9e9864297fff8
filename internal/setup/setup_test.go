package setup

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func names(all []Platform) (n []string) {
	for _, p := range all {
		n = append(n, p.Name)
	}
	return n
}

func TestDetect(t *testing.T) {
	for _, c := range []struct {
		files  string
		remote string
		want   string
	}{
		{".github", "", "github"},
		{".gitlab-ci.yml Jenkinsfile", "https://github.com/a/b", "gitlab jenkins"},
		{"", "https://github.com/a/b.git", "github"},
		{"", "git@gitlab.example.org:a/b.git", "gitlab"},
		{"", "ssh://git@bitbucket.org:22/a/b", "bitbucket"},
		{"", "https://git.example.org/github.com/b", ""},
		{"", "", ""},
		{".forgejo .circleci .buildkite azure-pipelines.yml bitbucket-pipelines.yml", "", "gitea bitbucket azure circleci buildkite"},
	} {
		there := func(name string) bool { return slices.Contains(strings.Fields(c.files), name) }
		if got := strings.Join(names(Detect(there, c.remote)), " "); got != c.want {
			t.Errorf("%q, %q: %s, want %s", c.files, c.remote, got, c.want)
		}
	}
	for _, p := range Platforms() {
		if _, err := PlatformByName(p.Name); err != nil || p.File == "" {
			t.Errorf("%+v: %v", p, err)
		}
	}
	if _, err := PlatformByName("none"); err == nil {
		t.Error("a platform of no name was found")
	}
}

func reader(files map[string]string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		text, ok := files[name]
		if !ok {
			return nil, fs.ErrNotExist
		}
		return []byte(text), nil
	}
}

func TestStep(t *testing.T) {
	github, _ := PlatformByName("github")
	gitlab, _ := PlatformByName("gitlab")
	step := []byte("oakum:\n  script: oakum scan --ci\n")
	for _, c := range []struct {
		of        Platform
		old, want string // "" of want: by hand
		nothing   bool
	}{
		{github, "", string(step), false},
		{github, "name: mine\n", "", false},
		{github, "name: oakum\n", "", true},
		{gitlab, "# ours\nstages: [test]\n\nunit:\n  script:\n  - make\n", "# ours\nstages: [test]\n\nunit:\n  script:\n  - make\n\n" + string(step), false},
		{gitlab, "---\nunit:\n  script: make", "---\nunit:\n  script: make\n\n" + string(step), false},
		{gitlab, "a: b\n---\nc: d\n", "", false},
		{gitlab, "{a: b}\n", "", false},
		{gitlab, "text that is no mapping\n", "", false},
		{gitlab, "include:\n- component: x/oakum@1\n", "", true},
	} {
		files := map[string]string{}
		if c.old != "" {
			files[c.of.File] = c.old
		}
		change, lines, err := c.of.Step(step, reader(files))
		switch {
		case err != nil:
			t.Error(err)
		case c.nothing && (change != nil || lines != nil):
			t.Errorf("%q: %+v, %+v", c.old, change, lines)
		case !c.nothing && c.want == "" && (change != nil || lines == nil || lines.Text != string(step)):
			t.Errorf("%q is not left to a person: %+v", c.old, change)
		case c.want != "" && (change == nil || string(change.New) != c.want):
			t.Errorf("%q became %+v", c.old, change)
		}
	}
}

func TestConfigAndBaselineAreMadeOnce(t *testing.T) {
	own := []string{ConfigFile, ".gitleaks.toml"}
	if c, err := Config(own, reader(nil)); err != nil || c == nil || !strings.Contains(string(c.New), "useDefault = true") {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := Config(own, reader(map[string]string{".gitleaks.toml": ""})); err != nil || c != nil {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := Baseline([]byte("x"), reader(map[string]string{BaselineFile: "y"})); err != nil || c != nil {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestWrite(t *testing.T) {
	top := t.TempDir()
	c := Change{File: "a/b/run", New: []byte("new\n"), Run: true}
	if err := c.Write(top); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(top, "a/b/run"))
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm()&0o100 == 0 {
		t.Errorf("%v, %v", info, err)
	}
	if err := c.Write(top); err == nil {
		t.Error("a file that came since was overwritten")
	}
	if err := (Change{File: "a/b/run", Old: []byte("other"), New: []byte("x")}).Write(top); err == nil {
		t.Error("a file that changed since was overwritten")
	}
	if err := (Change{File: "a/b/run", Old: []byte("new\n")}).Write(top); err != nil {
		t.Error(err)
	}
	if _, err := Read(top, "a/b/run"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
	if err := (Change{File: "../outside", New: []byte("x")}).Write(top); err == nil {
		t.Error("a file outside of the project was written")
	}
	left, err := os.ReadDir(filepath.Join(top, "a/b"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// patch(1) and we agree on what a difference says.
func TestDiffApplies(t *testing.T) {
	program, err := exec.LookPath("patch")
	if err != nil {
		t.Skip(err)
	}
	numbers := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.Repeat("x", i%7) + "\n")
		}
		return b.String()
	}
	tried := 0
	for _, c := range [][2]string{
		{"", "a\nb\n"}, {"a\nb\n", "a\nc\nb\n"}, {"a\nb\nc\n", "b\n"}, {numbers(40), numbers(20) + "new\n" + numbers(40)},
		{numbers(30), strings.Replace(numbers(30), "xxx\n", "yyy\n", 2)}, {"a\n", "a\n"},
	} {
		dir := t.TempDir()
		change := Change{File: "f", New: []byte(c[1])}
		if c[0] != "" {
			change.Old = []byte(c[0])
			if err := os.WriteFile(filepath.Join(dir, "f"), change.Old, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		tried++
		if c[0] == c[1] {
			if strings.Contains(change.Diff(), "@@") {
				t.Errorf("no difference is told as\n%s", change.Diff())
			}
			continue
		}
		cmd := exec.Command(program, "-p1", "-s")
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(change.Diff())
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %s\n%s", err, out, change.Diff())
			continue
		}
		if got, err := os.ReadFile(filepath.Join(dir, "f")); err != nil || string(got) != c[1] {
			t.Errorf("%v\n%s\ngave\n%s", err, change.Diff(), got)
		}
	}
	if tried != 6 {
		t.Errorf("%d differences", tried)
	}
}
