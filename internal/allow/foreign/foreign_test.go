package foreign

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

// value and other are made up.
var (
	value = leaktest.Must(1, `{{github "ghp_"}}`)
	other = leaktest.Must(2, `{{github "ghp_"}}`)
)

func finding(path string, line int, v string) *leak.Finding {
	return &leak.Finding{Secret: leak.NewSecret([]byte(v)), Sighting: leak.Sighting{Place: leak.File{Name: path}, Line: line}}
}

// lists are the smallest files of each format that tell of value on line 3 of
// d/a.env; place tells that they do not know the value.
func lists() map[string]struct {
	text  string
	place bool
} {
	type list = struct {
		text  string
		place bool
	}
	sum := sha256.Sum256([]byte(value))
	all := map[string]list{
		"gitleaksignore":      {"\ufeff# x\r\nd\\a.env:rule:3\r\n", true},
		"gitleaks":            {`[{"RuleID":"r","File":"d/a.env","StartLine":3,"EndLine":3,"Secret":"` + value + `","Commit":""}]`, false},
		"trufflehog":          {`{"SourceMetadata":{"Data":{"Filesystem":{"file":"d/a.env","line":3}}},"DetectorName":"Github","Raw":"` + value + `"}` + "\n" + `{"level":"info","msg":"done"}`, false},
		"kingfisher":          {`{"findings":[{"rule":{"id":"r"},"finding":{"snippet":"` + value + `","path":"d/a.env","line":3}}],"metadata":{}}`, false},
		"kingfisher-baseline": {"ExactFindings:\n  matches:\n  - filepath: d/a.env\n    fingerprint: '1'\n    linenum: 3\n", true},
		"betterleaksignore":   {"# x\n" + hex.EncodeToString(sum[:]) + "\n", false},
	}
	return all
}

func TestFormats(t *testing.T) {
	seen := 0
	for format, list := range lists() {
		seen++
		for _, told := range []string{"", format} {
			records, got, err := Read("list", []byte(list.text), told)
			if err != nil || got != format || len(records) != 1 {
				t.Errorf("%s: %d records of %q, %v", format, len(records), got, err)
				continue
			}
			r := records[0]
			if !r.SamePath("d/a.env", "") || r.KnowsValue() == list.place {
				t.Errorf("%s: %+v", format, r)
			}
			if r.Line != 0 && (!r.SameLine(finding("d/a.env", 3, "")) || r.SameLine(finding("d/a.env", 4, ""))) {
				t.Errorf("%s: it is on line %d", format, r.Line)
			}
			if !list.place && (!r.SameValue(finding("", 0, value)) || r.SameValue(finding("", 0, other)) || r.SameValue(finding("", 0, ""))) {
				t.Errorf("%s: its value is another", format)
			}
			if strings.Contains(fmt.Sprintf("%v %+v %#v", r, r, r), value) {
				t.Errorf("%s: a record shows its value", format)
			}
		}
	}
	if seen != len(Formats())-1 { // detect-secrets is in TestDetectSecrets
		t.Errorf("%d formats of %v", seen, Formats())
	}
}

func TestDetectSecrets(t *testing.T) {
	const text = `{"version":"1.5.0","plugins_used":[],"results":{
		"b.pem":[{"type":"Private Key","hashed_secret":"be4fc4886bd949b369d5e092eb87494f12e57e5b","line_number":1}],
		"a.env":[{"type":"Secret Keyword","hashed_secret":"5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8","line_number":3}]}}`
	records, format, err := Read("base", []byte(text), "")
	if err != nil || format != "detect-secrets" || len(records) != 2 {
		t.Fatalf("%+v, %s, %v", records, format, err)
	}
	// SHA-1 of the word that most passwords are.
	if r := records[0]; r.Path != "a.env" || !r.SameValue(finding("", 0, "pass"+"word")) || r.SameValue(finding("", 0, "passwore")) {
		t.Errorf("%+v", r)
	}
	if r := records[1]; r.KnowsValue() || !r.SameLine(finding("b.pem", 1, "")) {
		t.Errorf("a private key's hash is that of its head: %+v", r)
	}
}

func TestSamePath(t *testing.T) {
	for _, c := range []struct {
		path, name, base string
		want             bool
	}{
		{"a.env", "a.env", "", true}, {"./a.env", "a.env", "", true}, {"sub/a.env", "a.env", "sub", true}, {"sub/a.env", "a.env", "", false},
		{"/build/x/sub/a.env", "sub/a.env", "", true}, {"/build/xa.env", "a.env", "", false}, {"x.zip!in/a.env", "x.zip!/in/a.env", "", true},
		{"", "any", "", true}, {"b.env", "a.env", "", false}, {"/x", "", "", false},
	} {
		if got := (Record{Path: c.path}).SamePath(c.name, c.base); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// A value that holds ours whole is the same: tools cut URLs and blocks differently.
func TestWiderValues(t *testing.T) {
	r := Record{values: []leak.Secret{leak.NewSecret([]byte("postgres://ann:" + value + "@db.example.org/x"))}}
	if !r.SameValue(finding("", 0, value)) || r.SameValue(finding("", 0, other)) || r.SameValue(finding("", 0, "ann")) {
		t.Error("the password in a URL")
	}
	pair := finding("", 0, other)
	pair.Parts = []leak.Part{{Secret: leak.NewSecret([]byte(value))}}
	if !(Record{values: []leak.Secret{leak.NewSecret([]byte(value))}}).SameValue(pair) {
		t.Error("the second part of a pair")
	}
}

func TestRefused(t *testing.T) {
	for name, text := range map[string]string{
		"words": "hello " + value, "env": "TOKEN=" + value, "object": `{"token":"` + value + `"}`, "array": `["` + value + `"]`,
		"broken": `[{"RuleID":"x","File":"` + value, "types": `[{"RuleID":["` + value + `"],"File":"a","StartLine":1}]`,
		"yaml": "fingerprint_algorithm: kingfisher-v1\nrepositories: " + value, "line": "a:b:1\n" + value + "\n",
	} {
		if _, _, err := Read(name, []byte(text), ""); err == nil {
			t.Errorf("%s is read", name)
		} else if strings.Contains(err.Error(), value) || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := Read("x", nil, "nothing"); err == nil || !strings.Contains(err.Error(), "gitleaksignore") {
		t.Errorf("an unknown format: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	for _, l := range lists() {
		f.Add(l.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		records, format, err := Read("f", []byte(text), "")
		if err == nil && format == "" {
			t.Error("read, and of no format")
		}
		for _, r := range records {
			_, _, _ = r.String(), r.SameLine(finding("a", 1, "x")), r.SameValue(finding("a", 1, value))
		}
	})
}
