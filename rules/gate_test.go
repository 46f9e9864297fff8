package rules

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

// through runs gate on the first match of r in text.
func through(t *testing.T, r Rule, text string) (Match, bool) {
	t.Helper()
	re := regexp.MustCompile(r.Regex)
	groups := re.FindSubmatchIndex([]byte(text))
	if groups == nil {
		t.Fatal("the rule's regex does not match")
	}
	from, to := groupAt(re.SubexpNames(), groups, "value")
	m := Match{Rule: &r, Start: groups[0], End: groups[1], Value: [2]int{from, to}}
	ok := r.gate(&m, []byte(text), re.SubexpNames(), groups)
	return m, ok
}

func githubRule() Rule {
	return Rule{ID: "github", Regex: `(?P<value>gh[op]_(?P<body>[0-9A-Za-z]{30})(?P<sum>[0-9A-Za-z]{6}))`, Proof: leak.Proven, Severity: leak.High,
		Checksum: &Checksum{Algo: "crc32", Of: "body", Sum: "sum", Encoding: "base62", Mismatch: "drop"}}
}

// broken changes one letter of the token's middle.
func broken(token string) string {
	i := len(token) / 2
	letter := "a"
	if token[i] == 'a' {
		letter = "b"
	}
	return token[:i] + letter + token[i+1:]
}

func TestGateChecksum(t *testing.T) {
	for seed := range uint64(20) {
		token := leaktest.Must(seed, `{{github "ghp_"}}`)
		text := "a text around " + token + " it"
		r := githubRule()
		if m, ok := through(t, r, text); !ok || m.Proof != leak.Proven || m.Severity != leak.High || len(m.Notes) > 0 {
			t.Fatalf("seed %d: a right checksum: %v, %v, %q", seed, ok, m.Proof, m.Notes)
		}
		text = "a text around " + broken(token) + " it"
		if _, ok := through(t, r, text); ok {
			t.Fatalf("seed %d: a wrong checksum went through", seed)
		}
		r.Checksum.Mismatch = ""
		if m, ok := through(t, r, text); !ok || m.Proof != leak.Structural || strings.Join(m.Notes, "") != "its checksum does not hold" {
			t.Fatalf("seed %d: downgrade: %v, %v, %q", seed, ok, m.Proof, m.Notes)
		}
	}
}

// The sum may be over all that comes before it, and an older form of the token
// may have none.
func TestGateChecksumForms(t *testing.T) {
	token := leaktest.Must(3, `{{gitlabRoutable "glpat-"}}`)
	r := Rule{ID: "x", Regex: `(?P<value>glpat-[0-9A-Za-z_-]{27,300}\.[0-9a-z]{2}\.[0-9a-z]{2}(?P<sum>[0-9a-z]{7}))`, Proof: leak.Proven,
		Checksum: &Checksum{Algo: "crc32", Sum: "sum", Encoding: "base36", Mismatch: "drop"}}
	if m, ok := through(t, r, "= "+token); !ok || m.Proof != leak.Proven {
		t.Errorf("over all before it: %v, %v", ok, m.Proof)
	}
	if _, ok := through(t, r, "= "+broken(token)); ok {
		t.Error("a wrong checksum went through")
	}
	r.Regex = `(?P<value>glpat-[0-9A-Za-z_-]{20}(?:\.(?P<sum>[0-9a-z]{7}))?)`
	if m, ok := through(t, r, leaktest.Must(4, `glpat-{{alnum 20}}`)); !ok || m.Proof != leak.Pattern || len(m.Notes) > 0 {
		t.Errorf("without a sum: %v, %v, %q", ok, m.Proof, m.Notes)
	}
}

func TestGateParse(t *testing.T) {
	r := Rule{ID: "jwt", Regex: `(?P<value>[\w.-]+)`, Proof: leak.Proven, Severity: leak.High, Parse: "jwt"}
	if m, ok := through(t, r, leaktest.Must(5, `{{jwtExpired}}`)); !ok || m.Expires.IsZero() {
		t.Errorf("an expired JWT: %v, %v, expires %v", ok, m.Proof, m.Expires)
	}
	if _, ok := through(t, r, leaktest.Must(5, `{{words 1}}`)); ok {
		t.Error("a word went through as a JWT")
	}
	r = Rule{ID: "aws", Regex: `(?P<value>AKIA\w{16})`, Proof: leak.Structural, Severity: leak.Medium, Parse: "aws-key-id"}
	if m, ok := through(t, r, leaktest.Must(5, `{{awsID "AKIA" "123456789012"}}`)); !ok || !strings.Contains(strings.Join(m.Notes, "|"), "123456789012") {
		t.Errorf("an AWS key id: %v, %v, %q", ok, m.Proof, m.Notes)
	}
}

func TestGateEntropy(t *testing.T) {
	r := Rule{ID: "x", Regex: `(?P<value>\w+)`, Entropy: 2, Proof: leak.Pattern}
	for text, want := range map[string]bool{"abcd": false, "abcde": true, "aaaaaaaaaaaaaaaa": false} { // log2(4) is 2, and not above it
		if _, ok := through(t, r, text); ok != want {
			t.Errorf("%s: %v", text, ok)
		}
	}
}

func TestEntropy(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for text, want := range map[string]float64{"": 0, "aaaa": 0, "ab": 1, "aabb": 1, "abcd": 2, "aaab": 0.8112781244591328, string(all): 8} {
		if got := Entropy([]byte(text)); math.Abs(got-want) > 1e-12 {
			t.Errorf("%d bytes: %g, want %g", len(text), got, want)
		}
	}
}

func BenchmarkGate(b *testing.B) {
	r := githubRule()
	r.Entropy = 3
	text := []byte("token: " + leaktest.Must(1, `{{github "ghp_"}}`))
	re := regexp.MustCompile(r.Regex)
	names, groups := re.SubexpNames(), re.FindSubmatchIndex(text)
	m := Match{Rule: &r, Value: [2]int{groups[2], groups[3]}}
	b.ReportAllocs()
	for b.Loop() {
		if !r.gate(&m, text, names, groups) {
			b.Fatal(fmt.Errorf("dropped"))
		}
	}
}
