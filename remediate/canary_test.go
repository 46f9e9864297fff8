package remediate

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
)

// A key that was planted stays where it is, both halves of it, and the plan says why.
func TestCanaryStays(t *testing.T) {
	w := newWorld(t)
	pair := leaktest.Must(21, "AWS_ACCESS_KEY_ID={{awsID \"AKIA\" \"052310077262\"}}\nAWS_SECRET_ACCESS_KEY={{awsSecret}}\n")
	trap := filepath.Join(w.dir, "trap.env")
	if err := os.WriteFile(trap, []byte(pair), 0o600); err != nil {
		t.Fatal(err)
	}
	p, file := w.planned(Wish{To: "memory:"})
	in := func(l Left) bool {
		return strings.HasPrefix(l.Place, "trap.env") || strings.Contains(l.Place, "/trap.env")
	}
	if i := slices.IndexFunc(p.Left, in); i < 0 || !strings.Contains(p.Left[i].Why, "a trap no more") {
		t.Errorf("left: %+v", p.Left)
	}
	if err := w.apply(file); err != nil {
		t.Fatal(err)
	}
	if now, err := os.ReadFile(trap); err != nil || string(now) != pair {
		t.Errorf("the trap is now %q, %v", now, err)
	}
}
