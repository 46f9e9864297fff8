package rotatetest

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/key"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/signed"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/store/storetest"
)

// Load is a database whose users are rotated, in real time, while the sample service
// (testdata/apps/orders, on Node.js) is asked every 20 ms for what it has to go to the
// database for. It is told by a rolling deployment.
type Load struct {
	Database string   // and its version, for the record
	Env      []string // which client the service takes, and where its database is
	// Begin is a rotation to be: of two users that take turns, or of a single one.
	Begin func(t testing.TB, single bool) (rotate.Rotator, rotate.Credential)
	Works func(c rotate.Credential) (bool, error)
}

// Run rotates in both modes, with a service that keeps its connections and with one that
// makes one for each request. Where two users take turns no request fails. A single user
// has a blip, which is measured, where connections are new.
func (l Load) Run(t *testing.T) {
	t.Helper()
	for _, pooled := range []bool{true, false} {
		for _, single := range []bool{false, true} {
			rotator, old := l.Begin(t, single)
			got := l.once(t, rotator, old, pooled)
			t.Logf("%s, Node.js, single user %v, pooled %v: %s", l.Database, single, pooled, got)
			switch {
			case got.afterTold > 0 || !single && got.failed > 0:
				t.Errorf("single user %v, pooled %v: %d failed, %d of them after the service was told: %v", single, pooled, got.failed, got.afterTold, got.first)
			case single && !pooled && got.failed == 0:
				t.Error("a single user has no blip: it was not measured")
			}
			if is, err := l.Works(old); err != nil || is {
				t.Errorf("the old credential works: %v %v", is, err)
			}
		}
	}
}

// once is one rotation, of some three seconds.
func (l Load) once(t *testing.T, rotator rotate.Rotator, old rotate.Credential, pooled bool) loaded {
	t.Helper()
	st := &storetest.Memory{}
	doc, err := store.Document(old)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.Write(t.Context(), store.Write{Name: entry, Value: doc, Token: "first"}); err != nil {
		t.Fatal(err)
	}
	env := l.Env
	if !pooled {
		env = append([]string{"DB_POOL=0"}, env...)
	}
	d := deploy(t, st, env)
	c := newCounter(d.web.URL + "/orders")
	c.wait(10) // it was well before
	if err := rotateNow(t, rotator, st, d); err != nil {
		t.Fatal(err)
	}
	c.wait(10) // and is well after
	return c.end(d.toldAt)
}

// rotateNow runs an order to its end, waiting where it says so.
func rotateNow(t *testing.T, rotator rotate.Rotator, st store.Driver, who consumer.Consumer) error {
	k, err := key.New(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		return err
	}
	short := rotate.Duration(500 * time.Millisecond)
	set := rotate.Settings{Name: "app", Kind: rotator.Traits().Kind, Store: "memory:", Entry: entry, Exposure: rotate.Private, AcceptBlip: true, AcceptUnseen: !rotator.Traits().SeesNew, Dwell: &short, Watch: &short}
	m := &rotate.Machine{
		Home: act.Home{Dir: t.TempDir(), Key: k, Who: "ada@laptop"}, Version: "test",
		Settings: func(string, string) (rotate.Settings, error) { return set, nil },
		Open:     func(context.Context, string) (store.Driver, error) { return st, nil },
		Rotator:  func(context.Context, rotate.Settings) (rotate.Rotator, error) { return rotator, nil },
		Consumers: func(context.Context, rotate.Settings) ([]consumer.Consumer, error) {
			return []consumer.Consumer{who}, nil
		},
		Verify: rotate.Verify{Over: 600 * time.Millisecond},
	}
	o, file, err := m.Order(t.Context(), filepath.Join(m.Home.Dir, "rotations.yaml"), "app")
	if err != nil {
		return err
	}
	_, err = m.Run(t.Context(), file, signed.Hash(file))
	for end := time.Now().Add(time.Minute); err != nil; err = m.Resume(t.Context(), o.ID, signed.Hash(file)) {
		wait, ok := asWait(err)
		if !ok || time.Now().After(end) {
			return err
		}
		time.Sleep(max(time.Until(wait.Until), 50*time.Millisecond))
	}
	return nil
}
