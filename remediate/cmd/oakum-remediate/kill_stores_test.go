//go:build unix

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/store"
)

// every has each place be tried (`make kill`), of one store where it is named; else a
// seeded few are.
var every = os.Getenv("OAKUM_KILL")

// few is how many places are tried where not every one is, over all stores.
const few = 30

// minPlaces is how many places an apply into any store has to be killed at, so that
// announcements which get lost are noticed.
const minPlaces = 200

// place is where a program is killed: at a passage of the toll, or at a step of its disk.
type place struct {
	store   *realStore
	act     deed
	network bool
	at      int
}

func (p place) String() string {
	kind := "disk step"
	if p.network {
		kind = "passage"
	}
	return fmt.Sprintf("%s, %s, %s %d", p.store.name, p.act.name, kind, p.at)
}

// deed is what is killed, how it comes to its end afterwards, and what goes before.
type deed struct {
	name   string
	before []string // commands
	killed string
	last   string
}

// side is 1 for a place between the program and the store's server.
func (p place) side() int {
	if p.network {
		return 1
	}
	return 0
}

// The commands of acts. The first plan moves all; the second adds a field to a document of
// the first, which by then is there, with the file in which it was found.
const (
	apply, rollback = "apply", "rollback"
	grow, shrink    = "grow", "shrink"
)

var acts = []deed{
	{"apply", nil, apply, apply},
	{"rollback", []string{apply}, rollback, rollback},
	{"apply, given up", nil, apply, rollback},
	{"addition", []string{apply}, grow, grow},
	{"addition taken back", []string{apply, grow}, shrink, shrink},
	{"addition, given up", []string{apply}, grow, shrink},
}

// realStore is a store that the program reaches by way of a toll, and the test past it.
type realStore struct {
	name, to string
	env      []string
	toll     *toll // nil for a file
	driver   store.Driver
	names    func(t *testing.T) []string // all that the store has
	clear    func(t *testing.T)

	l     *laptop
	plans map[string]string // the files of both, by the command that applies them
	ids   map[string]string
	ends  map[string]end // after each command, where nothing is killed
}

// end is what an act comes to: the files, and what the store holds.
type end struct {
	tree  map[string]string
	store string // with versions and tags
	held  string // without
}

// begin makes both plans, and lets each command come to its end once. It gives all places.
func (s *realStore) begin(t *testing.T) (places []place) {
	t.Helper()
	s.l = newLaptop(t)
	s.l.env = s.env
	if s.driver == nil {
		s.driver = s.l.age()
	}
	s.plans, s.ids, s.ends = map[string]string{}, map[string]string{}, map[string]end{}
	before := s.end(t)
	passages, steps := map[string]int{}, map[string]int{}
	run := func(command string) {
		t.Helper()
		passages[command], steps[command] = s.counted(t, command)
		s.ends[command] = s.end(t)
		t.Logf("%s, %s: %d passages, %d disk steps", s.name, command, passages[command], steps[command])
		if total := passages[command] + steps[command]; command == apply && total < minPlaces {
			t.Errorf("%s: an apply has %d places to be killed at, fewer than %d", s.name, total, minPlaces)
		}
	}
	s.planned(t, apply, rollback)
	run(apply)
	run(rollback)
	if !maps.Equal(s.ends[rollback].tree, before.tree) || s.ends[rollback].store != "" || s.ends[apply].store == "" {
		t.Errorf("%s: a rollback leaves\n%v\nexpected\n%v", s.name, s.ends[rollback], before)
	}
	s.prepare(t, []string{apply, "more"})
	grown := s.end(t)
	s.planned(t, grow, shrink)
	run(grow)
	run(shrink)
	if !maps.Equal(s.ends[shrink].tree, grown.tree) || s.ends[shrink].held != grown.held || s.ends[grow].held == grown.held {
		t.Errorf("%s: an addition that is taken back leaves\n%v\nexpected\n%v", s.name, s.ends[shrink], grown)
	}
	for _, a := range acts {
		for n := 1; n <= passages[a.killed]; n++ {
			places = append(places, place{s, a, true, n})
		}
		for n := 1; n <= steps[a.killed]; n++ {
			places = append(places, place{s, a, false, n})
		}
	}
	return places
}

