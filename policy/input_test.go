package policy

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

// every is one finding of each kind of place, with all that a finding can have.
func every(value string) []*leak.Finding {
	places := []leak.Place{
		leak.File{Name: "a/b.env", Inner: leak.Inner{"c.zip"}}, leak.Stdin{}, leak.GitBlob{Repo: "sub", Blob: "aa", Commit: "bb", Name: "x/y"},
		leak.GitMessage{Object: "aa", What: "commit", Ref: "refs/heads/main"}, leak.ImageFile{Image: "img", Layer: "sha256:00", Name: "etc/x"},
		leak.ImageConfig{Image: "img", Field: "config.Env[0]"}, leak.Variable{Scope: "env", Name: "TOKEN"}, leak.JobLog{Scope: "gitlab", Job: "1"},
		leak.ObjectField{File: "f", Object: "v1/Pod", Namespace: "n", Name: "p", Field: "spec"}, nil,
	}
	secret := leak.NewSecret([]byte(value))
	var all []*leak.Finding
	for i, p := range places {
		f := finding("rule", func(f *leak.Finding) { f.Place, f.Secret = p, secret })
		if i%2 == 0 {
			f.Origin = &leak.Origin{Commit: "aa", Author: "A", Email: "a@example.com", Date: time.Unix(1e9, 0), Ref: "refs/heads/x"}
			f.Suppressed = &leak.Suppression{Kind: leak.SuppressAllowFile, Reason: "r", Where: "w"}
			f.Step = &leak.Step{System: "gitlab-ci", Job: "j", Step: "s", Variable: "V"}
			f.Live = &leak.Verification{State: leak.Valid, Reason: "r", Host: "h", Identity: []string{"login x"}}
			f.Parts = []leak.Part{{Rule: "part", Secret: secret}}
			f.Notes, f.Decoded, f.Key, f.Hint, f.Confidence = []string{"account 1"}, []string{"base64"}, "KEY", "ghp_", 0.9
		}
		all = append(all, f)
	}
	return all
}

func documents(t *testing.T, c Context, findings []*leak.Finding, gaps []*leak.Gap) (all []any) {
	t.Helper()
	c = c.filled()
	add := func(s subject) {
		v, err := ast.JSON(s.document(c.document(), subjectFields(s)))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	for _, f := range findings {
		add(subject{context: &c, finding: f})
	}
	for _, g := range gaps {
		add(subject{context: &c, gap: g})
	}
	return all
}

func fullContext() Context {
	return Context{Event: Gate, Source: Source{"git", ".", "range a..b"}, Branch: "b", TargetBranch: "m", DefaultBranch: "m", Protected: true, Tag: "v1",
		Environment: "production", Platform: "github", User: User{"u", []string{"g"}}, Namespace: "n", NamespaceLabels: map[string]string{"a": "b"},
		Labels: map[string]string{"c": "d"}, Operation: "CREATE", DryRun: true, Old: map[string]bool{"v1.x": true}, Now: time.Unix(2e9, 0),
		Settings: Settings{"never", true, true}, Options: map[string]string{"o": "p"}}
}

// Every input is as the schema says, and every field of the schema is in one.
func TestInputIsAsItsSchema(t *testing.T) {
	src, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("input.json", parsed); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("input.json")
	if err != nil {
		t.Fatal(err)
	}
	gaps := []*leak.Gap{gap("limit"), {Class: leak.Boundary, Code: leak.GapLFS, Why: errors.New("x")}}
	for _, f := range every("x") {
		gaps = append(gaps, &leak.Gap{Place: f.Place, Class: leak.Failure, Code: leak.GapLimit, Why: errors.New("x")})
	}
	seen := map[string]bool{}
	all := append(documents(t, fullContext(), every("x"), gaps), documents(t, Context{}, every("x"), gaps)...)
	for _, doc := range all {
		b, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", b, err)
		}
		pathsOf(doc, "", seen)
	}
	if len(all) < 20 {
		t.Errorf("%d inputs", len(all))
	}
	for _, path := range schemaPaths(parsed.(map[string]any), "") {
		if !seen[path] {
			t.Errorf("the schema has %s, and no input has", path)
		}
	}
}

