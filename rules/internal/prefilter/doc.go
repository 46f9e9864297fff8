// Package prefilter finds where any of some hundred literals stands in a text,
// which is the only thing that is done with all of the bytes.
//
// It promises every place of every literal, at the same speed for four hundred
// literals as for four, and no allocation.
//
// A literal has its price, which follows from how rare its bytes are in source
// text (rarity.bin); Cost tells it to those who have a choice of literals, and
// Settle puts the two grams that a literal is known by where they are rarest.
//
// Its limits: literals are of MinSize to MaxSize bytes of ASCII, in one case or
// in either, and 65,535 at most.
package prefilter
