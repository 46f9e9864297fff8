package admit

import (
	"bytes"

	"github.com/oakum-sec/oakum/leak"
)

// shortest is the length from which on a value is looked for in what is told. What is
// shorter is no credential of any rule, and in every other word.
const shortest = 4

// safe is a string that may be told: no value that was found is in it, whatever an
// author has called a field or a container, and it is no longer than limit.
func (w *writer) safe(s string, limit int) string {
	told := []byte(s)
	hide := func(value []byte) error {
		if len(value) >= shortest && bytes.Contains(told, value) {
			told = bytes.ReplaceAll(told, value, []byte(leak.Redacted))
		}
		return nil
	}
	for _, f := range w.findings {
		_ = f.Secret.Reveal(hide) // hide has no error
		for _, p := range f.Parts {
			_ = p.Secret.Reveal(hide)
		}
	}
	return clip(string(told), limit)
}
