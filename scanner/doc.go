// Package scanner runs rules over whatever a Source yields and tells what it
// found, in the source's order, whatever the number of workers.
//
// Its promises: a text that was not looked at, or not to its end, is a Gap;
// memory depends on the number of workers, not on the size of a text (a large
// one is read in windows that overlap by the rules' reach); one worker and eight
// tell the same; and no input ends a scan but the source's own last error. A
// Narrowing source finds out by itself, with a Probe, where to look, and its scan
// tells the same as one of all its texts; what is told is held until the source's
// end, so that memory grows with what is found there.
//
// What it does with a text, in this order: decode UTF-16, match the rules,
// look into encoded runs (base64, hex, percent and unicode escapes), judge each
// match in its surroundings, pair what belongs together (an access key id and
// its secret), let the better of two overlapping matches stand, and see whether
// a comment beside it allows it. Each step is one file.
//
// It knows no files, repositories or images: those are Sources, each in a
// package of its own below this one.
package scanner
