package prefilter

import "strings"

// Sizes of a literal, in bytes. Shorter ones stand everywhere; a longer one is no
// rarer and slower to confirm.
const (
	MinSize = 3
	MaxSize = 40
)

// Literal is a string that the prefilter looks for. Bytes whose Fold is 1 are
// lower-case letters that stand for both cases.
type Literal struct {
	Text, Fold string
	Place      int // 1 + where the prefilter's grams begin in it, see Settle; 0: not chosen yet
}

// Folded is word in any case.
func Folded(word string) Literal {
	lower := strings.ToLower(word)
	fold := make([]byte, len(lower))
	for i := range fold {
		if lower[i] >= 'a' && lower[i] <= 'z' {
			fold[i] = 1
		}
	}
	return Literal{Text: lower, Fold: string(fold)}
}

// in tells whether b begins with l.
func (l *Literal) in(b []byte) bool {
	if len(b) < len(l.Text) {
		return false
	}
	for i := range len(l.Text) {
		if c := b[i]; c != l.Text[i] && (l.Fold[i] == 0 || c|0x20 != l.Text[i]) {
			return false
		}
	}
	return true
}
