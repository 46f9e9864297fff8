package realtest_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

// desk is a developer's machine: a home of its own, a repository, and the hook
// repository that pre-commit takes oakum from.
type desk struct {
	t         *testing.T
	preCommit string
	root      string // holds all
	env       []string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	realtest.Find(t, "git")
	d := &desk{t: t, preCommit: realtest.Find(t, "pre-commit"), root: t.TempDir()}
	d.env = append(os.Environ(), "HOME="+d.root, "XDG_STATE_HOME="+d.root, "PRE_COMMIT_HOME="+filepath.Join(d.root, "pre-commit"), "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com",
		// pre-commit gives the build a GOPATH of its own, whose module cache is
		// empty; with this machine's, nothing is fetched.
		"GOMODCACHE="+goEnv(t, "GOMODCACHE"), "GOCACHE="+goEnv(t, "GOCACHE"), "GOPROXY=off", "GOFLAGS=", "GOWORK=off")
	d.snapshot()
	d.must("work", "git", "init", "-q", "-b", "main", ".")
	return d
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// snapshot makes a repository of the working tree as it is now, tagged as a
// release would be.
func (d *desk) snapshot() {
	d.t.Helper()
	top := filepath.Join("..", "..")
	list := exec.Command("git", "ls-files", "-z", "-co", "--exclude-standard")
	list.Dir = top
	out, err := list.Output()
	if err != nil {
		d.t.Fatal(err)
	}
	copied := 0
	for _, name := range strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 }) {
		text, err := os.ReadFile(filepath.Join(top, name))
		if errors.Is(err, fs.ErrNotExist) { // deleted, and the index does not know it yet
			continue
		}
		if err != nil {
			d.t.Fatal(err)
		}
		d.write(filepath.Join("hooks", name), string(text))
		copied++
	}
	if copied == 0 {
		d.t.Fatal("the snapshot is empty")
	}
	d.must("hooks", "git", "init", "-q", "-b", "main", ".")
	d.must("hooks", "git", "add", "-f", ".")
	d.must("hooks", "git", "commit", "-q", "-m", "snapshot")
	d.must("hooks", "git", "tag", "v0.1.0")
}

func (d *desk) write(name, text string) {
	d.t.Helper()
	at := filepath.Join(d.root, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(text), 0o644)); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) try(dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(d.t.Context(), name, args...)
	cmd.Dir, cmd.Env = filepath.Join(d.root, dir), d.env
	if err := os.MkdirAll(cmd.Dir, 0o755); err != nil {
		return "", err
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (d *desk) must(dir, name string, args ...string) string {
	d.t.Helper()
	out, err := d.try(dir, name, args...)
	if err != nil {
		d.t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return out
}

// use installs pre-commit in the repository, with one of our hooks.
func (d *desk) use(id string) {
	d.t.Helper()
	d.write("work/.pre-commit-config.yaml", "repos:\n  - repo: file://"+filepath.ToSlash(filepath.Join(d.root, "hooks"))+
		"\n    rev: v0.1.0\n    hooks:\n      - id: "+id+"\n")
	d.must("work", "git", "add", ".")
	d.must("work", d.preCommit, "install")
}

// refusedThenFixed is the story that each of our hooks must tell: a staged key
// is refused without being shown, the mended file is accepted.
func (d *desk) refusedThenFixed(seed uint64) {
	d.t.Helper()
	token := leaktest.Must(seed, `{{github "ghp_"}}`)
	d.write("work/deploy.env", "GITHUB_TOKEN="+token+"\n")
	d.must("work", "git", "add", ".")
	out, err := d.try("work", "git", "commit", "-q", "-m", "deploy")
	if err == nil {
		d.t.Fatalf("a staged token was committed:\n%s", strings.ReplaceAll(out, token, "(the token)"))
	}
	if strings.Contains(out, token) {
		d.t.Error("the refusal shows the token")
	}
	for _, want := range []string{"deploy.env", "github", "commit refused"} {
		if !strings.Contains(out, want) {
			d.t.Errorf("the refusal does not name %q:\n%s", want, strings.ReplaceAll(out, token, "(the token)"))
		}
	}
	d.write("work/deploy.env", "GITHUB_TOKEN=${GITHUB_TOKEN}\n")
	// The token is still staged: what is on disk does not count.
	if _, err := d.try("work", "git", "commit", "-q", "-m", "deploy"); err == nil {
		d.t.Error("the staged token was committed after the file on disk was mended")
	}
	d.must("work", "git", "add", ".")
	d.must("work", "git", "commit", "-q", "-m", "deploy")
}

// Without Go on the developer's machine: the hook takes oakum out of the wheel that the
// release's own program makes of the same tag, found in a folder in place of an index.
func TestPreCommitTakesTheWheel(t *testing.T) {
	d := newDesk(t)
	release := filepath.Join(d.root, "release")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", release, ".")
	build.Dir, build.Env = filepath.Join("..", "..", "tools", "release"), append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the release's program: %v\n%s", err, out)
	}
	d.must("wheels-of", release, "-source", filepath.Join(d.root, "hooks"), "-out", filepath.Join(d.root, "wheels"), "-only", "wheel", "-targets", "host")
	// What builds a package for pip comes out of virtualenv, which pre-commit has.
	seeds, err := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(d.preCommit)), "lib", "python*", "site-packages", "virtualenv", "seed", "wheels", "embed"))
	if err != nil || len(seeds) != 1 {
		t.Fatal("virtualenv's own wheels: ", seeds, err)
	}
	d.env = append(d.env, "PIP_NO_INDEX=1", "PIP_FIND_LINKS="+filepath.Join(d.root, "wheels")+" "+seeds[0], "PIP_DISABLE_PIP_VERSION_CHECK=1")
	d.use("oakum-python")
	d.refusedThenFixed(3)
	scripts, err := filepath.Glob(filepath.Join(d.root, "pre-commit", "repo*", "py_env-*", "*", "oakum"))
	if err != nil || len(scripts) != 1 {
		t.Fatal("the wheel's program: ", scripts, err)
	}
	if out := d.must("work", scripts[0], "version"); !strings.HasPrefix(out, "oakum v0.1.0\n") {
		t.Errorf("the hook runs\n%s", out)
	}
}

func TestPreCommitBuildsOakum(t *testing.T) {
	d := newDesk(t)
	d.use("oakum")
	d.refusedThenFixed(1)
	// Only the scanner was built: the siblings' modules stayed out.
	built, err := filepath.Glob(filepath.Join(d.root, "pre-commit", "repo*", "golangenv-*", "bin", "*"))
	if err != nil || len(built) != 1 || !strings.HasPrefix(filepath.Base(built[0]), "oakum") {
		t.Errorf("pre-commit built %v (%v)", built, err)
	}
}

func TestPreCommitRunsOakumOfTheSystem(t *testing.T) {
	d := newDesk(t)
	bin := filepath.Join(d.root, "bin")
	d.must("hooks", "go", "build", "-o", bin+string(filepath.Separator), "./cmd/oakum")
	d.env = append(d.env, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	d.use("oakum-system")
	d.refusedThenFixed(2)
}
