package cli

import (
	"bytes"
	"io"
	"regexp"
)

// inert is the log of a job, to which names and messages of a change are printed: it
// takes from every line what a CI system would read as a command. GitHub Actions reads
// a line that begins with :: (actions/runner, ActionCommand.TryParseV2, which trims it
// first) and ##[ anywhere (TryParse), Azure Pipelines ##vso[ anywhere.
type inert struct {
	to   io.Writer
	line []byte // begun, and not ended yet
}

var (
	logCommand   = regexp.MustCompile(`##([A-Za-z]*\[)`)
	lineCommand  = regexp.MustCompile(`^(\s*):(:)`)
	endsOfALine  = "\n\r"
	maxHeldBytes = 1 << 20 // a line that is longer is passed on in parts
)

func (w *inert) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		end := bytes.IndexAny(p, endsOfALine)
		if end < 0 {
			w.line = append(w.line, p...)
			if len(w.line) > maxHeldBytes {
				return n, w.flush()
			}
			return n, nil
		}
		w.line = append(w.line, p[:end+1]...)
		p = p[end+1:]
		if err := w.flush(); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// flush passes on what was held back of a line.
func (w *inert) flush() error {
	line := logCommand.ReplaceAll(w.line, []byte("# #$1"))
	line = lineCommand.ReplaceAll(line, []byte("$1: $2"))
	w.line = w.line[:0]
	_, err := w.to.Write(line)
	return err
}

// flush passes on what a log holds back.
func flush(w io.Writer) error {
	if w, ok := w.(*inert); ok {
		return w.flush()
	}
	return nil
}
