package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// writeJSONL writes one object a line, each with its "type": first "tool", then
// "target", "rule", "finding", "gap" and "notice" as many as there are, and
// "result" last, so that a reader of a cut stream knows that it was cut.
func writeJSONL(w io.Writer, d *Document, opt Options) error {
	var out bytes.Buffer
	l := lines{out: &out}
	l.add("tool", struct {
		Schema string `json:"schema"`
		Tool
	}{d.Schema, d.Tool})
	for _, t := range d.Targets {
		l.add("target", t)
	}
	for _, r := range d.Rules {
		l.add("rule", r)
	}
	for _, f := range d.Findings {
		if opt.Reveal {
			l.add("finding", reveal(f))
		} else {
			l.add("finding", f)
		}
	}
	for _, g := range d.Gaps {
		l.add("gap", g)
	}
	for _, n := range d.Notices {
		l.add("notice", n)
	}
	l.add("result", struct {
		Result
		Counts  Counts `json:"counts"`
		Summary any    `json:"summary"`
	}{d.Result, d.Counts, d.Summary})
	if l.err != nil {
		return fmt.Errorf("write jsonl: %w", l.err)
	}
	_, err := w.Write(out.Bytes())
	return err
}

// lines collects objects; the first error sticks.
type lines struct {
	out *bytes.Buffer
	err error
}

// add writes v, whose JSON is an object with at least one field, with its type.
func (l *lines) add(kind string, v any) {
	b, err := json.Marshal(v)
	if err != nil || l.err != nil {
		if l.err == nil {
			l.err = err
		}
		return
	}
	fmt.Fprintf(l.out, `{"type":%q,`, kind)
	l.out.Write(quiet(b[1:]))
	l.out.WriteByte('\n')
}
