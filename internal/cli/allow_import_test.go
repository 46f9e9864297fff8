package cli_test

import (
	"crypto/sha1" //nolint:gosec // detect-secrets' choice
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
)

// spot is a secret of the house, as any tool would report it.
type spot struct {
	File  string
	Line  int
	Value string
}

// spots finds the values of a house: what stands in quotes or behind a mark, on
// the line that has them.
func (h *house) spots() (all []spot) {
	h.t.Helper()
	for _, at := range []struct {
		file    string
		pattern string
	}{
		{".env", `GITHUB_TOKEN=(\S+)`}, {".env", `DB_PASSWORD=(\S+)`}, {"main.go", `:= "([^"]+)"`},
		{"config/database.yaml", `password: (\S+)`}, {"config/settings.json", `"smtp_password": "([^"]+)"`},
	} {
		text := h.read(at.file)
		m := regexp.MustCompile(at.pattern).FindStringSubmatchIndex(text)
		if m == nil {
			h.t.Fatalf("%s has no %s", at.file, at.pattern)
		}
		all = append(all, spot{at.file, 1 + strings.Count(text[:m[2]], "\n"), text[m[2]:m[3]]})
	}
	return all
}

func object(h *house, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		h.t.Fatal(err)
	}
	return string(b)
}

func sha1Hex(s string) string {
	sum := sha1.Sum([]byte(s)) //nolint:gosec // see above
	return hex.EncodeToString(sum[:])
}

// foreignLists write what each tool would for the house, in the shape of its
// own files.
var foreignLists = map[string]func(h *house, spots []spot) string{
	"gitleaksignore": func(h *house, spots []spot) string {
		head := h.git("rev-parse", "HEAD")
		lines := []string{"# accepted"}
		for i, s := range spots {
			line := fmt.Sprintf("%s:generic-api-key:%d", s.File, s.Line)
			if i%2 == 1 {
				line = head + ":" + line
			}
			lines = append(lines, line)
		}
		return strings.Join(lines, "\n")
	},
	"gitleaks": func(h *house, spots []spot) string {
		var all []any
		for i, s := range spots {
			secret := s.Value
			if i%2 == 1 {
				secret = "REDACTED"
			}
			all = append(all, map[string]any{"RuleID": "generic-api-key", "Description": "", "StartLine": s.Line, "EndLine": s.Line, "Match": secret,
				"Secret": secret, "File": s.File, "Commit": "", "Entropy": 4.5, "Tags": []string{}, "Fingerprint": s.File + ":x:1"})
		}
		return object(h, all)
	},
	"detect-secrets": func(h *house, spots []spot) string {
		results := map[string][]any{}
		for _, s := range spots {
			results[s.File] = append(results[s.File], map[string]any{"type": "Secret Keyword", "filename": s.File, "hashed_secret": sha1Hex(s.Value), "is_verified": false, "line_number": s.Line})
		}
		return object(h, map[string]any{"version": "1.5.0", "plugins_used": []any{map[string]any{"name": "KeywordDetector"}}, "filters_used": []any{}, "results": results, "generated_at": "2026-01-01T00:00:00Z"})
	},
	"trufflehog": func(h *house, spots []spot) string {
		var lines []string
		for i, s := range spots {
			data := map[string]any{"Git": map[string]any{"commit": h.git("rev-parse", "HEAD"), "file": s.File, "line": s.Line, "email": "Ann <ann@example.org>"}}
			if i%2 == 1 {
				data = map[string]any{"Filesystem": map[string]any{"file": filepath.ToSlash(filepath.Join(h.dir, s.File)), "line": s.Line}}
			}
			lines = append(lines, object(h, map[string]any{"SourceMetadata": map[string]any{"Data": data}, "SourceID": 1, "SourceType": 16, "DetectorType": 8,
				"DetectorName": "Github", "DecoderName": "PLAIN", "Verified": false, "Raw": s.Value, "RawV2": "", "Redacted": "", "ExtraData": nil}))
		}
		return strings.Join(lines, "\n")
	},
	"kingfisher": func(h *house, spots []spot) string {
		var lines []string
		for i, s := range spots {
			snippet := s.Value
			if i%2 == 1 {
				snippet = "[REDACTED:0123abcd]"
			}
			lines = append(lines, object(h, map[string]any{"rule": map[string]any{"name": "x", "id": "kingfisher.generic.1"},
				"finding": map[string]any{"snippet": snippet, "fingerprint": "11478829858587571777", "line": s.Line, "path": "./" + s.File}}))
		}
		return strings.Join(append(lines, `{"findings":5,"rules_applied":488}`), "\n")
	},
	"kingfisher-baseline": func(_ *house, spots []spot) string {
		var b strings.Builder
		b.WriteString("version: 2\nfingerprint_algorithm: kingfisher-v1\nrepositories:\n- id: git://example.org/house\n  findings:\n")
		for _, s := range spots {
			fmt.Fprintf(&b, "  - path: %s\n    fingerprint: '11478829858587571777'\n    rule_id: kingfisher.generic.1\n    line: %d\n    first_seen_at: 2026-11-24T02:34:19.277006268+00:00\n", s.File, s.Line)
		}
		return b.String()
	},
	"betterleaksignore": func(_ *house, spots []spot) string {
		var lines []string
		for _, s := range spots {
			sum := sha256.Sum256([]byte(s.Value))
			lines = append(lines, hex.EncodeToString(sum[:]))
		}
		return strings.Join(lines, "\n") + "\n"
	},
}

