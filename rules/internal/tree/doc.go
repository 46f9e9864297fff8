// Package tree is what package rules knows of a regexp from its syntax tree,
// before anything runs: how long its matches can be, how large its program gets,
// what it is without its groups, and read from right to left.
//
// Parse promises a tree with the same matches as package regexp's, in the same
// order of preference, with one exception: (?i) folds ASCII only, since two
// letters beyond it (the long s, the Kelvin sign) would fold into it. Runs of one
// class side by side, by which people get around RE2's limit of 1,000
// repetitions, are spelt so that they can be read in one way only.
//
// Its limits: widths and sizes are bounds that follow from the tree, never less
// than what it can match, at times more. It takes RE2 as package regexp/syntax
// reads it with its Perl flags, and programs of at most MaxProgram instructions.
package tree
