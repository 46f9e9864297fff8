package assign

import "bytes"

// Wordy tells whether a value reads as words, as identifiers and class names do:
// letters, dashes, underscores and dots, not at random. Of random values of 20 letters
// and digits three in a hundred have no digit, and hardly any of those reads as
// words.
func Wordy(value []byte) bool {
	t := count(value)
	return t.lower+t.upper+t.join+bytes.Count(value, []byte(".")) == len(value) && oddity(value) <= len(value)/2
}
