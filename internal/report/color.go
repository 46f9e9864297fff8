package report

import "github.com/oakum-sec/oakum/leak"

// SGR parameters (ECMA-48): the sixteen colours that every terminal's own
// scheme keeps readable.
const (
	sgrBold   = "1"
	sgrDim    = "2"
	sgrRed    = "1;31"
	sgrYellow = "1;33"
	sgrGreen  = "1;32"
)

func (t *text) paint(sgr, s string) string {
	if !t.opt.Color {
		return s
	}
	return "\x1b[" + sgr + "m" + s + "\x1b[0m"
}

func (t *text) bold(s string) string { return t.paint(sgrBold, s) }
func (t *text) dim(s string) string  { return t.paint(sgrDim, s) }

// severity is the word that a finding's block begins with, coloured by its
// verdict: red stops you, yellow does not.
func (t *text) severity(f *leak.Finding) string {
	word := map[leak.Severity]string{leak.Low: "LOW", leak.Medium: "MEDIUM", leak.High: "HIGH", leak.Critical: "CRITICAL"}[f.Severity]
	switch verdict(f) {
	case leak.Deny:
		return t.paint(sgrRed, word)
	case leak.Warn:
		return t.paint(sgrYellow, word)
	}
	return t.dim(word)
}
