package remediate

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestApplyInPlace(t *testing.T) {
	w := newWorld(t)
	before := treeOf(t, w.dir)
	p, file := w.planned(Wish{To: "memory:"})
	if err := w.apply(file); err != nil {
		t.Fatal(err)
	}
	after := treeOf(t, w.dir)
	for name, text := range after {
		for _, v := range sampleValues(t) {
			if strings.Contains(text, v) {
				t.Errorf("%s still holds a value", name)
			}
		}
	}
	for _, name := range []string{"notes.txt", "deploy/run.sh"} {
		if before[name] != after[name] {
			t.Errorf("%s was changed", name)
		}
	}
	if !strings.Contains(after["deploy/production.yml"], "service: orders\r\n") || !strings.HasPrefix(after[".env"], "-rw-------") {
		t.Errorf("line ends or modes are not kept: %q, %q", after["deploy/production.yml"], after[".env"])
	}
	s, err := w.tools().Status(p.ID)
	if err != nil {
		t.Fatal(err)
	}
	for i, state := range s.States {
		if state != Moved {
			t.Errorf("%s is %s", p.Secrets[i].Env, state)
		}
	}
	if len(p.Secrets) != 4 || len(s.States) != 4 {
		t.Errorf("%d secrets", len(p.Secrets))
	}
	if err := w.apply(file); err != nil {
		t.Errorf("applied twice: %v", err)
	}
	if !maps.Equal(treeOf(t, w.dir), after) {
		t.Error("applying twice is not applying once")
	}
	if err := w.tools().Rollback(t.Context(), p.ID); err != nil {
		t.Fatal(err)
	}
	if got := treeOf(t, w.dir); !maps.Equal(got, before) || w.kept() != "" {
		t.Errorf("a rollback leaves %v, and in the store %q", slices.Collect(maps.Keys(got)), w.kept())
	}
	w.silent(string(file))
}
