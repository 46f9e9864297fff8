package identity

import (
	"errors"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/remediate/disk"
	"github.com/oakum-sec/oakum/remediate/internal/killtest"
)

// points counts the places at which the world, or what a run has written down, is
// another than before: before and after each call that changes something, and after
// each second file that was written, or each (OAKUM_KILL=all). Between two of them a run
// looks, and its end there is the same as at the one before.
type points struct{ n, stop, files int }

func (w *world) watch(p *points) {
	at := func() error {
		if p.n++; p.n == p.stop {
			killtest.Die()
		}
		return nil
	}
	w.at = func(c Call) error {
		if !changing(c.Action) {
			return nil
		}
		return at()
	}
	w.disk = func(s disk.Step) error {
		if s.Op != "rename" || !s.Done {
			return nil
		}
		if p.files++; p.files%2 == 1 && !killtest.All() {
			return nil
		}
		return at()
	}
}

func (w *world) unwatched() { w.at, w.disk = nil, nil }

// approved are tools with the yes of somebody who read the plan.
func (w *world) approved(s *Settings) *Tools {
	w.t.Helper()
	tools := w.tools(s)
	p, err := tools.Plan(w.t.Context(), s)
	w.must(err)
	tools.Approve, err = p.Hash()
	w.must(err)
	return tools
}

// minKills is how many places each kind has at least, so that a hook which gets lost is
// noticed.
var minKills = map[bool]map[string]int{
	false: {"ecs": 24, "ec2": 22, "lambda": 26, "pod_identity": 17, "irsa": 19, "github": 17},
	true:  {"ecs": 37, "ec2": 35, "lambda": 41, "pod_identity": 28, "irsa": 32, "github": 28},
}

// TestKilled ends a run at each place that can be its last. Gone on with, it comes to
// the end that it would have come to: one role, one revision a step, one association,
// the workload attached and without the key, and the key Active.
func TestKilled(t *testing.T) {
	w := newWorld(t)
	for _, kind := range killKinds {
		t.Run(kind, func(t *testing.T) {
			w.t = t
			kills := 0
			for n := 1; ; n++ {
				w.said.Reset()
				w.gate.calls = nil
				s := w.settings(kind)
				w.unwatched()
				tools := w.approved(s)
				count := &points{stop: n}
				w.watch(count)
				tools.Disk.Watch = w.disk
				_, lived := killtest.Alive(func() error { _, err := tools.Apply(t.Context(), s); return err })
				w.unwatched()
				if lived && count.n < n {
					w.holds(s, "not killed")
					_, err := w.tools(s).Undo(t.Context(), s)
					w.must(err)
					break
				}
				kills++
				p := w.done(s)
				w.holds(s, "killed")
				w.once(kind)
				if kind != "ecs" && kind != "lambda" || n%5 == 0 { // providers are one an account
					_, err := w.tools(s).Undo(t.Context(), s)
					w.must(err)
					w.gone(s, p, "killed, and taken back")
				}
				w.silent()
			}
			t.Logf("%d places", kills)
			if least := minKills[killtest.All()][kind]; kills < least {
				t.Errorf("%d places to be killed at, fewer than %d", kills, least)
			}
		})
	}
}

// once holds that what makes things was asked once: what a process that ended had made
// is found, and not made again.
func (w *world) once(kind string) {
	w.t.Helper()
	times := map[string]int{}
	for _, c := range w.changes() {
		times[c]++
	}
	limits := map[string]int{"iam CreateRole": 1, "iam PutRolePolicy": 1, "ecs RegisterTaskDefinition": 2 /* one a step */, "ec2 AssociateIamInstanceProfile": 1, "eks CreatePodIdentityAssociation": 1}
	if kind == "lambda" {
		limits["iam PutRolePolicy"] = 3 // what the role of before has is put again as a whole
	}
	for c, most := range limits {
		if times[c] > most {
			w.t.Errorf("%s was asked %d times", c, times[c])
		}
	}
}

const minUndoKills = 54 // of 159 with OAKUM_KILL=all

// killKinds are the kinds without GitLab, which is made as GitHub is.
var killKinds = kinds[:len(kinds)-1]

