package known

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
)

// TestStrength: what people make up is weak, however long and whatever it is
// decorated with.
func TestStrength(t *testing.T) {
	for _, v := range []string{
		"password", "Password123!", "P@ssw0rd2023", "Summer" + "2024!", "Tr0ub4dor" + "&3", "correct horse battery staple",
		"correcthorsebatterystaple", "letmein-please-now", "qwertyuiop123456", "internationalization", "changeme",
		"${DB_PASSWORD}", "{{ .Values.password }}", "********************", "1234567890123456", "20240101123000",
		strings.Repeat("a", 40), strings.Repeat("abc", 20), strings.Repeat("0", 32), "0123456789abcdef0123456789abcdef", "deadbeefdeadbeef",
		"hunter2hunter2hunter2", "admin:admin@localhost", "db.internal.example.com", "abcdefghijklmnopqrstuvwxyz",
	} {
		if bits := Strength([]byte(v)); bits >= StrongBits {
			t.Errorf("%q has %d bits", v, bits)
		}
	}
	for _, tmpl := range []string{`{{uuid}}`, `{{github "ghp_"}}`, `{{hex 32}}`, `{{hex 64}}`, `{{awsSecret}}`} {
		for seed := range uint64(50) {
			v, err := leaktest.Render(seed, tmpl)
			if err != nil {
				t.Fatal(err)
			}
			if bits := Strength([]byte(v)); bits < 90 {
				t.Errorf("%s: %d bits", tmpl, bits)
			}
		}
	}
}

// TestStrengthOfRandom: hardly any random value is taken for a weak one, and none for
// much more than its alphabet can give.
func TestStrengthOfRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct{ alphabet, size, weak, most int }{
		{0, 12, 90, 75}, {0, 16, 5, 100}, {0, 24, 1, 145}, {1, 16, 100, 64}, {1, 24, 10, 96}, {1, 32, 1, 128},
		{2, 16, 5, 100}, {3, 12, 60, 80}, {3, 16, 5, 106}, {4, 16, 120, 83}, {4, 24, 5, 124},
	} {
		weak := 0
		for range 1000 {
			v := make([]byte, c.size)
			for i := range v {
				v[i] = alphabets[c.alphabet][r.IntN(len(alphabets[c.alphabet]))]
			}
			bits := Strength(v)
			if bits < StrongBits {
				weak++
			}
			if bits > c.most {
				t.Errorf("%d bits of %d characters of %d", bits, c.size, len(alphabets[c.alphabet]))
			}
		}
		if weak > c.weak {
			t.Errorf("%d of 1000 random values of %d characters of %d are weak", weak, c.size, len(alphabets[c.alphabet]))
		}
	}
}

// TestDotenv has the ways in which such files are written.
func TestDotenv(t *testing.T) {
	const text = "\uFEFF# a comment\n\nA=plain\nexport B = spaced out  # and a comment\nC='single #\\n $x'\nD=\"two\\nlines \\\"quoted\\\" \\$5 \\\\\" # c\n" +
		"E=\"over\ntwo lines\"\nF=\r\nG=a#b\nH=`tick 'x'`\r\nno variable\n  I-1.x\t=\tlast"
	want := []string{"A=plain 3", "B=spaced out 4", "C=single #\\n $x 5", "D=two\nlines \"quoted\" $5 \\ 6", "E=over\ntwo lines 7", "F= 9",
		"G=a#b 10", "H=tick 'x' 11", "I-1.x=last 13"}
	vars, err := Dotenv([]byte(text))
	if err != nil || len(vars) != len(want) {
		t.Fatalf("%d variables, not %d: %v", len(vars), len(want), err)
	}
	for i, v := range vars {
		if got := fmt.Sprintf("%s=%s %d", v.Name, v.Value, v.Line); got != want[i] {
			t.Errorf("have %q, want %q", got, want[i])
		}
	}
	value := leaktest.Must(1, `{{alnum 20}}`)
	if _, err := Dotenv([]byte("A=1\nB=\"" + value + "\nC=2\n")); err == nil || !strings.Contains(err.Error(), "line 2") || strings.Contains(err.Error(), value) {
		t.Errorf("a quote that is not closed: %v", err)
	}
}

// TestFromVariables: what is a secret by its name, or looks like one, is taken.
func TestFromVariables(t *testing.T) {
	secret := func(seed uint64) []byte { return []byte(leaktest.Must(seed, `{{alnum 24}}`)) }
	vars := []Variable{
		{"DB_PASSWORD", []byte("short1"), 1}, {"API_KEY", secret(1), 2}, {"SESSION", secret(2), 3}, {"PORT", []byte("8080"), 4},
		{"URL", []byte("https://example.com/some/long/path/to/a/page"), 5}, {"DATABASE_URL", fmt.Appendf(nil, "%s://app:%%40%s@db/app", "postgres", secret(4)), 6},
		{"BUCKET", []byte("my-production-bucket-eu-west-1"), 7}, {"TENANT", []byte(leaktest.Must(3, `{{uuid}}`)), 8}, {"EMPTY", nil, 9},
		{"HOST", []byte("db-7f3k2.internal.example.com:5432"), 10},
	}
	for _, c := range []struct {
		only   []string
		random bool
		want   string
	}{
		{nil, true, "x: DB_PASSWORD, x: API_KEY, x: SESSION, x: DATABASE_URL"},
		{nil, false, "x: DB_PASSWORD, x: API_KEY, x: DATABASE_URL"},
		{[]string{"S*", "TENANT"}, true, "x: SESSION, x: TENANT"},
	} {
		g, err := FromVariables("x", vars, c.only, c.random)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, k := range g.List {
			names = append(names, k.Name)
		}
		if got := strings.Join(names, ", "); got != c.want {
			t.Errorf("%v, %v: %s\nwant %s", c.only, c.random, got, c.want)
		}
	}
	if _, err := FromVariables("x", vars, []string{"["}, true); err == nil {
		t.Error("a pattern that is none")
	}
	g, _ := FromVariables("x", vars[5:6], nil, true)
	if !g.List[0].Value.Equal(secretOf("@" + string(secret(4)))) {
		t.Error("a URL's password is taken as it is in the URL")
	}
	if n := len(FromLines("f", []byte("one\n\n# two\n three \r\n")).List); n != 2 {
		t.Errorf("%d lines", n)
	}
}
