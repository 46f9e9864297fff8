package cli

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/leak/leaktest"
)

// dialers counts who dials, and lets nobody through.
type dialers struct {
	mu    sync.Mutex
	addrs []string
}

func (d *dialers) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if strings.HasPrefix(addr, "127.0.0.1:") {
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.addrs = append(d.addrs, addr)
	return nil, errors.New("this test has no network")
}

// run runs one command with a dialer that fails.
func (d *dialers) run(t *testing.T, in string, args ...string) {
	t.Helper()
	d.runWith(t, nil, in, args...)
}

// runWith is run in an environment of the caller's; where that is nil, in an empty
// one. Addresses of this machine, where a test's own server listens, can be dialled.
func (d *dialers) runWith(t *testing.T, env map[string]string, in string, args ...string) (out string, code int) {
	t.Helper()
	if env == nil {
		env = map[string]string{"HOME": t.TempDir(), "XDG_STATE_HOME": t.TempDir()}
	}
	var stdout, stderr bytes.Buffer
	a := &app{Stdio: Stdio{In: strings.NewReader(in), Out: &stdout, Err: &stderr}, program: itself(), env: env, dial: d.dial}
	root := a.rootCommand()
	root.SetArgs(args)
	code = a.exitCode(root.ExecuteContext(t.Context()))
	return stdout.String() + stderr.String(), code
}

// TestOnlyVerifyDials runs every command over a folder that has credentials with
// live checks: none but verify dials, and that only the hosts of the rules that
// found something.
func TestOnlyVerifyDials(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "app.env")
	text := leaktest.Must(1, "TOKEN={{github \"ghp_\"}}\nNPM={{npm}}\naws_access_key_id={{awsID \"AKIA\"}}\naws_secret_access_key={{awsSecret}}\n")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if git, err := exec.LookPath("git"); err == nil {
		if out, err := exec.Command(git, "init", "-q", dir).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	report := filepath.Join(dir, "report.json")
	offline := [][]string{
		{"scan", dir}, {"scan", "dir", dir}, {"scan", "git", dir}, {"scan", "stdin"}, {"scan", "--format", "json", "-o", report, file},
		{"rules", "list"}, {"rules", "show", "github-pat"}, {"rules", "test", file}, {"rules", "endpoints"},
		{"explain", "github-pat"}, {"baseline", file}, {"trust", dir}, {"report", "convert", report}, {"version"},
		{"init", dir, "--yes"}, {"mcp", dir}, {"triage", report}, {"hook", "run", "agent"}, {"hook", "install", "agent", "claude", "--dir", dir},
		{"hook", "install", dir}, {"hook", "uninstall", dir}, {"allow", "--help"}, {"hook", "run", "--help"},
	}
	d := &dialers{}
	for _, args := range offline {
		d.run(t, text, args...)
	}
	if len(d.addrs) > 0 {
		t.Errorf("dialled: %q", d.addrs)
	}
	every := (&app{program: itself()}).rootCommand().Commands()
	if tried := triedCommands(offline); len(tried) < 9 {
		t.Errorf("only %q were tried of %d commands", tried, len(every))
	}
	d.run(t, "", "verify", file)
	slices.Sort(d.addrs)
	if want := []string{"api.github.com:443", "registry.npm" + "js.org:443", "sts.amazonaws.com:443"}; !slices.Equal(slices.Compact(d.addrs), want) {
		t.Errorf("verify dialled %q, want %q", d.addrs, want)
	}
	d.addrs = nil
	d.run(t, "", "scan", "--verify", dir)
	if len(d.addrs) != 3 {
		t.Errorf("scan --verify dialled %q", d.addrs)
	}
	onlyVerifyOffersIt(t, (&app{program: itself()}).rootCommand())
}

func triedCommands(runs [][]string) []string {
	var names []string
	for _, args := range runs {
		if !slices.Contains(names, args[0]) {
			names = append(names, args[0])
		}
	}
	return names
}

// onlyVerifyOffersIt: no hook and no other command has a flag that would dial.
func onlyVerifyOffersIt(t *testing.T, c *cobra.Command) {
	t.Helper()
	seen := 0
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		seen++
		path := c.CommandPath()
		has := c.Flag("verify") != nil || c.Flag("verify-endpoint") != nil
		if may := strings.HasPrefix(path, "oakum scan") || path == "oakum verify"; has && !may {
			t.Errorf("%s has a flag that dials", path)
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(c)
	if seen < 20 {
		t.Errorf("%d commands", seen)
	}
}
