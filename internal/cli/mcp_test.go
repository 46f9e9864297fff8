package cli_test

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

//lint:file-ignore SA1019 clients say by roots which folders are theirs, as long as they speak the protocol's versions before 2026-07-28 and a year on (SEP-2577); a person's `oakum mcp FOLDER` does without

// project is a folder with a key in it, and the key.
func project(t *testing.T) (dir, key string) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	key = leaktest.Must(1, `{{github "ghp_"}}`)
	if err := os.WriteFile(filepath.Join(dir, "app.env"), []byte("A=1\nTOKEN="+key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, key
}

// overPipes connects a client of the SDK to the command in this process.
func overPipes(t *testing.T, opt *mcp.ClientOptions, roots []string, args ...string) *mcp.ClientSession {
	t.Helper()
	toServer, fromClient := io.Pipe()
	toClient, fromServer := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan int, 1)
	go func() {
		env := []string{"OAKUM_STATE_DIR=" + t.TempDir()}
		done <- cli.Main(ctx, append([]string{"oakum", "mcp"}, args...), env, cli.Stdio{In: toServer, Out: fromServer, Err: io.Discard})
	}()
	client := mcp.NewClient(&mcp.Implementation{Name: "test"}, opt)
	for _, r := range roots {
		client.AddRoots(&mcp.Root{URI: "file://" + filepath.ToSlash(r)})
	}
	session, err := client.Connect(ctx, &mcp.IOTransport{Reader: toClient, Writer: fromClient}, nil)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		session.Close()
		cancel()
		if code := <-done; code != 0 {
			t.Errorf("the server ended with %d", code)
		}
	})
	return session
}

// call calls a tool and reads its structured answer into out.
func call(t *testing.T, s *mcp.ClientSession, tool string, args map[string]any, out any) *mcp.CallToolResult {
	t.Helper()
	r, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: args})
	if err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	if !r.IsError && out != nil {
		b, err := json.Marshal(r.StructuredContent)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, out); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func words(r *mcp.CallToolResult) string {
	b, err := json.Marshal(r)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

type scanned struct {
	Verdict  string
	Complete bool
	Denied   int
	Findings []struct {
		ID, Rule, Place, Verdict string
		Line                     int
	}
}

func TestMCPTools(t *testing.T) {
	dir, key := project(t)
	s := overPipes(t, nil, nil, dir)
	tools, err := s.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, tool := range tools.Tools {
		names = append(names, tool.Name)
		if tool.OutputSchema == nil || tool.InputSchema == nil || tool.Description == "" || !tool.Annotations.ReadOnlyHint {
			t.Errorf("%s does not say what it takes and gives", tool.Name)
		}
	}
	slices.Sort(names)
	if want := []string{"explain", "rules_list", "rules_show", "scan"}; !slices.Equal(names, want) {
		t.Errorf("tools %v, want %v", names, want)
	}

	var found scanned
	r := call(t, s, "scan", map[string]any{"path": "."}, &found)
	if found.Verdict != "deny" || !found.Complete || found.Denied != 1 || len(found.Findings) != 1 || found.Findings[0].Rule != "github-pat" || found.Findings[0].Line != 2 || found.Findings[0].Place != "app.env" {
		t.Errorf("%s", words(r))
	}
	answers := words(r)
	var told struct{ Text string }
	answers += words(call(t, s, "explain", map[string]any{"path": "app.env", "line": 2}, &told))
	if !strings.Contains(told.Text, "github-pat, proven") {
		t.Errorf("explained as %q", told.Text)
	}
	answers += words(call(t, s, "explain", map[string]any{"rule": "github-pat"}, &told))
	if !strings.Contains(told.Text, "Rotate it first") {
		t.Errorf("explained as %q", told.Text)
	}
	if strings.Contains(answers, key[8:20]) {
		t.Error("an answer shows a value")
	}
	var list struct {
		Count int
		Rules []struct{ ID, What string }
	}
	call(t, s, "rules_list", map[string]any{"query": "stripe"}, &list)
	if list.Count == 0 || list.Count > 30 || len(list.Rules) != list.Count {
		t.Errorf("%d rules of stripe", list.Count)
	}
	var rule struct{ ID, Rotate, Severity string }
	if call(t, s, "rules_show", map[string]any{"id": "github-pat"}, &rule); rule.ID != "github-pat" || rule.Rotate == "" {
		t.Errorf("%+v", rule)
	}
	for _, bad := range []struct {
		tool string
		args map[string]any
	}{
		{"scan", map[string]any{"path": "nowhere"}},
		{"scan", map[string]any{"path": dir, "history": true, "staged": true}},
		{"scan", map[string]any{"path": dir, "history": true}}, // no repository
		{"scan", map[string]any{"path": dir, "min_proof": "sure"}},
		{"explain", map[string]any{"path": "app.env"}},
		{"explain", map[string]any{"path": "app.env", "line": 99}},
		{"explain", map[string]any{"rule": "no-such-rule"}},
		{"rules_show", map[string]any{"id": "no-such-rule"}},
	} {
		if r := call(t, s, bad.tool, bad.args, nil); !r.IsError {
			t.Errorf("%s %v: %s", bad.tool, bad.args, words(r))
		}
	}
}

// Nothing outside of the roots is opened, by whatever name.
func TestMCPRoots(t *testing.T) {
	dir, _ := project(t)
	outside, key := project(t)
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Skip(err)
	}
	refuses := func(t *testing.T, s *mcp.ClientSession, allowed string) {
		t.Helper()
		for _, path := range []string{outside, filepath.Join(outside, "app.env"), "link", "link/app.env", "..", "../" + filepath.Base(outside), filepath.Join(dir, "..")} {
			for tool, args := range map[string]map[string]any{"scan": {"path": path}, "explain": {"path": path, "line": 2}} {
				if r := call(t, s, tool, args, nil); !r.IsError || strings.Contains(words(r), key[8:20]) {
					t.Errorf("%s %s: %s", tool, path, words(r))
				}
			}
		}
		var found scanned
		if r := call(t, s, "scan", map[string]any{"path": allowed}, &found); found.Denied != 1 {
			t.Errorf("%s", words(r))
		}
	}
	t.Run("of the command line", func(t *testing.T) { refuses(t, overPipes(t, nil, []string{outside}, dir), dir) })
	t.Run("of the client", func(t *testing.T) { refuses(t, overPipes(t, nil, []string{dir}), dir) })
	t.Run("of the current folder", func(t *testing.T) {
		t.Chdir(dir)
		refuses(t, overPipes(t, &mcp.ClientOptions{Capabilities: &mcp.ClientCapabilities{}}, nil), ".")
	})
}