// planned makes a plan of what the project is now.
func (s *realStore) planned(t *testing.T, does, undoes string) {
	t.Helper()
	file := filepath.Join(s.l.home, does+".json")
	s.l.ok("remediate", "plan", s.l.dir, "--in-place", "--to", s.to, "--store-prefix", "orders", "--out", file)
	var p struct{ ID string }
	if err := json.Unmarshal(must(os.ReadFile(file)), &p); err != nil || p.ID == "" {
		t.Fatalf("the plan has no id: %v", err)
	}
	s.plans[does], s.ids[undoes] = file, p.ID
}

// args are the program's for a command.
func (s *realStore) args(command string) []string {
	if id := s.ids[command]; id != "" {
		return []string{"remediate", "rollback", id}
	}
	return []string{"remediate", "apply", s.plans[command]}
}

// prepare puts project and store to where an act begins.
func (s *realStore) prepare(t *testing.T, commands []string) {
	t.Helper()
	s.l.reset()
	s.clear(t)
	for _, command := range commands {
		if command == grow || command == "more" {
			s.l.file("config/root.env", "DB_ROOT_PASSWORD="+leaktest.Must(26, `{{alnum 24}}`)+"\n")
		}
		if command != "more" {
			s.l.ok(s.args(command)...)
		}
	}
}

// counted lets an act run, and tells how many places it has.
func (s *realStore) counted(t *testing.T, command string) (passages, steps int) {
	t.Helper()
	if s.toll != nil {
		s.toll.set(0, nil)
	}
	cmd, said := s.l.command(s.args(command)...)
	cmd.Env = append(cmd.Env, dieAt+"=0")
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s, %s: %v\n%s", s.name, command, err, said)
	}
	if s.toll != nil {
		passages = s.toll.seen
	}
	return passages, strings.Count(said.String(), stepMark)
}

// end looks at files and store.
func (s *realStore) end(t *testing.T) end {
	t.Helper()
	var lines, held []string
	for _, name := range s.names(t) {
		e, value, err := s.driver.Read(t.Context(), name, "")
		switch code := store.CodeOf(err); {
		case code == store.NotFound && s.toll != nil: // it is in the store's list
			held = append(held, name+" has no value")
			continue
		case code == store.NotFound || code == store.GoneName:
			continue
		case err != nil:
			t.Fatalf("%s: read %s: %v", s.name, name, err)
		}
		if e.Tags["oakum-journal"] == "" {
			t.Errorf("%s has no journal's head: %v", name, e.Tags)
		}
		delete(e.Tags, "oakum-journal") // has the time in it
		value.Reveal(func(b []byte) error {
			lines = append(lines, fmt.Sprintf("%s version %s %v %s", name, e.Version, e.Tags, b))
			held = append(held, fmt.Sprintf("%s %s pending %q", name, b, e.Pending))
			return nil
		})
	}
	slices.Sort(lines)
	slices.Sort(held)
	return end{s.l.tree(), strings.Join(lines, "\n"), strings.Join(held, "\n")}
}

// die runs an act that is killed at a place; told is what it said.
func (s *realStore) die(t *testing.T, p place) (told string) {
	t.Helper()
	cmd, said := s.l.command(s.args(p.act.killed)...)
	if p.network {
		started := make(chan struct{})
		s.toll.set(p.at, func() { <-started; cmd.Process.Signal(syscall.SIGKILL) })
		defer close(started) // where it does not start
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		started <- struct{}{}
	} else {
		cmd.Env = append(cmd.Env, dieAt+"="+strconv.Itoa(p.at))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
	}
	cmd.Wait()
	if s.toll != nil {
		s.toll.set(0, nil)
	}
	if !signaled(cmd) {
		t.Errorf("%v: the program was not killed:\n%s", p, said)
	}
	return said.String()
}

func signaled(cmd *exec.Cmd) bool {
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signal() == syscall.SIGKILL
}

