package rotatetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// loaded is what came of asking a service all the time.
type loaded struct {
	requests, failed int
	blip             time.Duration // from the first request that failed to the last
	afterTold        int           // of those that failed, how many began after the service had the new credential
	first            error         // the first failure
}

func (l loaded) String() string {
	return fmt.Sprintf("%d requests, %d failed, blip %s", l.requests, l.failed, l.blip.Round(time.Millisecond))
}

// pace is the time between requests.
const pace = 20 * time.Millisecond

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
		tick := time.NewTicker(pace)
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
	for until := count() + n; count() < until; time.Sleep(pace) {
	}
}

func (c *counter) end(told time.Time) (l loaded) {
	close(c.stop)
	c.all.Wait()
	l.requests, l.failed = c.begun, len(c.failed)
	var first, last time.Time
	for _, f := range c.failed {
		if first.IsZero() || f.at.Before(first) {
			first, l.first = f.at, f.why
		}
		if f.at.After(last) {
			last = f.at
		}
		if f.at.After(told) {
			l.afterTold++
		}
	}
	l.blip = last.Sub(first)
	return l
}
