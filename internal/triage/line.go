package triage

import (
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// line is a line that is typed, with its end as the cursor. The widget of bubbles does
// more, and brings a clipboard along that looks for six programs in PATH at the start
// of every oakum.
type line struct{ text string }

// maxTyped bounds it, in bytes: a reason is a sentence.
const maxTyped = 300

// press takes a key; what it does not know it leaves alone.
func (l *line) press(msg tea.KeyPressMsg) {
	switch msg.String() {
	case "backspace":
		_, n := utf8.DecodeLastRuneInString(l.text)
		l.text = l.text[:len(l.text)-n]
	case "ctrl+u":
		l.text = ""
	default:
		l.paste(msg.Text)
	}
}

// paste takes text, without what would break the line.
func (l *line) paste(text string) {
	for _, r := range text {
		if r >= ' ' && r != 0x7f && r != utf8.RuneError && len(l.text)+utf8.RuneLen(r) <= maxTyped {
			l.text += string(r)
		}
	}
}

// view is its end, as far as there is room.
func (l *line) view(width int) string {
	runes := []rune(l.text)
	if over := len(runes) - max(1, width-1); over > 0 {
		runes = runes[over:]
	}
	return string(runes) + "▏"
}
