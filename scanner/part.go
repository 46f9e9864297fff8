package scanner

import (
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// settle gives a finding what its text as a whole knows: notes, and the place that
// it is in where the text is put together of several. Only here, for until now the
// parts stood side by side: that is how a key finds its secret in the next field.
func (w *worker) settle(f *leak.Finding) {
	f.Notes = append(f.Notes, w.blob.Notes...)
	if w.blob.Part == nil {
		return
	}
	p := w.blob.Part(f.Span.Start)
	f.Place, f.Notes = p.Place, append(f.Notes, p.Notes...)
	f.Span = leak.Span{Start: max(0, f.Span.Start-p.Begin), End: max(0, f.Span.End-p.Begin)}
	f.Line, f.Column, f.EndLine, f.EndColumn = p.Line, 0, p.Line, 0
	if p.Column > 0 {
		f.Column, f.EndColumn = p.Column+int(f.Span.Start), p.Column+int(f.Span.End)
	}
	for i := range f.Parts {
		part := &f.Parts[i]
		p := w.blob.Part(part.Span.Start)
		part.Place = p.Place
		part.Span = leak.Span{Start: max(0, part.Span.Start-p.Begin), End: max(0, part.Span.End-p.Begin)}
		if part.Line, part.Column = p.Line, 0; p.Column > 0 {
			part.Column = p.Column + int(part.Span.Start)
		}
	}
	if !strings.HasPrefix(f.ID, leak.VouchedPrefix) {
		f.ID = leak.Identify(f.Rule, f.Secret, false, f.Name, f.Place)
	}
}
