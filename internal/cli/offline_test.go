package cli_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestNothingCanDial: scanning makes no network call. No package that could is
// linked into the program, so there is nothing to switch off. (Package net comes
// with certificates and flags, for its types of addresses.)
func TestNothingCanDial(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", `{{.ImportPath}}: {{join .Imports " "}}`, "../../cmd/oakum").Output()
	if err != nil {
		t.Fatal(err)
	}
	mayUse := map[string][]string{
		"net":     {"crypto/x509", "github.com/spf13/pflag"},
		"os/exec": {"github.com/oakum-sec/oakum/internal/hook"}, // asks git rev-parse where hooks go
	}
	packages := 0
	for line := range strings.Lines(string(out)) {
		name, imports, _ := strings.Cut(strings.TrimSpace(line), ":")
		packages++
		if name == "crypto/tls" || strings.HasPrefix(name, "net/http") || strings.HasSuffix(name, "crypto/ssh") {
			t.Errorf("%s is linked into oakum", name)
		}
		for used, users := range mayUse {
			if slices.Contains(strings.Fields(imports), used) && !slices.Contains(users, name) {
				t.Errorf("%s imports %s", name, used)
			}
		}
	}
	if packages < 100 {
		t.Errorf("%d packages were looked at", packages)
	}
}
