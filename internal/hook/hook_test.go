package hook

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestManagers(t *testing.T) {
	for _, c := range []struct {
		file, name string
		typ        Type
		add        string
	}{
		{".husky/pre-commit", "husky", PrePush, `oakum hook run pre-push "$@"`},
		{"lefthook.yml", "lefthook", PreCommit, "run: oakum hook run pre-commit"},
		{".config/lefthook.yml", "lefthook", PrePush, "use_stdin: true"},
		{".pre-commit-config.yaml", "pre-commit", PreCommit, "id: oakum"},
		{".pre-commit-config.yaml", "pre-commit", CommitMsg, "stages: [commit-msg]"},
		{".pre-commit-config.yaml", "", PrePush, ""},
		{"README", "", PreCommit, ""},
	} {
		top := t.TempDir()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(top, c.file)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(top, c.file), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		m, found := FindManager(Repository{Top: top, Hooks: filepath.Join(top, ".git", "hooks")}, c.typ)
		if found != (c.name != "") || m.Name != c.name || !strings.Contains(m.Add, c.add) {
			t.Errorf("%s, %s: %+v", c.file, c.typ, m)
		}
	}
}

func TestReadUpdates(t *testing.T) {
	a, b, zero := strings.Repeat("a1", 20), strings.Repeat("b2", 32), strings.Repeat("0", 40)
	got, err := ReadReceive(strings.NewReader(a + " " + b + " refs/heads/x\n" + a + " " + zero + " refs/tags/y\n"))
	if err != nil || len(got) != 2 || got[0] != (Update{"refs/heads/x", a, b}) || got[1] != (Update{"refs/tags/y", a, ""}) || !got[1].Deletes() {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := ReadPush(strings.NewReader("")); err != nil || got != nil {
		t.Errorf("nothing pushed: %v, %v", got, err)
	}
	for _, bad := range []string{a + " " + b + "\n", a + " --upload-pack=x refs/heads/x\n", a + " abc refs/x\n", strings.Repeat("a", maxLine+1)} {
		if got, err := ReadReceive(strings.NewReader(bad)); err == nil {
			t.Errorf("%.60q gave %+v", bad, got)
		}
	}
}

func TestMessage(t *testing.T) {
	for in, want := range map[string]string{
		"subject\n\nbody\n": "subject\n\nbody\n",
		"subject\n# comment\n# ------------------------ >8 ------------------------\n-old\n": "subject\n# comment\n",
		"subject\r\n; ------------------------ >8 ------------------------\r\n-old\r\n":      "subject\r\n",
		"subject\n ------------------------ >8 ------------------------\nkept: no comment\n": "subject\n ------------------------ >8 ------------------------\nkept: no comment\n",
		"# ------------------------ >8 ------------------------ \nkept: more on the line":    "# ------------------------ >8 ------------------------ \nkept: more on the line",
		"": "",
	} {
		if got := string(Message([]byte(in))); got != want {
			t.Errorf("%q\ngave %q\nwant %q", in, got, want)
		}
	}
}
