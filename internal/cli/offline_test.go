package cli_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestWhoCanDial: only what is meant to dial is linked to what can. Package net
// also comes with certificates and flags, for its types of addresses. What the
// commands do at run time is TestOnlyVerifyDials'.
func TestWhoCanDial(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", `{{.ImportPath}}: {{join .Imports " "}}`, "../../cmd/oakum").Output()
	if err != nil {
		t.Fatal(err)
	}
	const ours = "github.com/oakum-sec/oakum/"
	mayUse := map[string][]string{
		"net":        {"scanner/verify", "scanner/imagesource", "scanner/cisource", "internal/cli"}, // internal/cli: the type of a dialer that tests set
		"net/http":   {"scanner/verify", "scanner/imagesource", "scanner/cisource"},
		"crypto/tls": {"scanner/verify", "scanner/imagesource", "scanner/cisource"},
		"os/exec":    {"internal/hook", "internal/cli"}, // asks git rev-parse where hooks go; runs the siblings, which lie beside it
	}
	packages := 0
	for line := range strings.Lines(string(out)) {
		name, imports, _ := strings.Cut(strings.TrimSpace(line), ":")
		packages++
		if strings.HasSuffix(name, "crypto/ssh") {
			t.Errorf("%s is linked into oakum", name)
		}
		mine, isOurs := strings.CutPrefix(name, ours)
		for used, users := range mayUse {
			if isOurs && slices.Contains(strings.Fields(imports), used) && !slices.Contains(users, mine) {
				t.Errorf("%s imports %s", name, used)
			}
		}
	}
	if packages < 100 {
		t.Errorf("%d packages were looked at", packages)
	}
}
