package main

import (
	"fmt"
	"io"
	"slices"
)

// tally counts how often each thing was told.
type tally[T comparable] map[T]int

func (m tally[T]) total() (n int) {
	for _, times := range m {
		n += times
	}
	return n
}

// without is what m has more of than other.
func (m tally[T]) without(other tally[T]) tally[T] {
	more := tally[T]{}
	for k, n := range m {
		if n > other[k] {
			more[k] = n - other[k]
		}
	}
	return more
}

// list prints the first of what m holds, in the order of how they read.
func (m tally[T]) list(out io.Writer, what string, most int) {
	var lines []string
	for k := range m {
		lines = append(lines, fmt.Sprint(k))
	}
	slices.Sort(lines)
	for _, line := range lines[:min(len(lines), most)] {
		fmt.Fprintf(out, "  %s: %s\n", what, line)
	}
}

// compare prints how much two ways have in common, and what only one of them has.
func compare[T comparable](out io.Writer, a, b *way, of, than tally[T], shown int) (same bool) {
	onlyA, onlyB := of.without(than), than.without(of)
	fmt.Fprintf(out, "%s = %s: %d equal, %d only %s, %d only %s\n",
		a.name, b.name, of.total()-onlyA.total(), onlyA.total(), a.name, onlyB.total(), b.name)
	onlyA.list(out, "only "+a.name, shown)
	onlyB.list(out, "only "+b.name, shown)
	return len(onlyA)+len(onlyB) == 0
}
