// Package known finds values that a user has named before: his own secrets,
// wherever and however encoded they turn up again.
//
// Its promises: the index holds no value, only keyed hashes, and is sealed with
// that key, so that without the key it tells how many values there are and nothing
// of them; every occurrence of a value is found, raw, in base64, hex, percent
// encoding or behind backslashes; whether a place is told depends on its own
// surroundings alone, so that windows of a text give what the whole text gives; and
// the work for a text hardly grows with the number of values: what does is how much of
// the bitmap that is asked at every fourth byte a cache holds.
//
// Its limits: values of less than MinSize or more than MaxSize bytes are not taken;
// short ones (less than windowSize bytes) are found as whole words, not inside
// others; encoded text that is broken over lines is the scanner's to decode. Who has
// the index and its key can try out guesses: docs/design/007 says at what price.
package known
