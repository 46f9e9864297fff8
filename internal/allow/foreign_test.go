package allow

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
)

func TestForeign(t *testing.T) {
	value := strings.Repeat("sixteen bytes of", 2)
	report, err := json.Marshal([]map[string]any{
		{"RuleID": "a", "File": "whole.env", "StartLine": 1, "Secret": value},
		{"RuleID": "b", "File": `dir\redacted.env`, "StartLine": 7, "Secret": "REDACTED"},
		{"RuleID": "c", "File": "cut.env", "StartLine": 2, "Secret": value[:8] + "..."},
		{"RuleID": "d", "File": "gone.env", "StartLine": 3, "Secret": value},
	})
	if err != nil {
		t.Fatal(err)
	}
	g, err := ParseForeign("base.json", report, "")
	if err != nil {
		t.Fatal(err)
	}
	at := func(path string, line int, v string) *leak.Finding {
		f := finding(idA, "ours", path, line)
		f.Secret = leak.NewSecret([]byte(v))
		return f
	}
	for name, c := range map[string]struct {
		f    *leak.Finding
		want bool
	}{
		"its value, moved":       {at("whole.env", 9, value), true},
		"another value there":    {at("whole.env", 1, "another"), false},
		"its value elsewhere":    {at("other.env", 1, value), false},
		"no value, file known":   {at("whole.env", 1, ""), false},
		"redacted, its line":     {at("dir/redacted.env", 7, "anything"), true},
		"redacted, another line": {at("dir/redacted.env", 8, "anything"), false},
		"cut, its line":          {at("cut.env", 2, value), true},
	} {
		c.f.ID = name // each is another value
		if got := g.Match(c.f) != nil; got != c.want {
			t.Errorf("%s: suppressed %v, want %v", name, got, c.want)
		}
	}
	if g.Match(finding("redacted, its line", "ours", "dir/redacted.env", 70)) == nil {
		t.Error("a value that was accepted on its line is not on another one, in another version")
	}
	if got := g.Unused(); len(got) != 1 || got[0] != "base.json: gone.env:3 (d)" {
		t.Errorf("unused %v", got)
	}
	if _, err := ParseForeign("base.json", []byte("{"), ""); err == nil || !strings.HasPrefix(err.Error(), "base.json: ") {
		t.Errorf("error %v", err)
	}
}
