// Package automaton runs regexps over a text a byte at a time: to the right, to
// learn whether one matches from a place on and where nothing more can change
// that, and to the left, to learn where a match that ends at a place may begin.
//
// An Automaton is a regexp's program and alphabet, which workers share. A DFA is
// its determinised form, made state by state as one worker's texts ask for it.
//
// It promises package regexp's answers, assertions and invalid UTF-8 included;
// one table look-up a byte where the state is known; and a bounded memory: a DFA
// is flushed in the midst of a search rather than let grow, so that a hostile
// text costs time in proportion to its size, and at most MaxHeld a DFA.
//
// Its limits: it answers where, not how. Groups, and which of several matches
// Perl would prefer, are package regexp's to settle.
package automaton
