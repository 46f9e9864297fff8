package admit_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/webhook/internal/admit"
	"github.com/oakum-sec/oakum/webhook/internal/fixture"
)

const tree = "../../testdata"

func fixtures(t testing.TB) []fixture.Case {
	t.Helper()
	cases, err := fixture.Load(tree)
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// listed are the findings that an answer's annotation tells, as a fixture wants them.
func listed(t testing.TB, annotations map[string]string) (out []fixture.Want) {
	t.Helper()
	if annotations[admit.AuditFindings] == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(annotations[admit.AuditFindings]), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// Every object of the tree gets its folder's verdict, with the findings that it expects
// and no others.
func TestTree(t *testing.T) {
	a := admitter(t)
	seen := 0
	for _, c := range fixtures(t) {
		body, err := c.Review("uid-" + c.Name)
		if err != nil {
			t.Fatal(err)
		}
		answer := a.Review(t.Context(), body)
		r := response(t, answer)
		verdict := fixture.Allow
		switch {
		case !r.Allowed:
			verdict = fixture.Deny
		case len(r.Warnings) > 0:
			verdict = fixture.Warn
		}
		if verdict != c.Verdict || string(r.UID) != "uid-"+c.Name {
			t.Errorf("%s: %s", c.Name, verdict)
		}
		got := listed(t, r.AuditAnnotations)
		if !slices.Equal(sorted(got), sorted(c.Wants)) {
			t.Errorf("%s:\n%s", c.Name, "# want: "+strings.Join(sorted(got), "\n# want: "))
		}
		seen++
	}
	if seen < 180 {
		t.Errorf("%d objects were looked at", seen)
	}
}

func sorted(wants []fixture.Want) (out []string) {
	for _, w := range wants {
		out = append(out, w.Rule+" "+w.Field)
	}
	slices.Sort(out)
	return out
}
