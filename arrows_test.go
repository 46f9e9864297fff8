package oakum_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/oakum-sec/oakum"

// listed is a package as go list tells of it.
type listed struct {
	ImportPath string
	Name       string
	Standard   bool
	Imports    []string
}

// list runs go list -deps over the root module.
func list(t *testing.T) map[string]listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Name,Standard,Imports", "./...")
	var words bytes.Buffer
	cmd.Stderr = &words
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, words.String())
	}
	packages := map[string]listed{}
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		packages[p.ImportPath] = p
	}
	return packages
}

// arrows say what a room may import beside the standard library and itself.
// That holds for each package, so it holds for all that stands below one. A name
// stands for everything under it. The first arrow whose room holds a package counts.
var arrows = []struct {
	room string
	may  []string
}{
	{"leak/leaktest", []string{"leak", "golang.org/x/crypto"}},
	{"leak", nil},
	{"rules/builtin", []string{"leak", "rules"}},
	{"rules/rulefile", []string{"leak", "rules", "github.com/pelletier/go-toml/v2"}},
	{"rules/internal", nil},
	{"rules/assign", nil},
	{"rules/proof", []string{"leak", "rules/internal"}},
	{"rules", []string{"leak"}},
	{"scanner/gitsource", []string{"leak", "rules", "scanner", "github.com/go-git"}},
	{"scanner/filesource", []string{"leak", "rules", "scanner", "golang.org/x/sys"}},
	{"scanner/imagesource", []string{"leak", "scanner", "github.com/google/go-containerregistry", "github.com/klauspost/compress"}},
	{"scanner/podsource", []string{"leak", "scanner", "go.yaml.in/yaml/v3", "github.com/klauspost/compress"}},
	{"scanner/cisource", []string{"leak", "scanner"}},
	{"scanner/pipeline", []string{"leak", "go.yaml.in/yaml/v3"}},
	{"scanner/archive", []string{"leak", "github.com/klauspost/compress", "github.com/klauspost/readahead", "github.com/ulikunitz/xz", "github.com/cavaliergopher/cpio"}},
	{"scanner", []string{"leak", "rules"}},
	{"internal/report", []string{"leak", "scanner", "rules"}},
	{"policy", []string{"leak", "github.com/open-policy-agent/opa"}},
	{"internal/hook", nil},
	{"internal/process", nil},
	{"internal/ci", nil},
	{"internal/agent", nil},
	{"internal/mcp", []string{"leak", "internal/report", "github.com/modelcontextprotocol/go-sdk"}},
	{"internal/setup", nil},
	{"internal/triage", []string{"leak", "internal/report", "charm.land"}},
	{"internal/known", []string{"leak", "rules", "scanner", "internal/keyfile"}},
	{"internal/keyfile", nil},
	{"internal/state", nil},
	{"internal/layercache", []string{"leak", "scanner", "internal/report"}},
	{"internal/allow/foreign", []string{"leak", "go.yaml.in/yaml/v3"}},
	{"internal/allow", []string{"leak"}},
	{"internal/gitleaks", []string{"leak", "internal/report"}},
}

// TestArrows holds the layers: what flows left to right in architecture never
// imports back.
func TestArrows(t *testing.T) {
	packages := list(t)
	seen := map[string]int{}
	for _, p := range packages {
		room, ours := strings.CutPrefix(p.ImportPath, module+"/")
		if !ours {
			continue
		}
		for _, a := range arrows {
			if !within(room, a.room) {
				continue
			}
			seen[a.room]++
			for _, dep := range p.Imports {
				if !allowed(packages[dep], a.room, a.may) {
					t.Errorf("%s imports %s, which %s may not", room, dep, a.room)
				}
			}
			break
		}
	}
	for _, a := range arrows {
		if seen[a.room] == 0 {
			t.Errorf("no package is in %s: mend the list of arrows", a.room)
		}
	}
}

func within(name, room string) bool { return name == room || strings.HasPrefix(name, room+"/") }

// allowed tells whether dep may be imported in room: the standard library, the
// room itself and what may lists.
func allowed(dep listed, room string, may []string) bool {
	own, ours := strings.CutPrefix(dep.ImportPath, module+"/")
	if dep.Standard || ours && within(own, room) {
		return true
	}
	return slices.ContainsFunc(may, func(m string) bool {
		return ours && within(own, m) || !ours && within(dep.ImportPath, m)
	})
}

// The commit hook's build installs every main of the root module: there is one,
// and nothing heavy stands below it.
func TestRootIsSmall(t *testing.T) {
	heavy := []string{"k8s.io", "sigs.k8s.io", "github.com/aws", "github.com/Azure", "cloud.google.com", "google.golang.org/api", "google.golang.org/grpc", "github.com/hashicorp/vault"}
	var mains []string
	for _, p := range list(t) {
		if p.Name == "main" && strings.HasPrefix(p.ImportPath, module) {
			mains = append(mains, p.ImportPath)
		}
		for _, h := range heavy {
			if within(p.ImportPath, h) {
				t.Errorf("the root module imports %s", p.ImportPath)
			}
		}
	}
	if want := module + "/cmd/oakum"; len(mains) != 1 || mains[0] != want {
		t.Errorf("the root module builds %v, expected %s alone", mains, want)
	}
}
