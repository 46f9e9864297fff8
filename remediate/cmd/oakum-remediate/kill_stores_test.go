//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/store"
)

// every has each place be tried (`make kill`); else a seeded few are.
var every = os.Getenv("OAKUM_KILL") == "all"

// few is how many places are tried where not every one is, over all stores.
const few = 30

// minPlaces is how many places an apply into any store has to be killed at, so that
// announcements which get lost are noticed.
const minPlaces = 200

// toll stands before a store's server. It counts what passes, each request once on its way
// there and once on its way back, and can kill the asking program in between.
type toll struct {
	*httptest.Server
	to   string
	lock sync.Mutex
	seen int
	at   int // where it kills; 0: nowhere
	kill func()
}

func newToll(t *testing.T, to string) *toll {
	x := &toll{to: to}
	x.Server = httptest.NewServer(http.HandlerFunc(x.serve))
	t.Cleanup(x.Close)
	return x
}

func (x *toll) pass() {
	x.lock.Lock()
	defer x.lock.Unlock()
	if x.seen++; x.seen == x.at {
		x.kill()
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}
}

// set begins a count anew.
func (x *toll) set(at int, kill func()) {
	x.lock.Lock()
	defer x.lock.Unlock()
	x.seen, x.at, x.kill = 0, at, kill
}

func (x *toll) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	x.pass()
	out, err := http.NewRequest(r.Method, x.to+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	out.Header = r.Header.Clone()
	resp, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	x.pass()
	maps.Copy(w.Header(), resp.Header)
	w.WriteHeader(resp.StatusCode)
	w.Write(answer)
}

// place is where a program is killed: at a passage of the toll, or at a step of its disk.
type place struct {
	store   *realStore
	act     string
	network bool
	at      int
}

func (p place) String() string {
	kind := "disk step"
	if p.network {
		kind = "passage"
	}
	return fmt.Sprintf("%s, %s, %s %d", p.store.name, p.act, kind, p.at)
}

// The acts that are killed, each with how it comes to its end afterwards.
const (
	applying = "apply"
	undoing  = "rollback"
	givingUp = "apply, given up" // killed in the apply, and then rolled back
)

// realStore is a store that the program reaches by way of a toll, and the test past it.
type realStore struct {
	name, to string
	env      []string
	toll     *toll // nil for a file
	driver   store.Driver
	names    func(t *testing.T) []string // all that the store has
	clear    func(t *testing.T)

	l        *laptop
	plan, id string
	ends     map[string]end // of each act, uninterrupted
}

// end is what an act comes to: the files, and what the store holds.
type end struct {
	tree  map[string]string
	store string
}

// begin makes the plan, and lets each act come to its end once. It gives all places.
func (s *realStore) begin(t *testing.T) (places []place) {
	t.Helper()
	s.l = newLaptop(t)
	s.l.env = s.env
	s.plan, s.ends = filepath.Join(s.l.home, "plan.json"), map[string]end{}
	before := s.end(t)
	s.l.ok("remediate", "plan", s.l.dir, "--in-place", "--to", s.to, "--store-prefix", "orders", "--out", s.plan)
	var p struct{ ID string }
	if err := json.Unmarshal(must(os.ReadFile(s.plan)), &p); err != nil || p.ID == "" {
		t.Fatalf("the plan has no id: %v", err)
	}
	s.id = p.ID
	for _, act := range []string{applying, undoing} {
		passages, steps := s.counted(t, act)
		s.ends[act] = s.end(t)
		for n := 1; n <= max(passages, steps); n++ {
			for _, network := range []bool{true, false} {
				if network && n > passages || !network && n > steps {
					continue
				}
				places = append(places, place{s, act, network, n})
				if act == applying {
					places = append(places, place{s, givingUp, network, n})
				}
			}
		}
		if total := passages + steps; act == applying && total < minPlaces {
			t.Errorf("%s: an apply has %d places to be killed at, fewer than %d", s.name, total, minPlaces)
		}
		if s.toll != nil && passages < 10 {
			t.Errorf("%s: %s made %d passages", s.name, act, passages)
		}
		t.Logf("%s, %s: %d passages, %d disk steps", s.name, act, passages, steps)
	}
	s.ends[givingUp] = s.ends[undoing]
	if !maps.Equal(s.ends[undoing].tree, before.tree) || s.ends[undoing].store != "" || s.ends[applying].store == "" {
		t.Errorf("%s: a rollback leaves\n%v\nexpected\n%v", s.name, s.ends[undoing], before)
	}
	return places
}

