package server

import (
	"os"
	"runtime"
	"runtime/debug"
	gauges "runtime/metrics"
	"sync/atomic"
)

// DefaultHeadroom is how much garbage may lie in memory until the collector runs, in bytes.
//
// Go's own measure is a share of what is in use: with 8 MB in use (no reviews) it would
// run thirty times a second under small reviews, and with 50 MB (500 connections that sent
// 1.5 MB each keep some 30 kB, five bodies, what the largest object takes apart) let
// another 50 lie. A review of 64 kB leaves some 10 kB, so that the collector runs once in a
// thousand, and a dozen of these wait for it.
const DefaultHeadroom = 12 << 20

// headroom has the collector run after so many bytes. It is asked again after each of its
// runs, of which nobody else tells.
type headroom struct {
	bytes int64
	ended atomic.Bool
	now   atomic.Int64 // the percentage that holds
}

// keepHeadroom has bytes of garbage lie in memory, at most, until stop is called. Who says
// GOGC knows better, and 0 leaves it to Go as well.
func keepHeadroom(bytes int64) (stop func()) {
	if os.Getenv("GOGC") != "" || bytes <= 0 {
		return func() {}
	}
	h := &headroom{bytes: bytes}
	return h.keep()
}

func (h *headroom) keep() (stop func()) {
	before := debug.SetGCPercent(h.percent())
	h.watch()
	return func() {
		h.ended.Store(true)
		debug.SetGCPercent(before)
	}
}

// watch adjusts the percentage when the collector has run: it finds an object that nobody
// refers to.
func (h *headroom) watch() {
	runtime.AddCleanup(new([64]byte), func(h *headroom) {
		if h.ended.Load() {
			return
		}
		if percent := h.percent(); percent != int(h.now.Load()) { // setting it stops the world for some 30 µs
			h.now.Store(int64(percent))
			debug.SetGCPercent(percent)
		}
		h.watch()
	}, h)
}

// percent is the headroom as a share of what the collector counts (https://go.dev/doc/gc-guide):
// the heap that was in use when it last ran, stacks and global variables. It is rounded, so that
// it is not set for nothing.
func (h *headroom) percent() int {
	samples := []gauges.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"}}
	gauges.Read(samples)
	var used int64
	for _, s := range samples {
		used += int64(s.Value.Uint64())
	}
	percent := int(h.bytes * 100 / max(used, 1<<20))
	return min(max(percent-percent%5, leastPercent), mostPercent)
}

// Beyond these, the collector would do nothing else, or a heap that grows would outrun it.
const (
	leastPercent = 20
	mostPercent  = 400
)