func pathsOf(v any, at string, seen map[string]bool) {
	seen[at] = true
	if m, ok := v.(map[string]any); ok {
		for k, below := range m {
			pathsOf(below, strings.TrimPrefix(at+"."+k, "."), seen)
		}
	}
}

func schemaPaths(schema map[string]any, at string) (all []string) {
	properties, _ := schema["properties"].(map[string]any)
	for name, below := range properties {
		path := strings.TrimPrefix(at+"."+name, ".")
		all = append(append(all, path), schemaPaths(below.(map[string]any), path)...)
	}
	return all
}

// No input holds the value that was found, in any of nine forms.
func TestInputHoldsNoValue(t *testing.T) {
	value := leaktest.Must(7, `{{alnum 24}}`)
	b := []byte(value)
	forms := []string{value, base64.StdEncoding.EncodeToString(b), base64.URLEncoding.EncodeToString(b), hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)),
		url.QueryEscape(value), strconv.Quote(value), fmt.Sprint(b), string(reversed(b))}
	if len(forms) != 9 {
		t.Fatal(len(forms))
	}
	for _, doc := range documents(t, fullContext(), every(value), nil) {
		text, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range forms {
			if strings.Contains(string(text), form) {
				t.Errorf("%s is in %s", form, text)
			}
		}
	}
	// And nothing that a policy prints, traces or says has it: it has nothing to say it of.
	var printed bytes.Buffer
	opt := module(`warn contains json.marshal(input) if print(input)`)
	opt.Print, opt.Explain = &printed, true
	r := decided(t, opt, Context{}, every(value)...)
	out := printed.String() + fmt.Sprintf("%+v", r)
	if !strings.Contains(out, "spec") {
		t.Fatal("nothing was printed")
	}
	for _, form := range forms {
		if strings.Contains(out, form) {
			t.Errorf("%s is printed", form)
		}
	}
}

func reversed(b []byte) []byte {
	c := slices.Clone(b)
	slices.Reverse(c)
	return c
}

// A decision that is known of another finding is the one that the policy would
// give: on findings made at random, for policies that read this and that.
func TestMemoIsNoMemo(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	findings := random(rnd, 400)
	policies := []Options{{}}
	for _, src := range []string{
		`deny contains input.finding.key if input.finding.line > 2`,
		`warn contains concat(" ", input.finding.notes) if count(input.finding.notes) > 1`,
		`warn contains x if { f := input.finding; x := f.place.path }`,
		`deny contains json.marshal(input.finding.origin) if true`,
		`allow contains k if { some k, v in input.finding; v == "rule-1" }`,
		`deny contains x if { walk(input, [_, x]); x == "KEY2" }`,
		`warn contains input.finding[name] if { name := ["rule", "id"][_] }`,
		`warn contains helper(input.finding.place) if true
helper(p) := p.text`,
		"import data.oakum.lib\nwarn contains \"old\" if { lib.in_folder(\"a\"); input.finding.age_days > 100 }",
		`deny contains "x" if { some n in input.finding.notes with input.finding.notes as ["a"]; n == input.finding.key }`,
		`import data.oakum.builtin
deny contains builtin.decision.reason if input.finding.seen > 1`,
	} {
		policies = append(policies, module(src))
	}
	asked := 0
	for i, opt := range policies {
		for _, c := range []Context{{}, {Event: Admission}, {Event: Gate, Now: time.Unix(2e9, 0)}} {
			with := decided(t, opt, c, findings...)
			opt.noMemo = true
			without := decided(t, opt, c, findings...)
			opt.noMemo = false
			if !reflect.DeepEqual(with.Findings, without.Findings) {
				for j := range findings {
					if with.Findings[j] != without.Findings[j] {
						t.Errorf("policy %d, finding %d: %+v and %+v", i, j, with.Findings[j], without.Findings[j])
						break
					}
				}
			}
			if without.Asked != len(findings) {
				t.Errorf("asked %d times", without.Asked)
			}
			asked += with.Asked
		}
	}
	if asked >= len(policies)*3*len(findings) {
		t.Errorf("the memo saved little: asked %d times", asked)
	}
}

