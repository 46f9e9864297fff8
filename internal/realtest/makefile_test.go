package realtest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// make check brings every part that a test can ask for: where one was forgotten, it
// passes on the machine of whoever brought it by hand, and on no fresh one.
func TestMakefileBringsAll(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	var brought []string
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) > 2 && words[0] == "PARTS" {
			brought = append(brought, words[2:]...)
		}
	}
	for _, p := range Parts() {
		if p.Name != "ripgrep" && !slices.Contains(brought, p.Name) { // the benchmarks' alone, which bring it
			t.Errorf("make check does not bring %s: add it to PARTS", p.Name)
		}
	}
}