// TestKilledUndo ends an undo at each place; gone on with, nothing of ours is left.
func TestKilledUndo(t *testing.T) {
	w := newWorld(t)
	total := 0
	for _, kind := range killKinds {
		t.Run(kind, func(t *testing.T) {
			w.t = t
			for n := 1; ; n += killtest.Every(2) {
				s := w.settings(kind)
				w.unwatched()
				p := w.done(s)
				count := &points{stop: n}
				w.watch(count)
				_, lived := killtest.Alive(func() error { _, err := w.tools(s).Undo(t.Context(), s); return err })
				w.unwatched()
				if lived {
					w.gone(s, p, "not killed")
					break
				}
				total++
				if _, err := w.tools(s).Undo(t.Context(), s); err != nil && n > 1 {
					// A kill at the very end leaves nothing to go on with.
					if p2, perr := w.tools(s).Plan(t.Context(), s); perr != nil || p2.Run == p.Run {
						t.Fatalf("undo goes on: %v", err)
					}
				}
				w.gone(s, p, "killed in its undo")
			}
		})
	}
	t.Logf("%d places", total)
	if total < minUndoKills {
		t.Errorf("%d places to be killed at", total)
	}
}

// faults are what can befall a call, with how it is met.
var faults = []struct {
	name string
	fault
}{
	{"lost", fault{lost: true}},
	{"throttled", fault{status: 429}},
	{"down", fault{status: 503}},
}

// TestFaults has each call of a run end badly once: its reply lost, throttled, and not
// answered. It is made again, and the end is the same.
func TestFaults(t *testing.T) {
	w := newWorld(t)
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			w.t = t
			for _, f := range faults {
				s := w.settings(kind)
				tools := w.approved(s)
				met := 0
				again := map[string]int{}
				w.at = func(c Call) error {
					key := c.Service + c.Action
					if again[key]++; !c.Done && again[key]%3 == 1 { // the next try, which is two words later, is let through
						w.gate.fail(fault{action: c.Action, lost: f.lost, status: f.status})
						met++
					}
					return nil
				}
				p, err := tools.Apply(t.Context(), s)
				w.at = nil
				if err != nil {
					t.Fatalf("%s: %v", f.name, err)
				}
				if left := w.gate.left(); left != 0 || met < 15 {
					t.Errorf("%s: %d faults were met, %d are left", f.name, met, left)
				}
				w.holds(s, f.name)
				if _, err := w.tools(s).Undo(t.Context(), s); err != nil {
					t.Fatal(err)
				}
				w.gone(s, p, f.name)
			}
		})
	}
}

// TestNotYet: IAM's changes reach other services within seconds, in which they say that
// there is no such role. Any other refusal of theirs ends the run.
func TestNotYet(t *testing.T) {
	w := newWorld(t)
	for kind, f := range map[string]fault{
		"lambda":       {action: "UpdateFunctionConfiguration", status: 400, code: "InvalidParameterValueException", words: "The role defined for the function cannot be assumed by Lambda."},
		"ec2":          {action: "AssociateIamInstanceProfile", status: 400, code: "InvalidParameterValue", words: "Value (orders) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"},
		"pod_identity": {action: "CreatePodIdentityAssociation", status: 400, code: "InvalidParameterException", words: "Role provided in the request does not exist."},
	} {
		s := w.settings(kind)
		for range 3 {
			w.gate.fail(f)
		}
		w.done(s)
		w.holds(s, "not yet")
		if !strings.Contains(w.waits, "does not know the new role everywhere yet") || w.gate.left() != 0 {
			t.Errorf("%s: it waited for %q, and %d faults are left", kind, w.waits, w.gate.left())
		}
		w.waits = ""
		s = w.settings(kind)
		f.words = "no"
		w.gate.fail(f)
		w.refused(s, nil, f.code)
	}
}

var errNoise = errors.New("no space left on device")

// TestDiskFull ends runs where their journal cannot be written: nothing is done that it
// would have announced, and there is a way on.
func TestDiskFull(t *testing.T) {
	w := newWorld(t)
	for n := 1; n < 30; n += 4 {
		s := w.settings("ecs")
		tools := w.approved(s)
		count := 0
		tools.Disk.Watch = func(st disk.Step) error {
			if st.Op == "sync" && !st.Done {
				if count++; count >= n {
					return errNoise
				}
			}
			return nil
		}
		if _, err := tools.Apply(t.Context(), s); !errors.Is(err, errNoise) {
			t.Fatalf("full at %d: %v", n, err)
		}
		w.done(s)
		w.holds(s, "disk full")
	}
}