// Each tool's list becomes entries for all that it accepts, whether its format is
// told or seen; what it does not accept stays denied.
func TestAllowImport(t *testing.T) {
	for format, list := range foreignLists {
		for _, told := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/told %v", format, told), func(t *testing.T) {
				h := newHouse(t)
				spots := h.spots()
				outside := t.TempDir()
				in, out := filepath.Join(outside, "list"), filepath.Join(outside, "out.allow")
				text := list(h, spots[:4]) // the last one was never accepted
				if err := os.WriteFile(in, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
				args := []string{"allow", "import", in, "--file", out, "--owner", "ann"}
				if told {
					args = append(args, "--format", format)
				}
				said, _ := h.want(0, args...)
				if !strings.Contains(said, "imported 4 of 4 entries: 4 new findings") {
					t.Errorf("it says %s", said)
				}
				entries, err := os.ReadFile(out)
				if err != nil {
					t.Fatal(err)
				}
				if n := strings.Count(string(entries), "owner=ann  reason=\"imported from "); n != 4 {
					t.Errorf("%d entries:\n%s", n, entries)
				}
				for _, s := range spots {
					if strings.Contains(string(entries)+said, s.Value) {
						t.Error("a value is shown")
					}
				}
				c := h.count("--allow-file", out)
				if c.Counts.Denied != 1 || c.Counts.Suppressed != 4 {
					t.Errorf("%+v, want the four suppressed", c.Counts)
				}
				said, _ = h.want(0, args...)
				if !strings.Contains(said, "imported 4 of 4 entries: 0 new findings") {
					t.Errorf("again it says %s", said)
				}
			})
		}
	}
}

// What cannot be imported is told, entry by entry, and never silently taken.
func TestAllowImportTellsWhatItLeaves(t *testing.T) {
	h := newHouse(t)
	outside := t.TempDir()
	in, out := filepath.Join(outside, ".gitleaksignore"), filepath.Join(outside, "out.allow")
	put := func(text string) {
		t.Helper()
		if err := os.WriteFile(in, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("README.md:generic-api-key:1\n.env:github-pat:2\nnowhere.env:x:9\n")
	said, _ := h.want(0, "allow", "import", in, "--file", out)
	for _, want := range []string{"imported 1 of 3 entries", ":1: README.md:1 (generic-api-key): oakum finds nothing there", ":3: nowhere.env:9 (x): oakum finds nothing there"} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
	put(strings.Repeat("ab", 20) + ":.env:github-pat:2\n")
	said, words := h.want(3, "allow", "import", in, "--file", out)
	if !strings.Contains(said, "its commit is not in this repository") || !strings.Contains(words, "import where the whole history is") {
		t.Errorf("it says %s%s", said, words)
	}
	typed := leaktest.Must(5, `{{github "ghp_"}}`)
	for name, text := range map[string]string{"lines": "a b c " + typed, "json": `{"a": "` + typed + `"`, "array": `[{"RuleID": 1, "File": "` + typed + `", "StartLine": 1}]`} {
		put(text)
		if said, words := h.want(2, "allow", "import", in, "--file", out); strings.Contains(said+words, typed) {
			t.Errorf("%s: the message quotes the file: %s%s", name, said, words)
		}
	}
	h.want(2, "allow", "import", in, "--format", "nothing", "--file", out)
	h.want(2, "allow", "import")
	h.want(2, "allow", "import", filepath.Join(outside, "missing"), "--file", out)
}

// The list of a file that lies there since before the file moved, or before lines
// came, is about the value that stood there then.
func TestAllowImportOfOldPlaces(t *testing.T) {
	h := newHouse(t)
	spots := h.spots()
	head := h.git("rev-parse", "HEAD")
	h.edit(".env", func(s string) string { return "A=1\nB=2\nC=3\n" + s })
	h.git("mv", "main.go", "connect.go")
	h.commit("later")
	in, out := filepath.Join(t.TempDir(), "list"), filepath.Join(t.TempDir(), "out.allow")
	text := fmt.Sprintf("%s:%s:generic-api-key:%d\n%s:main.go:x:%d\n", head, spots[1].File, spots[1].Line, head, spots[2].Line)
	if err := os.WriteFile(in, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	h.want(0, "allow", "import", in, "--file", out)
	// The password of main.go is two findings: in the history there, in connect.go now.
	if c := h.count("--allow-file", out); c.Counts.Suppressed != 3 || c.Counts.Denied != 3 {
		t.Errorf("%+v, want the two suppressed where they were and are, and the other three denied", c.Counts)
	}
}
