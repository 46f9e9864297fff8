package pack

import (
	"slices"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// grow makes of the links to bases what a walk goes along: lists of deltas, the
// heaviest last, without circles; and kinds.
func (f *Forest) grow() {
	f.cutCycles()
	f.list()
	order := f.order()
	for _, n := range order {
		if b := f.base[n]; b >= 0 {
			f.setKind(n, f.Kind(b))
		}
	}
	f.heaviestLast(order)
	f.learnKinds(order)
}

func (f *Forest) setKind(n int32, k object.Kind) {
	f.marks[n] = f.marks[n]&^kindMask | mark(k)
}

// cutCycles cuts every circle of deltas, which only links by id can make: at its
// smallest number, or at the smallest that can be read from a copy.
func (f *Forest) cutCycles() {
	backwards := true
	for n, b := range f.base {
		backwards = backwards && int(b) < n
	}
	if backwards {
		return // the rule: git index-pack writes no other links
	}
	seen := make([]int32, len(f.base)) // by the search from which number, + 1
	for from := range int32(len(f.base)) {
		n := from
		for n >= 0 && seen[n] == 0 {
			seen[n] = from + 1
			n = f.base[n]
		}
		if n < 0 || seen[n] != from+1 {
			continue
		}
		least := n
		for m := f.base[n]; m != n; m = f.base[m] {
			a, b := f.marks[m]&twinMark, f.marks[least]&twinMark
			if a > b || a == b && m < least {
				least = m
			}
		}
		f.base[least] = -1
		f.marks[least] |= cycleMark
	}
}

// list makes the lists of deltas, each ascending.
func (f *Forest) list() {
	for _, b := range f.base {
		if b >= 0 {
			f.start[b+1]++
		}
	}
	for n := range f.base {
		f.start[n+1] += f.start[n]
	}
	f.children = make([]int32, f.start[len(f.base)])
	// Each start moves to the end of its list while that is filled, and back.
	for n, b := range f.base {
		if b >= 0 {
			f.children[f.start[b]] = int32(n)
			f.start[b]++
		}
	}
	copy(f.start[1:], f.start[:len(f.base)])
	f.start[0] = 0
}

// order is all objects, each after its base.
func (f *Forest) order() []int32 {
	order := make([]int32, 0, f.Len())
	for n, b := range f.base {
		if b < 0 {
			order = append(order, int32(n))
		}
	}
	for i := 0; i < len(order); i++ {
		order = append(order, f.deltas(order[i])...)
	}
	return order
}

// heaviestLast moves to the end of every list the delta that the most objects
// hang on. When a walk gets there it needs the base no longer: what stays in memory
// above any object is at most one text for each halving of what is below.
func (f *Forest) heaviestLast(order []int32) {
	weight := make([]int32, f.Len())
	for i := len(order) - 1; i >= 0; i-- {
		n := order[i]
		weight[n]++
		if b := f.base[n]; b >= 0 {
			weight[b] += weight[n]
		}
	}
	for n := range int32(f.Len()) {
		list := f.deltas(n)
		heavy := 0
		for i, d := range list {
			if weight[d] > weight[list[heavy]] {
				heavy = i
			}
		}
		if last := len(list) - 1; last > 0 {
			list[heavy], list[last] = list[last], list[heavy]
		}
	}
}

// learnKinds gives kinds to trees whose root's head is broken, where a copy of any
// object in them tells: all deltas of one tree are of one kind, and so are all
// trees that hold a copy of one object.
func (f *Forest) learnKinds(order []int32) {
	unknown := func(m mark) bool { return m&kindMask == mark(object.Unknown) }
	if len(f.copies) == 0 || !slices.ContainsFunc(f.marks, unknown) {
		return
	}
	up := make([]int32, f.Len()) // towards the least root of all trees that are of one kind
	for _, n := range order {
		up[n] = n
		if b := f.base[n]; b >= 0 {
			up[n] = up[b]
		}
	}
	top := func(n int32) int32 {
		for up[n] != n {
			up[n] = up[up[n]]
			n = up[n]
		}
		return n
	}
	for _, t := range f.copies {
		a, b := top(t.first), top(t.other)
		up[max(a, b)] = min(a, b)
	}
	for n := range int32(f.Len()) {
		if t := top(n); unknown(f.marks[t]) {
			f.setKind(t, f.Kind(n))
		}
	}
	for n := range int32(f.Len()) {
		if unknown(f.marks[n]) {
			f.setKind(n, f.Kind(top(n)))
		}
	}
}
