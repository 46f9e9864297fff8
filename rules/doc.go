// Package rules knows what credentials look like and finds them in a text. A Rule
// is a plain value; package rulefile reads files of them, package builtin holds
// oakum's own.
//
// No regexp runs over a whole text. Compile takes each rule's regexp apart into
// prefix, literal and suffix (internal/split); a prefilter looks for the literals
// of all rules at once (internal/prefilter); a hit is asked what stands beside it,
// then a lazy automaton reads the suffix to the right and another the prefix to
// the left (internal/automaton); and what is left, some hundred places in a large
// repository, package regexp settles. The literals follow from the regexps, not
// from a list of keywords, so that no hit means no match.
//
// A match's own bytes are weighed at once (gate: entropy, checksum, parser); what
// depends on its path and its whole text is the second stage, Judge.
//
// It promises that the matches are those that package regexp's
// FindAllSubmatchIndex gives for the whole text, rule by rule, but that (?i) folds
// ASCII only; that a text read in windows gives the same; that a text without a
// match costs no allocation; and that a hostile one costs a bounded amount of
// memory, and time in proportion to its size.
//
// Its limits: our own rules reach at most 4 KiB to either side of their literal
// (the body of a PEM block, 64 KiB, is another reader's). Rules of other tools
// that reach further are capped there, and those without a literal run through
// package regexp on every text (the slow lane), where windows may cut a match.
//
// docs/design/003-rule-engine.md has the reasons and the figures.
package rules
