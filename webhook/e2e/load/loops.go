package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// outcome is what a run gave.
type outcome struct {
	took      time.Duration
	latencies []time.Duration // of those answered, sorted
	errs      []error
}

func (o *outcome) rate() float64 { return float64(len(o.latencies)) / o.took.Seconds() }

// quantile of the latencies, as p = 0.99.
func (o *outcome) quantile(p float64) time.Duration {
	if len(o.latencies) == 0 {
		return 0
	}
	return o.latencies[min(int(p*float64(len(o.latencies))), len(o.latencies)-1)]
}

// closed asks over connections, each again as soon as it is answered: how much there can
// be done. Its latencies say little, for a slow server is asked less often.
func closed(ctx context.Context, t *target, body []byte, connections int, span time.Duration) *outcome {
	ctx, stop := context.WithTimeout(ctx, span)
	defer stop()
	return gather(connections, func(add func(time.Duration, error)) {
		for ctx.Err() == nil {
			began := time.Now()
			err := t.ask(context.WithoutCancel(ctx), body)
			add(time.Since(began), err)
		}
	})
}

// open asks at a rate of so many a second, whether answers come or not, and counts each
// latency from when it was to be asked: an API server does not wait with its next review
// for the last one either. Up to connections wait at once.
func open(ctx context.Context, t *target, body []byte, connections int, rate float64, span time.Duration) *outcome {
	due := make(chan time.Time, int(rate*span.Seconds())+1)
	go func() {
		defer close(due)
		began, step := time.Now(), time.Duration(float64(time.Second)/rate)
		for at := began; at.Before(began.Add(span)) && ctx.Err() == nil; at = at.Add(step) {
			time.Sleep(time.Until(at))
			due <- at
		}
	}()
	return gather(connections, func(add func(time.Duration, error)) {
		for at := range due {
			err := t.ask(ctx, body)
			add(time.Since(at), err)
		}
	})
}

// gather has workers do the work at once, and gathers what they add.
func gather(workers int, work func(add func(time.Duration, error))) *outcome {
	var (
		o    outcome
		lock sync.Mutex
		all  sync.WaitGroup
	)
	began := time.Now()
	for range workers {
		all.Go(func() {
			work(func(latency time.Duration, err error) {
				lock.Lock()
				defer lock.Unlock()
				if err != nil {
					o.errs = append(o.errs, err)
					return
				}
				o.latencies = append(o.latencies, latency)
			})
		})
	}
	all.Wait()
	o.took = time.Since(began)
	slices.Sort(o.latencies)
	return &o
}

// err is the first error with the number of all, or nil.
func (o *outcome) err() error {
	if len(o.errs) == 0 {
		return nil
	}
	return errors.Join(append([]error{errors.New("there were errors")}, o.errs[:min(3, len(o.errs))]...)...)
}
