// Package rotatetest asks every rotator for what package rotate promises: a whole
// rotation, its rollback from every stage, an end at every step with a resume, lost
// replies, a full disk, somebody else at the same secret.
//
// The failure modes that a case is about are named in it, by the numbers of
// docs/rotate.md.
package rotatetest

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/disk"
	"github.com/oakum-sec/oakum/remediate/internal/killtest"
	"github.com/oakum-sec/oakum/remediate/key"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/signed"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/store/storetest"
)

// Suite is how a rotator is asked.
type Suite struct {
	// Begin puts the provider to its beginning: the old credential is live and alone.
	// The rotator calls hook before and after each call to its provider; an error of
	// hook is the call's, as a lost connection's is.
	Begin func(t testing.TB, hook func() error) *Scene
	// Every is of how many steps one is tried as the last, where not all are asked for
	// (killtest.All); 0 is 1, which is all.
	Every int
	// Kills is how many ends a run must have tried at least, so that a hook which gets
	// lost is noticed.
	Kills int
	// Modes is how many failure modes must have been covered; 0 asks for none.
	Modes int
	// Store is where the credential is kept, under names that begin with prefix and are
	// free; nil is a store in memory.
	Store func(t testing.TB) (d store.Driver, prefix string)
	// Apart has each part of the credential in an entry of its own.
	Apart bool
	// Without are cases that cannot be asked of this rotator, and why.
	Without map[string]string
}

// Scene is a provider, at its beginning.
type Scene struct {
	Rotator rotate.Rotator
	Old     rotate.Credential
	Form    rotate.Form
	// Works tells whether the provider accepts a credential, without the rotator.
	Works func(c rotate.Credential) (bool, error)
	// Count is how many credentials the provider accepts for the subject, whoever has them.
	Count func() (int, error)
	// Use has a program use a credential until end is called; nil: it cannot be shown.
	Use func(c rotate.Credential) (end func(), err error)
	// Answer is what a person gives; for rotate.Person.
	Answer func() leak.Secret
}

// Case is a thing to ask.
type Case struct {
	Name  string
	Modes []int // failure modes of docs/rotate.md that it is about
	run   func(w *world)
}

// Cases are all of them.
func Cases() []Case {
	return []Case{
		{"whole", nil, whole},
		{"asks before it hurts", nil, asks},
		{"in a store without waiting versions", nil, plain},
		{"killed", []int{1, 2, 3, 40}, killedAnywhere},
		{"lost replies", []int{24, 25}, lostReplies},
		{"disk full", []int{5}, diskFull},
		{"rolled back", []int{17, 31}, rolledBack},
		{"two at once", []int{6}, twoAtOnce},
		{"older than the world", []int{7}, stale},
		{"changed in the middle", []int{19}, changedInTheMiddle},
		{"a rotation is going on", []int{20}, goingOn},
		{"not valid at once", []int{9}, notYet},
		{"still used", []int{14, 16, 32, 38}, stillUsed},
		{"already dead", []int{12}, alreadyDead},
		{"public first", []int{13}, publicFirst},
		{"no value leaves", []int{29}, silent},
		{"a trap", []int{30}, trap},
		{"refused where programs run", []int{22}, refusedThere},
		{"tried from here only", []int{15, 22, 25}, triedFromHere},
		{"still stands somewhere", []int{39}, stillStands},
		{"nothing in its place", []int{14, 16}, retired},
		{"on a schedule", nil, scheduled},
		{"between two entries", []int{1, 2, 3}, between},
	}
}

// Run asks all cases, and tells how much was covered.
func Run(t *testing.T, s Suite) {
	kills, modes, names, all := 0, map[int]bool{}, map[string]bool{}, true
	for _, c := range Cases() {
		names[c.Name] = true
		ran := false
		t.Run(c.Name, func(t *testing.T) {
			ran = true
			if why := s.Without[c.Name]; why != "" {
				t.Skip(why)
			}
			w := &world{T: t, suite: s}
			w.again()
			c.run(w)
			kills += w.kills
			for _, m := range c.Modes {
				modes[m] = true
			}
		})
		all = all && ran // -run may choose single cases
	}
	for name := range s.Without {
		if !names[name] {
			t.Errorf("the suite leaves out %q, which is no case", name)
		}
	}
	t.Logf("%d ends of a run were tried, %d failure modes covered", kills, len(modes))
	if all && len(modes) < s.Modes {
		t.Errorf("%d failure modes are covered, fewer than %d", len(modes), s.Modes)
	}
	if all && kills < s.Kills {
		t.Errorf("%d ends of a run were tried, fewer than %d", kills, s.Kills)
	}
}