func random(rnd *rand.Rand, n int) []*leak.Finding {
	pick := func(words ...string) string { return words[rnd.IntN(len(words))] }
	var all []*leak.Finding
	for range n {
		f := &leak.Finding{ID: pick("v1.a", "v1.b"), Rule: pick("rule-1", "rule-2", "aws-access-key-id", "aws-secret-access-key"), Key: pick("", "KEY1", "KEY2"),
			Hint: pick("", "AKIA", "ASIA"), Proof: leak.Proof(rnd.IntN(4)), Severity: leak.Severity(rnd.IntN(4)), Seen: rnd.IntN(3)}
		f.Reach, f.Line = leak.Reach(rnd.IntN(6)), rnd.IntN(4)
		f.Place = []leak.Place{leak.File{Name: pick("a/b", "c")}, leak.ObjectField{Object: pick("v1/Pod", "v1/Secret")}, leak.Variable{Name: "V"}, nil}[rnd.IntN(4)]
		if rnd.IntN(2) == 0 {
			f.Suppressed = &leak.Suppression{Kind: pick(leak.SuppressInline, leak.SuppressBaseline, leak.SuppressAllowFile), Where: pick("x", "y")}
		}
		if rnd.IntN(2) == 0 {
			f.Origin = &leak.Origin{Commit: pick("a", "b"), Date: time.Unix(int64(rnd.IntN(2))*1e9, 0)}
		}
		if rnd.IntN(2) == 0 {
			f.Live = &leak.Verification{State: leak.Liveness(rnd.IntN(3))}
		}
		f.Notes = []string{"a", "b", "c"}[:rnd.IntN(4)]
		all = append(all, f)
	}
	return all
}

// What the built-in policy reads of a finding in a text is little: that is why
// thousands are decided at once. A change to the policy that reads what differs
// from finding to finding should be seen.
func TestBuiltinReadsLittle(t *testing.T) {
	p, err := Load(Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := p.text()
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range a.memo {
		paths = append(paths, f.path)
	}
	want := []string{"finding.identity", "finding.known", "finding.live.state", "finding.proof", "finding.reach", "finding.severity", "finding.suppressed.kind", "finding.place.kind"}
	if !reflect.DeepEqual(paths, want) {
		t.Errorf("reads %v", paths)
	}
}

// moby's history has 27,000 findings.
func BenchmarkDecide27000(b *testing.B) {
	findings := random(rand.New(rand.NewPCG(1, 2)), 27_000)
	for i, f := range findings { // as in a history: no issuer was asked, and all are blobs of commits
		f.ID, f.Line, f.Place = fmt.Sprint("v1.", i), i, leak.GitBlob{Name: fmt.Sprint("a/", i), Blob: "aa"}
		f.Live, f.Reach = nil, min(f.Reach, leak.Reachable)
	}
	p, err := Load(Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := p.Decide(b.Context(), Context{}, findings, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFirst is what the first decision costs, with all that is prepared for it.
func BenchmarkFirst(b *testing.B) {
	for b.Loop() {
		p, err := Load(Options{})
		if err == nil {
			_, err = p.Decide(b.Context(), Context{}, []*leak.Finding{finding("a")}, nil)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOne is a decision of the prepared policy, as a webhook asks for it.
func BenchmarkOne(b *testing.B) {
	p, err := Load(Options{})
	if err != nil {
		b.Fatal(err)
	}
	f := []*leak.Finding{finding("a", func(f *leak.Finding) { f.Place = leak.ObjectField{Object: "v1/Pod"} })}
	for b.Loop() {
		if _, err := p.Decide(b.Context(), Context{Event: Admission}, f, nil); err != nil {
			b.Fatal(err)
		}
	}
}
