package gitsource

import (
	"container/heap"
	"slices"
	"time"
)

// slop is how many commits more are looked at when only excluded ones are
// left, in case a clock was wrong. It is git's own number. Where that is not
// enough, more than asked for is scanned, never less.
const slop = 5

// limiter walks from the tips and the excluded commits at once, the latest
// first, so that a range at the end of a long history is found without all of it.
type limiter struct {
	g      *graph
	dull   map[int32]bool // excluded
	queued map[int32]bool
	queue  []int32
	live   int   // of the queued, how many are not dull
	since  int64 // what was committed before it is excluded; 0: nothing is for that
}

// limit visits what tips lead to and not does not lead to. The nodes of that
// are of class inRefs, others it came by of class inNowhere. As git does, it takes a
// commit from before since for the end of its line.
func (g *graph) limit(tips, not []id, since time.Time) {
	l := &limiter{g: g, dull: map[int32]bool{}, queued: map[int32]bool{}}
	if !since.IsZero() {
		l.since = since.Unix()
	}
	for _, h := range not {
		if top, ok := g.peel(h, inNowhere, ""); ok {
			n, _ := g.node(top, inNowhere)
			l.push(n)
			l.exclude(n)
		}
	}
	for _, h := range tips {
		if top, ok := g.peel(h, inRefs, ""); ok {
			first, _ := g.node(top, inRefs)
			l.push(first)
		}
	}
	l.run()
	for i := range g.nodes {
		if l.dull[int32(i)] {
			g.nodes[i].class = inNowhere
		}
	}
	g.targets = slices.DeleteFunc(g.targets, func(t target) bool { return t.class == inNowhere })
}

func (l *limiter) run() {
	for left := slop; len(l.queue) > 0 && !l.g.stop(); {
		if l.live == 0 {
			if left--; left < 0 {
				return
			}
		} else {
			left = slop
		}
		n := heap.Pop(l).(int32)
		delete(l.queued, n)
		if !l.dull[n] {
			l.live--
		}
		for _, p := range l.g.expand(n, inRefs) {
			l.push(p)
		}
		if l.dull[n] {
			l.dull[n] = false
			l.exclude(n)
		}
	}
}

// push queues a node by its date, which is read for that.
func (l *limiter) push(n int32) {
	if node := &l.g.nodes[n]; l.queued[n] || node.state != unread {
		return
	}
	c, err := l.g.commit(l.g.nodes[n].id)
	if err == nil {
		l.g.nodes[n].when = c.When
	}
	l.queued[n] = true
	l.live++
	heap.Push(l, n)
	if err == nil && l.since != 0 && c.When < l.since {
		l.exclude(n)
	}
}

// exclude makes a node and all its known ancestors dull.
func (l *limiter) exclude(n int32) {
	for stack := []int32{n}; len(stack) > 0; {
		n = stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if l.dull[n] {
			continue
		}
		l.dull[n] = true
		if l.queued[n] {
			l.live--
		}
		stack = append(stack, l.g.nodes[n].parents...)
	}
}

// Len, Less, Swap, Push and Pop make the queue a heap, latest first.
func (l *limiter) Len() int { return len(l.queue) }
func (l *limiter) Less(i, j int) bool {
	return l.g.nodes[l.queue[i]].when > l.g.nodes[l.queue[j]].when
}
func (l *limiter) Swap(i, j int) { l.queue[i], l.queue[j] = l.queue[j], l.queue[i] }
func (l *limiter) Push(x any)    { l.queue = append(l.queue, x.(int32)) }
func (l *limiter) Pop() any {
	last := l.queue[len(l.queue)-1]
	l.queue = l.queue[:len(l.queue)-1]
	return last
}