// world is one rotation: a provider, a store, a disk and a clock.
type world struct {
	*testing.T
	suite Suite
	scene *Scene
	trait rotate.Traits
	store store.Driver
	names []string // of the entries; of each part's, where they are apart
	plain bool     // hide that the store can have versions wait
	deny  string   // an entry that cannot be written
	trap  string   // why the old credential must not be tried
	found []string // where the old value still stands
	asked []string // the values that were looked for
	wrote int      // how often one was
	state string
	clock time.Time
	who   string
	set   rotate.Settings
	users []consumer.Consumer
	told  *teller
	there *place // where programs run; nil: the new credential is tried from here only

	count int                   // of the steps that can be the last
	calls int                   // those of them that are before or after a call to the provider
	at    func(count int) error // what happens at a step; nil: nothing
	kills int
	said  bytes.Buffer
	kept  map[string]bool // values that were remembered
}

const entry = "prod/app"

// keep puts the old credential into a store.
func (w *world) keep() {
	w.Helper()
	name := entry
	w.store = &storetest.Memory{}
	if w.suite.Store != nil {
		w.store, name = w.suite.Store(w.T)
		name += "app"
	}
	if !w.suite.Apart {
		w.names, w.set.Entry, w.set.Form = []string{name}, name, w.scene.Form
		w.write(name, w.document(w.scene.Old))
		return
	}
	w.names, w.set.Entries = nil, map[string]string{}
	for _, part := range w.trait.Parts {
		w.set.Entries[part] = name + "-" + part
		w.names = append(w.names, w.set.Entries[part])
		w.write(w.set.Entries[part], w.scene.Old[part])
	}
}

func (w *world) write(name string, value leak.Secret) {
	w.Helper()
	if _, err := w.store.Write(w.Context(), store.Write{Name: name, Value: value, Token: uuid.NewString()}); err != nil {
		w.Fatal(err)
	}
}

// again puts everything to its beginning.
func (w *world) again() {
	w.Helper()
	w.at, w.count, w.deny, w.trap, w.found = nil, 0, "", "", nil
	w.scene = w.suite.Begin(w.T, w.call)
	w.trait = w.scene.Rotator.Traits()
	w.state, w.who = w.TempDir(), "ada@laptop"
	w.clock, w.kept = time.Now().UTC(), map[string]bool{}
	w.told = &teller{w: w}
	w.users, w.there = []consumer.Consumer{w.told}, &place{w: w}
	w.set = rotate.Settings{Name: "app", Kind: w.trait.Kind, Store: "memory:", Exposure: rotate.Private, AcceptBlip: true}
	w.keep()
}

// document is a credential as it stands in the entry.
func (w *world) document(c rotate.Credential) leak.Secret {
	w.Helper()
	seed := map[string]leak.Secret{"host": leak.NewSecret([]byte("db.internal"))}
	for part, v := range c {
		if _, fixed := w.scene.Form.Fixed[part]; !fixed {
			seed[part] = v
		}
	}
	doc, err := store.Document(seed)
	if err != nil {
		w.Fatal(err)
	}
	return doc
}

// call is a step that is before or after a call to the provider.
func (w *world) call() error {
	w.calls++
	return w.step()
}

func (w *world) step() error {
	w.count++
	if w.at == nil {
		return nil
	}
	return w.at(w.count)
}

