package main

import (
	"bufio"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Nothing in this program calls a method whose name it learns when it runs, as text/template
// does. Where something can, the linker keeps each exported method of each type, here those of
// all of Kubernetes': a third more program, most of which becomes resident.
func TestNothingCallsMethodsByName(t *testing.T) {
	c := exec.Command("go", "build", "-ldflags=-dumpdep", "-o", filepath.Join(t.TempDir(), "program"), ".")
	edges, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	seen, told := 0, 0
	lines := bufio.NewScanner(edges)
	lines.Buffer(nil, 1<<20) // of generic types' names
	for lines.Scan() {
		seen++
		if from, to, _ := strings.Cut(lines.Text(), " -> "); strings.Contains(to, "<ReflectMethod>") && told < 5 {
			told++
			t.Errorf("%s calls %s", from, to)
		}
	}
	if err := c.Wait(); err != nil || lines.Err() != nil {
		t.Fatalf("%v, %v: what the linker said last: %s", err, lines.Err(), lines.Text())
	}
	if seen < 10_000 {
		t.Errorf("%d edges of the linker's: it tells them another way", seen)
	}
}
