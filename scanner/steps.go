package scanner

import (
	"slices"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/pipeline"
)

// IdentityRule is the rule whose matches say that a key is in use, not what it is. They
// count where the file they stand in says so too: package pipeline knows how.
const IdentityRule = "static-identity"

// pipelineFile is the text at hand, parsed, where it is a pipeline's file. It is parsed
// when the first finding asks: that is what keeps other files free of it.
func (w *worker) pipelineFile() *pipeline.File {
	if w.parsed {
		return w.file
	}
	w.parsed = true
	if joined := w.blob.Part != nil && w.blob.Paths == nil; w.whole != nil && !joined {
		w.file = pipeline.Read(w.paths, w.whole)
	}
	return w.file
}

// steps tells of findings which job, step and variable they are in.
func (w *worker) steps(hits []*hit) {
	for _, h := range hits {
		f := h.finding
		if f.Step != nil || f.Line == 0 {
			continue
		}
		if file := w.pipelineFile(); file != nil {
			f.Step = file.At(f.Line, f.Column, f.Name)
		}
	}
}

// borne takes the matches out that their file does not bear out: those of IdentityRule
// where no step logs in with them, and names of a store's entries that a telling name
// made look like values. The others of IdentityRule become findings without a value, one
// for each step and cloud.
func (w *worker) borne(hits []*hit) []*hit {
	kept, told := hits[:0], map[string]bool(nil)
	for _, h := range hits {
		switch f := h.finding; {
		case h.rule.ID == IdentityRule && !w.identity(f), f.Proof == leak.Generic && w.refers(f):
			w.out.drop("pipeline")
			continue
		case h.rule.ID == IdentityRule && told[f.ID]:
			w.out.drop("overlap")
			continue
		case h.rule.ID == IdentityRule:
			if told == nil {
				told = map[string]bool{}
			}
			told[f.ID] = true
		}
		kept = append(kept, h)
	}
	return kept
}

func (w *worker) refers(f *leak.Finding) bool {
	if !w.logs() {
		return false
	}
	file := w.pipelineFile()
	return file != nil && file.Refers(f.Line, f.Column)
}

// identity makes of one of those matches what the file says of it.
func (w *worker) identity(f *leak.Finding) bool {
	if !w.logs() || len(f.Decoded) > 0 {
		return false
	}
	file := w.pipelineFile()
	if file == nil {
		return false
	}
	id, ok := file.Static(f.Line, f.Column, f.Name, string(w.whole[f.Span.Start:f.Span.End]))
	if !ok {
		return false
	}
	f.Step, f.Notes = &id.Step, append(f.Notes, id.Advice)
	f.Name, f.Secret = string(id.Cloud)+"\x00"+id.Unit, leak.NewSecret(nil)
	f.ID = leak.Identify(f.Rule, f.Secret, false, f.Name, w.blob.Place)
	return true
}

// logs tells whether the text may be of a system that could log in without a key.
func (w *worker) logs() bool { return slices.ContainsFunc(w.paths, pipeline.Logs) }