func (w *world) machine() *rotate.Machine {
	k, err := key.New(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		w.Fatal(err)
	}
	return &rotate.Machine{
		Home: act.Home{Dir: w.state, Key: k, Who: w.who, Now: func() time.Time { return w.clock },
			Disk: disk.Disk{Watch: func(disk.Step) error { return w.step() }, Sync: func(*os.File) error { return nil }}},
		Version:   "test",
		Settings:  func(string, string) (rotate.Settings, error) { return w.set, nil },
		Open:      func(context.Context, string) (store.Driver, error) { return w.driver(), nil },
		Rotator:   func(context.Context, rotate.Settings) (rotate.Rotator, error) { return w.scene.Rotator, nil },
		Consumers: func(context.Context, rotate.Settings) ([]consumer.Consumer, error) { return w.users, nil },
		Places: func(context.Context, rotate.Settings) (all []consumer.Consumer, err error) {
			if w.there != nil {
				all = append(all, w.there)
			}
			return all, nil
		},
		Ask: func(context.Context, string) (leak.Secret, error) {
			if w.scene.Answer == nil {
				return leak.Secret{}, nil
			}
			return w.scene.Answer(), nil
		},
		Remember: func(_ context.Context, _ string, v leak.Secret) error {
			if err := w.step(); err != nil {
				return err
			}
			w.kept[store.Plain(v)] = true
			return w.step()
		},
		Search: func(_ context.Context, _ []string, values []leak.Secret) ([]string, error) {
			w.asked = nil
			for _, v := range values {
				w.asked = append(w.asked, store.Plain(v))
			}
			return w.found, nil
		},
		Trap:   func(rotate.Credential) string { return w.trap },
		Say:    func(format string, args ...any) { fmt.Fprintf(&w.said, format+"\n", args...) },
		Store:  store.Options{Pause: w.pause},
		Verify: rotate.Verify{Over: 3 * time.Second},
		Pause:  w.pause,
	}
}

// pause lets the clock go on, and nobody wait.
func (w *world) pause(ctx context.Context, d time.Duration) error {
	w.clock = w.clock.Add(d)
	return ctx.Err()
}

// order makes an order.
func (w *world) order() (*rotate.Order, []byte) {
	w.Helper()
	o, file, err := w.machine().Order(w.Context(), filepath.Join(w.state, "rotations.yaml"), "app")
	if err != nil {
		w.Fatal(err)
	}
	return o, file
}

// finish runs an order to its end as a person would: resuming, letting time pass, and
// saying yes. rest bounds how often it is killed again, at random places.
func (w *world) finish(o *rotate.Order, file []byte, dice *rand.Rand, rest int) {
	w.Helper()
	for range 60 {
		w.at = nil
		if rest > 0 {
			rest--
			w.at = killtest.At(w.count + 1 + dice.IntN(80))
		}
		err, lived := killtest.Alive(func() error { return w.goOn(o, file) })
		w.at = nil
		switch {
		case !lived:
		case err == nil:
			return
		case !w.waited(err):
			w.Fatalf("resume: %v", err)
		}
	}
	w.Fatal("it does not come to an end")
}

// goOn resumes, or begins where nothing had begun.
func (w *world) goOn(o *rotate.Order, file []byte) error {
	if _, err := os.Stat(filepath.Join(w.state, "runs", o.ID, "order.json")); err != nil {
		_, err := w.machine().Run(w.Context(), file, signed.Hash(file))
		return err
	}
	return w.machine().Resume(w.Context(), o.ID, signed.Hash(file))
}

// waited lets the time pass that an error asks for.
func (w *world) waited(err error) bool {
	wait, ok := asWait(err)
	if ok && wait.Until.After(w.clock) {
		w.clock = wait.Until
	}
	return ok
}

// current is the credential that programs read.
func (w *world) current() rotate.Credential {
	w.Helper()
	c := rotate.Credential{}
	for i, name := range w.names {
		_, value, err := w.store.Read(context.Background(), name, "")
		if err != nil {
			w.Fatal(err)
		}
		if w.suite.Apart {
			c[w.trait.Parts[i]] = value
		} else if c, err = w.scene.Form.Read(value, w.trait.Parts); err != nil {
			w.Fatal(err)
		}
	}
	return c
}

// written is all that the run left on the disk.
func (w *world) written() (all [][]byte) {
	w.Helper()
	err := filepath.WalkDir(w.state, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		all = append(all, text)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return all
}

// secrets are the values that must not be told.
func (w *world) secrets(all ...rotate.Credential) (values []string) {
	for _, c := range all {
		for _, part := range []string{rotate.Password, rotate.Token, rotate.SecretAccessKey, rotate.PrivateKey, rotate.KeyFile} {
			if v, ok := c[part]; ok && !slices.Contains(values, store.Plain(v)) {
				values = append(values, store.Plain(v))
			}
		}
	}
	return values
}
