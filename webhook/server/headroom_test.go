package server

import (
	"runtime"
	gauges "runtime/metrics"
	"testing"
	"time"
)

func gauge(name string) int64 {
	s := []gauges.Sample{{Name: name}}
	gauges.Read(s)
	return int64(s[0].Value.Uint64())
}

// However much is in use, the collector runs after as many bytes; and as Go has it where
// that was asked for, or the server has ended.
func TestHeadroom(t *testing.T) {
	before := gauge("/gc/gogc:percent")
	t.Setenv("GOGC", "77")
	keepHeadroom(32 << 20)()
	if got := gauge("/gc/gogc:percent"); got != before {
		t.Errorf("the percentage is %d where GOGC is set, and was %d", got, before)
	}
	t.Setenv("GOGC", "")
	if stop := keepHeadroom(0); gauge("/gc/gogc:percent") != before {
		t.Error("0 does not leave it to Go")
	} else {
		stop()
	}
}

func TestHeadroomFollowsTheHeap(t *testing.T) {
	before := gauge("/gc/gogc:percent")
	const room = 32 << 20
	h := &headroom{bytes: room}
	stop := h.keep()
	for _, used := range []int{60 << 20, 20 << 20, 100 << 20} {
		ballast := make([]byte, used)
		var left int64
		for range 200 { // cleanups run beside the collector
			runtime.GC()
			if left = gauge("/gc/heap/goal:bytes") - gauge("/gc/heap/live:bytes"); left > room*3/4 && left < room*5/4 {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		runtime.KeepAlive(ballast)
		if left < room*3/4 || left > room*5/4 {
			t.Errorf("with %d MB in use, %d more are left", used>>20, left>>20)
		}
	}
	stop()
	runtime.GC()
	if got := gauge("/gc/gogc:percent"); got != before {
		t.Errorf("the percentage stays %d, and was %d", got, before)
	}
}