// args are the program's for an act.
func (s *realStore) args(act string) []string {
	if act == undoing {
		return []string{"remediate", "rollback", s.id}
	}
	return []string{"remediate", "apply", s.plan}
}

// counted lets an act run, and tells how many places it has.
func (s *realStore) counted(t *testing.T, act string) (passages, steps int) {
	t.Helper()
	if s.toll != nil {
		s.toll.set(0, nil)
	}
	cmd, said := s.l.command(s.args(act)...)
	cmd.Env = append(cmd.Env, dieAt+"=0")
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s, %s: %v\n%s", s.name, act, err, said)
	}
	if s.toll != nil {
		passages = s.toll.seen
	}
	return passages, strings.Count(said.String(), stepMark)
}

// end looks at files and store.
func (s *realStore) end(t *testing.T) end {
	t.Helper()
	var lines []string
	for _, name := range s.names(t) {
		e, value, err := s.driver.Read(t.Context(), name, "")
		switch code := store.CodeOf(err); {
		case code == store.NotFound || code == store.GoneName:
			continue
		case err != nil:
			t.Fatalf("%s: read %s: %v", s.name, name, err)
		}
		value.Reveal(func(b []byte) error {
			lines = append(lines, fmt.Sprintf("%s version %s %v %s", name, e.Version, e.Tags, b))
			return nil
		})
	}
	slices.Sort(lines)
	return end{s.l.tree(), strings.Join(lines, "\n")}
}

// die runs an act that is killed at a place; told is what it said.
func (s *realStore) die(t *testing.T, p place) (told string) {
	t.Helper()
	cmd, said := s.l.command(s.args(p.act)...)
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
	s.l.reset()
	s.clear(t)
	if p.act == undoing {
		s.l.ok(s.args(applying)...)
	}
	told := s.die(t, p)
	last := s.args(p.act)
	if p.act == givingUp {
		last = s.args(undoing)
		if _, err := os.Stat(filepath.Join(s.l.home, "state", "remediate", "runs", s.id, "plan.json")); err != nil {
			last = nil // nothing had begun
		}
	}
	if last != nil {
		if p.at%3 == 0 {
			again, said := s.l.command(last...)
			again.Env = append(again.Env, dieAt+"="+strconv.Itoa(1+dice.IntN(60)))
			again.Run() // that many steps may not be left
			told += said.String()
		}
		told += s.l.ok(last...)
	}
	got, want := s.end(t), s.ends[p.act]
	if !maps.Equal(got.tree, want.tree) {
		t.Fatalf("%v: the project is\n%v\nexpected\n%v", p, got.tree, want.tree)
	}
	if got.store != want.store {
		t.Fatalf("%v: the store holds\n%s\nexpected\n%s", p, got.store, want.store)
	}
	s.silent(t, p, told)
}

// silent looks for the values in what was told, and in what the run keeps.
func (s *realStore) silent(t *testing.T, p place, told string) {
	t.Helper()
	texts := []string{told, string(must(os.ReadFile(s.plan)))}
	filepath.WalkDir(filepath.Join(s.l.home, "state"), func(name string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			texts = append(texts, string(must(os.ReadFile(name))))
		}
		return nil
	})
	for _, text := range texts {
		if strings.Contains(text, s.l.password) || strings.Contains(text, leaktest.Must(22, `{{github "ghp_"}}`)) {
			t.Errorf("%v: a value was told", p)
		}
	}
}

// TestKilledOverStores kills the program with SIGKILL, before and after every step of its
// disk and every request to a real store, in an apply and in a rollback; then it comes to
// the end that it would have come to: the same files, each secret in the store once and
// written once, nothing half done, and no value told. `make kill` tries every place.
func TestKilledOverStores(t *testing.T) {
	var places []place
	per := map[string]int{}
	for _, s := range realStores(t) {
		all := s.begin(t)
		per[s.name] = len(all)
		dice := rand.New(rand.NewPCG(30, uint64(len(places))))
		dice.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if !every {
			all = some(all, few/storeKinds)
		}
		places = append(places, all...)
	}
	if want := few; !every && len(places) != want {
		t.Fatalf("%d places are to be tried, not %d", len(places), want)
	}
	dice, tried := rand.New(rand.NewPCG(31, 32)), map[string]int{}
	for _, p := range places {
		p.store.try(t, p, dice)
		tried[p.store.name]++
	}
	t.Logf("killed at %v of %v places", tried, per)
	if every && !maps.Equal(tried, per) {
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
