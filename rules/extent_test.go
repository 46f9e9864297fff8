package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestExtent: a match that runs on is found whole, once, wherever windows of
// BodyReach are cut; one without an end is none.
func TestExtent(t *testing.T) {
	head, tail := "-----BEGIN TEST PRIVATE KEY-----", "-----END TEST PRIVATE KEY-----"
	s, err := Compile([]Rule{{ID: "pem", Regex: "-----BEGIN TEST PRIVATE KEY-----", Extent: "pem", File: "builtin/x.toml"}})
	if err != nil {
		t.Fatal(err)
	}
	if s.BodyReach() != bodyReach || s.Reach() > 200 {
		t.Errorf("reach %d, body %d", s.Reach(), s.BodyReach())
	}
	body := strings.Repeat(strings.Repeat("m", 64)+"\n", 30)
	text := []byte(strings.Repeat(fmt.Sprintf("# %s\n%s%s\n", head, body, tail), 9) + head + "\nno end")
	want := spots(s.Append(nil, text))
	if len(want) != 9 {
		t.Fatalf("%d matches, want 9", len(want))
	}
	for _, m := range want {
		if value := string(text[m.Value[0]:m.Value[1]]); !strings.HasPrefix(value, head) || !strings.HasSuffix(value, tail) || m.End != m.Value[1] {
			t.Fatalf("a value of %d bytes is not the block", len(value))
		}
	}
	r := newSampler(11)
	for range 50 {
		cuts := []int{r.IntN(len(text)), r.IntN(len(text)), r.IntN(len(text))}
		slices.Sort(cuts)
		if got := windowed(s, text, cuts); !slices.Equal(got, want) {
			t.Fatalf("cuts %v: %v, want %v", cuts, got, want)
		}
	}
}

// TestAssignmentOnce: a name that holds several keywords gives one match, and one
// on each side of a cut gives it once too.
func TestAssignmentOnce(t *testing.T) {
	s, err := Compile([]Rule{{ID: "generic", Matcher: "assignment", File: "builtin/x.toml"}})
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Appendf(nil, "\n%s = %q\n", "client_secret_access_token_password", "kT9vQ2xLw"+"7Zp4Rb")
	want := spots(s.Append(nil, text))
	if len(want) != 1 {
		t.Fatalf("%d matches, want 1", len(want))
	}
	for cut := range text {
		if got := windowed(s, text, []int{cut}); !slices.Equal(got, want) {
			t.Fatalf("cut at %d: %v, want %v", cut, got, want)
		}
	}
}