// try kills an act at a place, one time in three once more, and has it come to its end.
func (s *realStore) try(t *testing.T, p place, dice *rand.Rand) {
	t.Helper()
	before := p.act.before
	if p.act.killed == grow {
		before = append(slices.Clone(before), "more")
	}
	s.prepare(t, before)
	told := s.die(t, p)
	last, begun := s.args(p.act.last), true
	if p.act.last != p.act.killed { // given up, where there is something to give up
		_, err := os.Stat(filepath.Join(s.l.home, "state", "remediate", "runs", s.ids[p.act.last], "plan.json"))
		begun = err == nil
	}
	if begun && p.at%3 == 0 {
		again, said := s.l.command(last...)
		again.Env = append(again.Env, dieAt+"="+strconv.Itoa(1+dice.IntN(60)))
		again.Run() // that many steps may not be left
		told += said.String()
	}
	if begun {
		told += s.l.ok(last...)
	}
	got, want := s.end(t), s.ends[p.act.last]
	if !maps.Equal(got.tree, want.tree) {
		t.Fatalf("%v: the project is\n%v\nexpected\n%v", p, got.tree, want.tree)
	}
	// What was given up may never have been written, and has no version of its own then.
	if got.held != want.held || p.act.last == p.act.killed && got.store != want.store {
		t.Fatalf("%v: the store holds\n%s\nexpected\n%s", p, got.store, want.store)
	}
	s.silent(t, p, told)
}

// silent looks for the values in what was told, and in what the run keeps.
func (s *realStore) silent(t *testing.T, p place, told string) {
	t.Helper()
	texts := []string{told, string(must(os.ReadFile(s.plans[apply]))), string(must(os.ReadFile(s.plans[grow])))}
	filepath.WalkDir(filepath.Join(s.l.home, "state"), func(name string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			texts = append(texts, string(must(os.ReadFile(name))))
		}
		return nil
	})
	for _, text := range texts {
		for _, value := range []string{s.l.password, leaktest.Must(22, `{{github "ghp_"}}`), leaktest.Must(26, `{{alnum 24}}`)} {
			if strings.Contains(text, value) {
				t.Errorf("%v: a value was told", p)
			}
		}
	}
}

// TestKilledOverStores kills the program with SIGKILL, before and after every step of its
// disk and every request to a real store, in each of the acts; then it comes to
// the end that it would have come to: the same files, each secret in the store once and
// written once, nothing half done, and no value told. `make kill` tries every place.
func TestKilledOverStores(t *testing.T) {
	var places []place
	per := map[string]int{}
	for i, s := range realStores(t) {
		if every != "" && every != "all" && every != s.name {
			continue
		}
		all := s.begin(t)
		per[s.name] = len(all)
		dice := rand.New(rand.NewPCG(30, uint64(len(places))))
		dice.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if every == "" {
			all = some(all, (few+storeKinds-1-i)/storeKinds)
		}
		places = append(places, all...)
	}
	if want := few; every == "" && len(places) != want {
		t.Fatalf("%d places are to be tried, not %d", len(places), want)
	}
	dice, tried := rand.New(rand.NewPCG(31, 32)), map[string]int{}
	slices.SortStableFunc(places, func(a, b place) int { // what a store's server has a part in comes first
		return cmp.Compare(b.side(), a.side())
	})
	for i, p := range places {
		if i%500 == 499 {
			t.Logf("%d of %d places", i+1, len(places))
		}
		p.store.try(t, p, dice)
		tried[p.store.name]++
	}
	t.Logf("killed at %v of %v places", tried, per)
	if every != "" && !maps.Equal(tried, per) {
		t.Errorf("killed at %v of %v places", tried, per)
	}
}

// some takes places so that half are requests, where there are such.
func some(all []place, n int) (taken []place) {
	for _, network := range []bool{true, false} {
		for _, p := range all {
			if half := n / 2; p.network == network && (!network && len(taken) < n || len(taken) < half) {
				taken = append(taken, p)
			}
		}
	}
	return taken
}
