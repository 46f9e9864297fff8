package rotatetest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/key"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/store/storetest"
)

// Load is a whole rotation, in real time, of a database's user while a service is asked
// a question every 20 ms that it has to go to the database for.
type Load struct {
	Rotator rotate.Rotator
	Old     rotate.Credential
	Open    func(rotate.Credential) (*sql.DB, error) // as the service connects
	Ask     string                                   // what the service asks: one text
	Pooled  bool                                     // it keeps connections; else each request has its own
}

// Loaded is what came of it.
type Loaded struct {
	Requests, Failed int
	Blip             time.Duration // from the first request that failed to the last
	AfterTold        int           // of those that failed, how many began after the service had the new credential
	First            error         // the first failure
}

func (l Loaded) String() string {
	return fmt.Sprintf("%d requests, %d failed, blip %s", l.Requests, l.Failed, l.Blip.Round(time.Millisecond))
}

// between is the time between requests.
const between = 20 * time.Millisecond

// Run rotates and counts. It takes some three seconds.
func (l Load) Run(t *testing.T) Loaded {
	t.Helper()
	st := &storetest.Memory{}
	doc, err := store.Document(l.Old)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.Write(t.Context(), store.Write{Name: entry, Value: doc, Token: "first"}); err != nil {
		t.Fatal(err)
	}
	s := &service{load: l, store: st}
	if err := s.reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer s.shut()
	s.web = httptest.NewServer(s)
	defer s.web.Close()
	c := newCounter(s.web.URL + "/orders")
	c.wait(10) // it was well before
	if err := l.rotate(t, st, s); err != nil {
		t.Fatal(err)
	}
	c.wait(10) // and is well after
	return c.end(s.toldAt)
}

// rotate runs an order to its end, waiting where it says so.
func (l Load) rotate(t *testing.T, st *storetest.Memory, s *service) error {
	k, err := key.New(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		return err
	}
	short := rotate.Duration(500 * time.Millisecond)
	set := rotate.Settings{Name: "app", Kind: l.Rotator.Traits().Kind, Store: "memory:", Entry: entry, Exposure: rotate.Private, AcceptBlip: true, Dwell: &short, Watch: &short}
	m := &rotate.Machine{
		Home: act.Home{Dir: t.TempDir(), Key: k, Who: "ada@laptop"}, Version: "test",
		Settings: func(string, string) (rotate.Settings, error) { return set, nil },
		Open:     func(context.Context, string) (store.Driver, error) { return st, nil },
		Rotator:  func(context.Context, rotate.Settings) (rotate.Rotator, error) { return l.Rotator, nil },
		Consumers: func(context.Context, rotate.Settings) ([]consumer.Consumer, error) {
			return []consumer.Consumer{s}, nil
		},
		Verify: rotate.Verify{Over: 600 * time.Millisecond},
	}
	o, file, err := m.Order(t.Context(), filepath.Join(m.Home.Dir, "rotations.yaml"), "app")
	if err != nil {
		return err
	}
	_, err = m.Run(t.Context(), file, rotate.Hash(file))
	for end := time.Now().Add(time.Minute); err != nil; err = m.Resume(t.Context(), o.ID, rotate.Hash(file)) {
		wait, ok := asWait(err)
		if !ok || time.Now().After(end) {
			return err
		}
		time.Sleep(max(time.Until(wait.Until), 50*time.Millisecond))
	}
	return nil
}

// service answers from the database. It reads its credential from the store when it
// begins, and when it is told.
type service struct {
	load  Load
	store *storetest.Memory
	web   *httptest.Server

	mu     sync.RWMutex // a request has it for reading, from its beginning to its end
	db     *sql.DB
	has    rotate.Credential
	toldAt time.Time
}

// reload reads the credential and goes over to it, once it is seen to work; requests
// that have begun end with the old one.
func (s *service) reload(ctx context.Context) error {
	_, value, err := s.store.Read(ctx, entry, "")
	if err != nil {
		return err
	}
	c, err := rotate.Form{}.Read(value, []string{rotate.Username, rotate.Password})
	if err != nil {
		return err
	}
	db, err := s.load.Open(c)
	if err != nil {
		return err
	}
	db.SetMaxIdleConns(map[bool]int{true: 4, false: -1}[s.load.Pooled])
	if err := db.PingContext(ctx); err != nil {
		return errors.Join(err, db.Close())
	}
	s.mu.Lock()
	old := s.db
	s.db, s.has, s.toldAt = db, c, time.Now()
	s.mu.Unlock()
	if old != nil {
		return old.Close()
	}
	return nil
}

func (s *service) shut() { s.db.Close() }

// ServeHTTP is the service: /orders asks the database, /reload is how it is told.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/reload" {
		if err := s.reload(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
		return
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var answer string
	if err := s.db.QueryRowContext(r.Context(), s.load.Ask).Scan(&answer); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	io.WriteString(w, answer)
}

func (s *service) String() string { return "the service" }
func (s *service) Risk() string   { return "none" }

// Done tells whether it has the new credential.
func (s *service) Done(_ context.Context, u consumer.Update) (bool, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.has.Equal(u.New), nil
}

// Do tells it, by its own address.
func (s *service) Do(ctx context.Context, _ consumer.Update) error {
	return get(ctx, s.web.URL+"/reload")
}

func (s *service) Undo(ctx context.Context, u consumer.Update) error { return s.Do(ctx, u) }

func get(ctx context.Context, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(strings.TrimSpace(string(text)))
	}
	return err
}

// counter asks a service until its end.
type counter struct {
	url  string
	stop chan struct{}
	all  sync.WaitGroup

	mu     sync.Mutex
	begun  int
	failed []failure
}

type failure struct {
	at  time.Time // when the request began
	why error
}

func newCounter(url string) *counter {
	c := &counter{url: url, stop: make(chan struct{})}
	c.all.Go(func() {
		tick := time.NewTicker(between)
		defer tick.Stop()
		for {
			select {
			case <-c.stop:
				return
			case <-tick.C:
				c.all.Go(c.once)
			}
		}
	})
	return c
}

func (c *counter) once() {
	at := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := get(ctx, c.url)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begun++
	if err != nil {
		c.failed = append(c.failed, failure{at, err})
	}
}

// wait waits until n more requests have ended.
func (c *counter) wait(n int) {
	count := func() int { c.mu.Lock(); defer c.mu.Unlock(); return c.begun }
	for until := count() + n; count() < until; time.Sleep(between) {
	}
}

func (c *counter) end(told time.Time) (l Loaded) {
	close(c.stop)
	c.all.Wait()
	l.Requests, l.Failed = c.begun, len(c.failed)
	var first, last time.Time
	for _, f := range c.failed {
		if first.IsZero() || f.at.Before(first) {
			first, l.First = f.at, f.why
		}
		if f.at.After(last) {
			last = f.at
		}
		if f.at.After(told) {
			l.AfterTold++
		}
	}
	l.Blip = last.Sub(first)
	return l
}
