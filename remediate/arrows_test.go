package remediate

import (
	"bytes"
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// TestArrows holds the layers of this module: locate alone reads the scanner, drivers
// know their store and nothing of plans, and nothing here knows of policies, but the
// command line, which has oakum's.
func TestArrows(t *testing.T) {
	const home, module = "github.com/oakum-sec/oakum/", "github.com/oakum-sec/oakum/remediate"
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := 0
	for dec := json.NewDecoder(bytes.NewReader(out)); ; seen++ {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		room := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		for _, dep := range p.Imports {
			theirs, ours := strings.CutPrefix(dep, home)
			if ours && !mayImport(room, theirs) {
				t.Errorf("%s imports %s", p.ImportPath, dep)
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d packages were looked at", seen)
	}
}

// mayImport tells whether a package of this module may import one of oakum's.
func mayImport(room, dep string) bool {
	begins := func(rooms ...string) bool {
		for _, r := range rooms {
			if dep == r || strings.HasPrefix(dep, r+"/") {
				return true
			}
		}
		return false
	}
	switch {
	case strings.HasPrefix(room, "cmd/"):
		return !begins("webhook", "policy")
	case begins("webhook", "policy", "internal/cli"):
		return false
	case begins("scanner", "rules"): // awssource is itself a source of scans
		return room == "locate" || room == "awssource"
	case room == "store" || strings.HasPrefix(room, "store/"):
		return begins("leak", "internal/realtest", "remediate/store", "remediate/scrub", "remediate/internal", "remediate/disk", "remediate/lock", "remediate/vaultlogin")
	}
	return true
}
