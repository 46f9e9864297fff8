package cli_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
)

// oakum runs the command line in this process.
func oakum(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, words bytes.Buffer
	env := append(os.Environ(), "OAKUM_STATE_DIR="+t.TempDir())
	code = cli.Main(t.Context(), append([]string{"oakum"}, args...), env, cli.Stdio{In: strings.NewReader(""), Out: &out, Err: &words})
	return code, out.String(), words.String()
}

// TestHidingPlacesEndToEnd: whatever place git has for a secret, the report
// names it there, once, and says how it can be reached.
func TestHidingPlacesEndToEnd(t *testing.T) {
	h := newHideout(t)
	if len(h.values) < 40 {
		t.Fatalf("%d secrets are hidden, too few", len(h.values))
	}
	code, out, words := oakum(t, "scan", "--format", "json", h.dir)
	if code != 1 {
		t.Fatalf("exit code %d; stderr: %s", code, words)
	}
	var doc report.Document
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatal(err)
	}
	byID := map[string]*leak.Finding{}
	for _, f := range doc.Findings {
		byID[f.ID] = f
	}
	for place, value := range h.values {
		f := byID[leak.Identify("github-pat", leak.NewSecret([]byte(value)), true, "", nil)]
		if f == nil {
			t.Errorf("%s: not found", place)
			continue
		}
		if told := sightings(f); !told[h.want[place]] {
			t.Errorf("%s: want %q, told are %v", place, h.want[place], told)
		}
	}
	if len(doc.Findings) != len(h.values) {
		t.Errorf("%d findings of %d secrets", len(doc.Findings), len(h.values))
	}
	gaps := map[string]int{}
	for _, g := range doc.Gaps {
		gaps[g.Code]++
	}
	if gaps[leak.GapLFS] != 1 || gaps[leak.GapSubmodule] != 1 || len(doc.Gaps) != 2 {
		t.Errorf("gaps are %v, want one of LFS and one of a submodule", gaps)
	}
}

// sightings are kind, reach and path of all places where a finding was seen.
func sightings(f *leak.Finding) map[string]bool {
	told := map[string]bool{}
	for _, s := range append([]leak.Sighting{f.Sighting}, f.Also...) {
		path := ""
		switch p := s.Place.(type) {
		case leak.File, leak.GitBlob:
			path = p.Path()
		}
		if strings.Contains(path, leak.Redacted) {
			path = "redacted"
		}
		told[s.Place.Kind()+" "+s.Reach.String()+" "+path] = true
	}
	return told
}

// forms are the ways in which a value could still be read.
func forms(v string) []string {
	raw := []byte(v)
	forms := []string{v, hex.EncodeToString(raw), url.QueryEscape(v), strings.ToUpper(v), strings.ToLower(v),
		v[4:20], v[20:], base64.StdEncoding.EncodeToString(raw[:len(raw)-1])[:24]}
	var percent strings.Builder
	for _, c := range raw {
		percent.WriteString("%" + hex.EncodeToString([]byte{c}))
	}
	return append(forms, percent.String())
}

// TestNoValueInAnyOutput looks for every hidden value, in every form, in all
// that oakum writes about the repository, when all goes well and when it does not.
func TestNoValueInAnyOutput(t *testing.T) {
	h := newHideout(t)
	runs := [][]string{{"explain", "nothing", h.dir}, {"scan", "--range", "nope..HEAD", h.dir}, {"scan", "--bogus", h.dir}, {"trust", h.dir},
		{"hook", "install", "--bogus", h.dir}, {"scan", "--config", filepath.Join(h.dir, ".git/config"), h.dir},
		{"scan", "--baseline", filepath.Join(h.dir, "untracked.env"), h.dir}, {"scan", "--allow-file", filepath.Join(h.dir, "untracked.env"), h.dir},
		{"report", filepath.Join(h.dir, "untracked.env")}, {"rules", "test", filepath.Join(h.dir, "untracked.env")}}
	for _, format := range []string{"text", "json", "jsonl", "sarif"} {
		for _, what := range [][]string{{"scan", h.dir}, {"scan", "dir", h.dir}, {"scan", "--staged", h.dir}, {"scan", "--since", "main~3", h.dir}} {
			runs = append(runs, append(what, "--format", format, "--show-suppressed"))
		}
	}
	searched := 0
	for _, args := range runs {
		_, out, words := oakum(t, args...)
		searched += len(out)
		h.wantNoValue(strings.Join(args, " "), out, words)
	}
	if searched < 100_000 {
		t.Errorf("%d bytes were searched: the runs reported next to nothing", searched)
	}
	h.damage()
	_, out, words := oakum(t, "scan", h.dir)
	if !strings.Contains(out, "incomplete") {
		t.Error("the damage is not told")
	}
	h.wantNoValue("a damaged repository", out, words)
}

func (h *hideout) wantNoValue(what string, texts ...string) {
	h.t.Helper()
	for place, v := range h.values {
		for i, form := range forms(v) {
			for _, text := range texts {
				if strings.Contains(text, form) {
					h.t.Errorf("%s shows the value of %s in form %d", strings.ReplaceAll(what, v, leak.Redacted), place, i)
				}
			}
		}
	}
}

// damage cuts the pack and a loose object and garbles the index.
func (h *hideout) damage() {
	h.t.Helper()
	packs, err := filepath.Glob(filepath.Join(h.dir, ".git/objects/pack/*.pack"))
	if err != nil || len(packs) != 1 {
		h.t.Fatalf("%d packs, %v", len(packs), err)
	}
	for _, name := range []string{packs[0], filepath.Join(h.dir, ".git/index")} {
		info, err := os.Stat(name)
		if err != nil {
			h.t.Fatal(err)
		}
		if err := os.Chmod(name, 0o644); err != nil {
			h.t.Fatal(err)
		}
		if err := os.Truncate(name, info.Size()/2); err != nil {
			h.t.Fatal(err)
		}
	}
}

// TestSameBytes: one worker and eight write the same report.
func TestSameBytes(t *testing.T) {
	h := newHideout(t)
	compared := 0
	for _, format := range []string{"text", "json", "jsonl", "sarif"} {
		for _, what := range [][]string{{"scan"}, {"scan", "dir"}, {"scan", "git"}, {"scan", "--staged"}} {
			var outs []string
			for _, jobs := range []string{"1", "8", "3"} {
				_, out, _ := oakum(t, append(what, "--jobs", jobs, "--format", format, h.dir)...)
				outs = append(outs, out)
			}
			if outs[0] != outs[1] || outs[0] != outs[2] {
				t.Errorf("%v --format %s differs with the number of workers", what, format)
			}
			if len(outs[0]) > 1000 {
				compared++
			}
		}
	}
	if compared < 12 {
		t.Errorf("%d reports had anything in them", compared)
	}
}