// The history of a repository is scanned where all of it lies below a root: not that of
// the repository around a root, nor one that a file .git leads to.
func TestMCPRepositories(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip(err)
	}
	top, key := project(t)
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command(git, append([]string{"-C", top, "-c", "user.name=Ann", "-c", "user.email=ann@example.org"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	run("init", "-q")
	run("add", ".")
	run("commit", "-qm", "one")
	inner := filepath.Join(top, "inner")
	led := filepath.Join(inner, "led")
	if err := os.MkdirAll(led, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(led, ".git"), []byte("gitdir: "+filepath.Join(top, ".git")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := overPipes(t, nil, nil, inner)
	for _, path := range []string{inner, led} {
		for _, what := range []string{"history", "staged"} {
			if r := call(t, s, "scan", map[string]any{"path": path, what: true}, nil); !r.IsError || strings.Contains(words(r), "github-pat") || strings.Contains(words(r), key[8:20]) {
				t.Errorf("%s of %s: %s", what, path, words(r))
			}
		}
	}
	var found scanned
	if r := call(t, overPipes(t, nil, nil, top), "scan", map[string]any{"path": top, "history": true}, &found); found.Denied != 1 {
		t.Errorf("%s", words(r))
	}
}

// A scan tells how far it is, and one that is cancelled ends.
func TestMCPProgressAndCancel(t *testing.T) {
	dir, _ := project(t)
	big := filepath.Join(dir, "big")
	if err := os.Mkdir(big, 0o755); err != nil {
		t.Fatal(err)
	}
	line := strings.Repeat("password = correct horse; token: nothing to see here 0123456789abcdef\n", 3000)
	for _, name := range strings.Fields("a b c d e f g h i j k l m n") {
		if err := os.WriteFile(filepath.Join(big, name), []byte(strings.Repeat(line, 20)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var steps atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	opt := &mcp.ClientOptions{ProgressNotificationHandler: func(context.Context, *mcp.ProgressNotificationClientRequest) {
		steps.Add(1)
		cancel() // the first word of it is enough
	}}
	s := overPipes(t, opt, nil, dir)
	params := &mcp.CallToolParams{Name: "scan", Arguments: map[string]any{"path": big}}
	params.SetProgressToken("p1")
	if r, err := s.CallTool(ctx, params); err == nil {
		t.Errorf("a cancelled call was answered: %.200s", words(r))
	}
	if steps.Load() == 0 {
		t.Error("no progress was told")
	}
	var found scanned // the server still answers
	if call(t, s, "scan", map[string]any{"path": "app.env"}, &found); found.Denied != 1 {
		t.Errorf("%+v", found)
	}
}

// The program itself, over its own stdin and stdout.
func TestMCPBinary(t *testing.T) {
	dir, key := project(t)
	cmd := exec.Command(binary(t), "mcp", dir)
	cmd.Env = append(os.Environ(), "OAKUM_STATE_DIR="+t.TempDir())
	client := mcp.NewClient(&mcp.Implementation{Name: "test"}, nil)
	s, err := client.Connect(t.Context(), &mcp.CommandTransport{Command: cmd}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var found scanned
	r := call(t, s, "scan", map[string]any{"path": dir}, &found)
	if found.Denied != 1 || strings.Contains(words(r), key[8:20]) {
		t.Errorf("%s", words(r))
	}
	if err := s.Close(); err != nil {
		t.Errorf("the server did not end with its client: %v", err)
	}
}
