package identity

import (
	"strings"
	"testing"
)

// kinds are all workloads, by the names of the settings.
var kinds = []string{"ecs", "ec2", "lambda", "pod_identity", "irsa", "github"}

// TestWorkloads takes each kind from its key to its role, does it twice, which is
// once, and takes it back.
func TestWorkloads(t *testing.T) {
	w := newWorld(t)
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			w.t = t
			w.said.Reset()
			s := w.settings(kind)
			p := w.done(s)
			w.holds(s, "applied")
			w.silent()
			said := w.said.String()
			w.gate.calls = nil
			w.done(s)
			if changes := w.changes(); len(changes) > 0 {
				t.Errorf("applied again, it did %v", changes)
			}
			if _, err := w.tools(s).Undo(t.Context(), s); err != nil {
				t.Fatalf("undo: %v", err)
			}
			w.gone(s, p, "taken back")
			w.done(s)
			w.holds(s, "applied anew")
			if _, err := w.tools(s).Undo(t.Context(), s); err != nil {
				t.Fatalf("undo again: %v", err)
			}
			w.gone(s, p, "taken back again")
			t.Log(said)
		})
	}
}

// reads begin the names of calls that change nothing.
var reads = []string{"Get", "List", "Describe", "Simulate", "Check", "Invoke"}

func changing(action string) bool {
	for _, r := range reads {
		if strings.HasPrefix(action, r) {
			return false
		}
	}
	return true
}

// changes are the calls since the last reset that change something.
func (w *world) changes() (all []string) {
	for _, c := range w.gate.calls {
		if _, action, _ := strings.Cut(c, " "); changing(action) {
			all = append(all, c)
		}
	}
	return all
}

// silent holds that the key's secret, and its whole id, were told nobody.
func (w *world) silent() {
	w.t.Helper()
	for _, v := range []string{w.leaked.SecretAccessKey, w.leaked.AccessKeyID, w.operator.SecretAccessKey} {
		if strings.Contains(w.said.String(), v) {
			w.t.Error("a key was told")
		}
	}
}
