// Package split takes a regexp apart at literals, so that a text can be searched
// for those: a regexp is the union of splits, prefix · literal · suffix.
//
// It promises that whatever the regexp matches, one of its splits matches side by
// side: no literal in the text means no match. What may stand beside a literal
// (its borders) follows from the regexp, too. Among the literals that would do it
// takes the cheapest, as package prefilter estimates them: it spells out
// alternations, and classes as a last resort.
//
// Its limits: a set of literals has 80 at most, a rule is tried in 20,000 ways.
// What has no literal in every match can't be split; Find then gives nothing.
package split
