package cli_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

// scriptsFolder holds one story a file; the comment at its top says why it is told.
const scriptsFolder = "../../testdata/script"

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"oakum": func() {
			os.Exit(cli.Main(context.Background(), os.Args, os.Environ(), cli.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
		},
	})
}

func TestScripts(t *testing.T) {
	stories, err := filepath.Glob(scriptsFolder + "/*.txtar")
	if err != nil || len(stories) == 0 {
		t.Fatalf("no stories in %s (%v): this test tests nothing", scriptsFolder, err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 scriptsFolder,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("OAKUM_STATE_DIR", filepath.Join(e.WorkDir, ".state"))
			e.Setenv("HOME", filepath.Join(e.WorkDir, ".home"))
			e.Setenv("GIT_CONFIG_NOSYSTEM", "1")
			e.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
			for _, who := range []string{"AUTHOR", "COMMITTER"} {
				e.Setenv("GIT_"+who+"_NAME", "Ann Example")
				e.Setenv("GIT_"+who+"_EMAIL", "ann@example.org")
				e.Setenv("GIT_"+who+"_DATE", "2024-03-01T12:00:00Z")
			}
			e.Values["values"] = &[]string{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"render":      render,
			"novalue":     noValue,
			"git":         git,
			"code":        code,
			"oversized":   oversized,
			"flip":        flip,
			"remove":      remove,
			"bidi":        bidi,
			"fingerprint": fingerprint,
		},
	})
}

// action is a call in a leaktest template.
var action = regexp.MustCompile(`\{\{[^}]*\}\}`)

// render SEED TEMPLATE OUT writes what leaktest makes of a template, and
// remembers the values, so that novalue can look for them.
func render(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: render SEED TEMPLATE OUT")
	}
	seed, err := strconv.ParseUint(args[0], 10, 64)
	ts.Check(err)
	marked := action.ReplaceAllString(ts.ReadFile(args[1]), "\x00$0\x01")
	text, err := leaktest.Render(seed, marked)
	ts.Check(err)
	values := ts.Value("values").(*[]string)
	for _, piece := range strings.Split(text, "\x00")[1:] {
		if value, _, _ := strings.Cut(piece, "\x01"); len(value) >= 8 {
			*values = append(*values, value)
		}
	}
	out := ts.MkAbs(args[2])
	ts.Check(os.MkdirAll(filepath.Dir(out), 0o755))
	ts.Check(os.WriteFile(out, []byte(strings.NewReplacer("\x00", "", "\x01", "").Replace(text)), 0o644))
}

// noValue FILE... checks that none of the files (stdout and stderr are two) has
// a value that render made, nor a large part of one.
func noValue(ts *testscript.TestScript, neg bool, args []string) {
	values := *ts.Value("values").(*[]string)
	if neg || len(args) == 0 || len(values) == 0 {
		ts.Fatalf("usage: novalue FILE..., after render made values")
	}
	for _, name := range args {
		text := ts.ReadFile(name)
		for _, v := range values {
			part := v[len(v)/3 : len(v)-len(v)/4]
			if strings.Contains(text, part) {
				ts.Fatalf("%s shows a value", name)
			}
		}
	}
}

// git runs the real one, with the identity and dates that Setup gave.
func git(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec("git", append([]string{"-c", "init.defaultBranch=main"}, args...)...)
	if (err != nil) != neg {
		ts.Fatalf("git %s: %v", args[0], err)
	}
}

// code N COMMAND... checks the exit code, which exec alone does not tell.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := err.(*exec.ExitError); ok {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// oversized SIZE FILE makes a sparse file of so many bytes.
func oversized(ts *testscript.TestScript, _ bool, args []string) {
	size, err := strconv.ParseInt(args[0], 10, 64)
	ts.Check(err)
	f, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	ts.Check(f.Truncate(size))
	ts.Check(f.Close())
}

// flip FILE cuts the last third off the only file that matches a pattern.
func flip(ts *testscript.TestScript, _ bool, args []string) {
	found, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(found) != 1 {
		ts.Fatalf("%s: %d files", args[0], len(found))
	}
	info, err := os.Stat(found[0])
	ts.Check(err)
	ts.Check(os.Chmod(found[0], 0o644))
	ts.Check(os.Truncate(found[0], info.Size()*2/3))
}

// remove FILE removes all files that match a pattern; rm knows none.
func remove(ts *testscript.TestScript, _ bool, args []string) {
	found, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(found) == 0 {
		ts.Fatalf("%s: no files", args[0])
	}
	for _, f := range found {
		ts.Check(os.Remove(f))
	}
}

// bidi FROM FOLDER moves a file into a folder under a name that a terminal
// would show in another order than it is.
func bidi(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.Rename(ts.MkAbs(args[0]), filepath.Join(ts.MkAbs(args[1]), "a\u202egpj.env\nb")))
}

// fingerprint FILE sets $ID, $ID2, … to the ids of a report's findings.
func fingerprint(ts *testscript.TestScript, _ bool, args []string) {
	ids := regexp.MustCompile(`"id": "((?:v1|p1)\.[0-9a-f.]+)"`).FindAllStringSubmatch(ts.ReadFile(args[0]), -1)
	if len(ids) == 0 {
		ts.Fatalf("%s has no finding", args[0])
	}
	for i, id := range ids {
		name := "ID"
		if i > 0 {
			name = fmt.Sprintf("ID%d", i+1)
		}
		ts.Setenv(name, id[1])
	}
}
