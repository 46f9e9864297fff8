package remediate

import (
	"errors"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/remediate/journal"
)

// TestTogether: all entries of a target are stored in one write, and each step stands in
// the journal with its intent before its effect.
func TestTogether(t *testing.T) {
	w := newWorld(t)
	w.batch = true
	p, file := w.planned(Wish{To: "memory:"})
	if err := w.apply(file); err != nil {
		t.Fatal(err)
	}
	s, err := w.tools().Status(p.ID)
	if err != nil {
		t.Fatal(err)
	}
	puts, written := 0, map[string]string{}
	for _, step := range p.Steps {
		if step.Do == DoPut {
			puts++
		}
	}
	with := 0
	for _, r := range s.Records {
		written[r.Step] += string(r.Phase) + " "
		with += r.With
	}
	for _, step := range p.Steps {
		if got := written[step.ID]; step.Do == DoPut && got != "intent effect verified " {
			t.Errorf("%s: the journal has %q", step.ID, got)
		}
	}
	if puts < 2 || with != 3*(puts-1) {
		t.Errorf("of %d puts %d records were written together with others", puts, with)
	}
}

// TestTogetherAndLost: where the one write is refused, or its reply is lost, each entry is
// stored alone, and once.
func TestTogetherAndLost(t *testing.T) {
	w := newWorld(t)
	w.batch = true
	_, file := w.planned(Wish{To: "memory:"})
	if err := w.apply(file); err != nil {
		t.Fatal(err)
	}
	want, steps := w.kept(), w.count
	lost := errors.New("no answer")
	tried := 0
	for n := 1; n <= steps; n++ {
		w.again()
		w.count, w.at = 0, func(count int) error {
			if count == n && strings.Contains(string(debug.Stack()), ".WriteAll(") {
				tried++
				return lost
			}
			return nil
		}
		if err := w.apply(file); err != nil {
			t.Errorf("step %d: %v", n, err)
		}
		if got := w.kept(); got != want {
			t.Errorf("step %d: the store holds\n%s\nexpected\n%s", n, got, want)
		}
	}
	if tried != 2 {
		t.Errorf("%d replies were lost, before and after the write", tried)
	}
}

// TestTogetherAndTaken: a name that somebody took after the plan keeps its value, the step
// says so, and its failure is in the journal.
func TestTogetherAndTaken(t *testing.T) {
	w := newWorld(t)
	w.batch = true
	p, file := w.planned(Wish{To: "memory:"})
	var last Step
	for _, step := range p.Steps {
		if step.Do == DoPut {
			last = step
		}
	}
	name := p.Secrets[last.Secrets[0]].Name
	w.count, w.at = 0, func(int) error {
		if strings.Contains(string(debug.Stack()), ".CreateAll(") && w.store.Versions(name) == 0 {
			w.put(name, "somebody else's")
		}
		return nil
	}
	err := w.apply(file)
	if !errors.Is(err, ErrStale) && (err == nil || !strings.Contains(err.Error(), name)) {
		t.Fatalf("a taken name: %v", err)
	}
	s, statusErr := w.tools().Status(p.ID)
	if statusErr != nil || s.Records[len(s.Records)-1].Phase != journal.Failed || s.Records[len(s.Records)-1].Step != last.ID {
		t.Errorf("the journal ends %+v, %v", s.Records[len(s.Records)-1], statusErr)
	}
	if got := w.store.Versions(name); got != 1 {
		t.Errorf("%s was written %d times", name, got)
	}
}
