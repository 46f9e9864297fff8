package leak_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

// places has each kind of Place at least once.
var places = []leak.Place{
	leak.File{Name: "a/b.env"},
	leak.File{Name: "a.zip", Inner: leak.Inner{"b.tar", "c.env"}},
	leak.Stdin{},
	leak.Stdin{Inner: leak.Inner{"x"}},
	leak.GitBlob{Repo: "sub", Blob: "0123456789abcdef", Commit: "fedcba9876543210", Name: "a/b.env", Inner: leak.Inner{"c"}},
	leak.GitBlob{Blob: "01"},
	leak.GitMessage{Object: "0123456789abcdef", What: "note", Ref: "refs/notes/commits"},
	leak.ImageFile{Image: "app:1", Layer: "sha256:00", Name: "etc/x"},
	leak.ImageConfig{Image: "app:1", Field: "config.Env[3]"},
	leak.Variable{Scope: "env", Name: "TOKEN"},
	leak.JobLog{Scope: "github:org/repo", Job: "17"},
	leak.JobLog{Scope: "github:org/repo", Job: "CI", Run: "42.1", Artifact: "dist", Inner: leak.Inner{"a.env"}},
	leak.ObjectField{File: "a.yaml", Object: "v1/Pod", Namespace: "n", Name: "p", Field: "spec.x", Inner: leak.Inner{"y"}},
}

// Every kind there is must be among places: they are counted in the source.
func TestPlacesAreAllKinds(t *testing.T) {
	source, err := os.ReadFile("place.go")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, p := range places {
		kinds[p.Kind()] = true
	}
	if n := bytes.Count(source, []byte(") place() ")); n != len(kinds) || n < 9 {
		t.Errorf("%d kinds are tested, %d exist", len(kinds), n)
	}
}

func TestPlaceRoundTrip(t *testing.T) {
	for _, p := range places {
		b, err := json.Marshal(leak.Sighting{Place: p, Reach: leak.Reflog, Line: 1})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(b, []byte(`{"place":{"kind":"`+p.Kind()+`"`)) {
			t.Errorf("%s begins otherwise: %s", p.Kind(), b)
		}
		var got leak.Sighting
		if err := json.Unmarshal(b, &got); err != nil || cmp.Diff(p, got.Place) != "" {
			t.Errorf("%s: %v %s", p.Kind(), err, cmp.Diff(p, got.Place))
		}
		if p.String() == "" || strings.Contains(p.String(), `\`) {
			t.Errorf("%s prints %q", p.Kind(), p.String())
		}
	}
}

func TestUnknownKindIsAnError(t *testing.T) {
	for _, doc := range []string{`{"place":{"kind":"moon"}}`, `{"place":{}}`, `{"place":3}`, `{"place":{"kind":"file","path":7}}`, `{"reach":"far"}`} {
		var s leak.Sighting
		if err := json.Unmarshal([]byte(doc), &s); err == nil {
			t.Errorf("%s is read", doc)
		}
	}
}

// wholeFinding has something in every field.
func wholeFinding(value string) leak.Finding {
	sighting := leak.Sighting{
		Place: places[0], Span: leak.Span{Start: 10, End: 30}, Line: 2, Column: 3, EndLine: 2, EndColumn: 23, Reach: leak.Unreachable,
		Origin: &leak.Origin{Commit: "abc", Author: "A", Email: "a@b.example", Date: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Subject: "s", AtHead: true, Paths: 2},
	}
	return leak.Finding{
		Sighting: sighting, ID: "v1.00", Rule: "r", Key: "K", Secret: leak.NewSecret([]byte(value)), Hint: "ghp_",
		Parts: []leak.Part{{Rule: "q", Place: leak.ObjectField{Object: "v1/Pod", Name: "p", Field: "b", Inner: leak.Inner{"y"}}, Secret: leak.NewSecret([]byte(value)), Hint: "h", Span: leak.Span{Start: 1, End: 2}, Line: 4, Column: 5}},
		Proof: leak.Proven, Severity: leak.Critical, Notes: []string{"n"}, Decoded: []string{"base64"},
		Suppressed: &leak.Suppression{Kind: leak.SuppressInline, Reason: "r", Where: "w"}, Decision: &leak.Decision{Verdict: leak.Deny, Reason: "d"},
		Also: []leak.Sighting{{Place: places[2], Reach: leak.Stash}}, Seen: 3,
	}
}

func TestFindingRoundTrip(t *testing.T) {
	value := leaktest.Must(9, `{{alnum 24}}`)
	f := wholeFinding(value)
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	if shows(string(b), shapesOf(value)) {
		t.Error("the value is in the JSON")
	}
	var got leak.Finding
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if !got.Secret.IsZero() || !got.Parts[0].Secret.IsZero() {
		t.Error("a Secret is read from JSON")
	}
	want := f
	want.Secret, want.Parts = leak.Secret{}, []leak.Part{f.Parts[0]}
	want.Parts[0].Secret = leak.Secret{}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	again, err := json.Marshal(got)
	if err != nil || !bytes.Equal(b, again) {
		t.Error("written, read and written again, it differs")
	}
}

func TestGapRoundTrip(t *testing.T) {
	cause := errors.New("permission denied")
	for _, g := range []*leak.Gap{
		{Place: places[4], Class: leak.Failure, Code: leak.GapUnreadable, Why: cause},
		{Class: leak.Boundary, Code: leak.GapShallow, Why: cause},
	} {
		b, err := json.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		var got leak.Gap
		if err := json.Unmarshal(b, &got); err != nil || got.Error() != g.Error() || got.Class != g.Class || got.Code != g.Code {
			t.Errorf("%s: %v", b, err)
		}
		if !errors.Is(g, cause) || !strings.Contains(g.Error(), "permission denied") {
			t.Errorf("%v does not tell its cause", g)
		}
	}
}

// The words of JSON, of flags and of the policy; their order is their rank.
func TestLevelWords(t *testing.T) {
	words := func(of ...interface{ MarshalText() ([]byte, error) }) (all []string) {
		for _, w := range of {
			b, _ := w.MarshalText()
			all = append(all, string(b))
		}
		return all
	}
	got := strings.Join(words(leak.Generic, leak.Pattern, leak.Structural, leak.Proven, leak.Low, leak.Medium, leak.High, leak.Critical,
		leak.Allow, leak.Warn, leak.Deny, leak.Boundary, leak.Failure,
		leak.Worktree, leak.Staged, leak.Reachable, leak.Stash, leak.Reflog, leak.Unreachable), " ")
	want := "generic pattern structural proven low medium high critical allow warn deny boundary failure worktree staged reachable stash reflog unreachable"
	if got != want {
		t.Errorf("the words are %s", got)
	}
	var p leak.Proof
	if err := p.UnmarshalText([]byte("sure")); err == nil || !strings.Contains(err.Error(), "generic") {
		t.Errorf("an unknown word gives %v", err)
	}
}

func TestWithinDoesNotShare(t *testing.T) {
	base := leak.File{Name: "a.zip", Inner: append(make(leak.Inner, 0, 8), "b")}
	one, two := leak.Within(base, "x"), leak.Within(base, "y")
	if one.String() != "a.zip!/b!/x" || two.String() != "a.zip!/b!/y" || base.String() != "a.zip!/b" {
		t.Errorf("%s, %s, %s", one, two, base)
	}
	for _, p := range places {
		if within := leak.Within(p, "m"); within.Kind() != p.Kind() {
			t.Errorf("%s becomes %s", p.Kind(), within.Kind())
		}
	}
}
