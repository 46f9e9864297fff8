package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"strconv"
	"strings"

	"github.com/oakum-sec/oakum/internal/agent"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// maxRead is the largest file, in bytes, that is looked at for an agent. Their tools
// show less of a file: Claude Code stops at 256 kB, Gemini CLI at 20 MB.
const maxRead = 20 << 20

// texts of the call are scanned as blobs of one source. What a scan tells has a place
// and no index, and two edits of one file have the same place: so each blob has a
// note, which is taken off its findings again. It begins with a byte that stands in
// no note of a rule.
const noteMark = "\x00call "

func (o callPart) note() string { return fmt.Sprintf("%s%d %t", noteMark, o.index, o.inFile) }

// takeNote takes the note off f.
func takeNote(f *leak.Finding) (o callPart, ok bool) {
	var rest []string
	for _, n := range f.Notes {
		if s, is := strings.CutPrefix(n, noteMark); is {
			number, inFile, _ := strings.Cut(s, " ")
			o.index, _ = strconv.Atoi(number) // note wrote it
			o.inFile, ok = inFile == "true", true
			continue
		}
		rest = append(rest, n)
	}
	f.Notes = rest
	return o, ok
}

// blobs is a source of what is at hand.
type blobs []scanner.Blob

func (b blobs) Blobs(context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		for _, one := range b {
			if !yield(one, nil) {
				return
			}
		}
	}
}

// files are the files that the call would show. One that is not there, and a folder,
// show nothing by themselves.
func (l *agentLook) files() (all blobs) {
	for i, r := range l.call.Reads {
		path := l.path(r.Path)
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir() || err != nil && strings.ContainsAny(r.Path, " *?|{") {
			continue // a word of a command that is no file, too
		}
		all = append(all, scanner.Blob{
			Place: leak.File{Name: l.name(r.Path)}, Size: -1, Notes: []string{callPart{i, true}.note()},
			Open: func(context.Context) (io.ReadCloser, error) {
				text, err := readRegular(path)
				return io.NopCloser(bytes.NewReader(text)), err
			},
		})
	}
	return all
}

// texts are those of the call, or what takes their places.
func (l *agentLook) texts(masked map[int]string) (all blobs) {
	for i, t := range l.call.Texts {
		value, ok := masked[i]
		if masked == nil {
			value, ok = t.Value, true
		}
		if !ok || value == "" {
			continue
		}
		value = lead(t) + value
		all = append(all, scanner.Blob{
			Place: leak.File{Name: l.placeOf(t)}, Size: int64(len(value)), Notes: []string{callPart{i, false}.note()},
			Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(value)), nil },
		})
	}
	return all
}

// lead is what is put before a text of one line that has a name and is of no file: the
// name tells what the value is, as in a file.
func lead(t agent.Text) string {
	if t.Key == "" || t.File != "" || strings.Contains(t.Value, "\n") {
		return ""
	}
	return t.Key + ": "
}

// placeOf names a text as a file: the kind of file counts for what is believed.
func (l *agentLook) placeOf(t agent.Text) string {
	switch {
	case t.File != "":
		return l.name(t.File)
	case t.Role == agent.Command:
		return "command"
	case t.Role == agent.Said:
		return "prompt"
	}
	return "tool"
}

// readRegular reads a file as a tool would, through links; what is no regular file
// (a pipe would wait for its writer) or too large is an error.
func readRegular(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is no regular file")
	case info.Size() > maxRead:
		return nil, fmt.Errorf("it is larger than %d MB", maxRead>>20)
	}
	f, err := openWithoutWaiting(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if now, err := f.Stat(); err != nil || !os.SameFile(info, now) {
		return nil, errors.New("it was another file a moment ago")
	}
	return io.ReadAll(io.LimitReader(f, maxRead))
}

// seen is one sighting, before findings are merged.
type seen struct {
	leak.Sighting
	id      string
	parts   []leak.Part
	decoded bool
	callPart
}

// scan looks at all of src. missed tells what was not looked at, "" where that is
// nothing.
func (l *agentLook) scan(ctx context.Context, src blobs) (hits []agent.Hit, missed string, err error) {
	j := l.job
	j.target.source = src
	l.of = map[*leak.Finding]callPart{}
	var all []seen
	j.skip = func(f *leak.Finding) bool {
		from, ok := takeNote(f)
		if !ok || from.inFile && !l.shows(from.index, f) {
			return true
		}
		l.of[f] = from
		all = append(all, seen{f.Sighting, f.ID, f.Parts, len(f.Decoded) > 0, from})
		return false
	}
	doc, err := l.run(ctx, j)
	if err != nil {
		return nil, "", err
	}
	denied := map[string]*leak.Finding{}
	for _, f := range denials(doc) {
		denied[f.ID] = f
	}
	for _, s := range all {
		if f := denied[s.id]; f != nil && !l.stood(s) {
			hits = append(hits, l.hit(s, f))
		}
	}
	for _, g := range doc.Gaps {
		if g.Class == leak.Failure {
			missed = g.Error()
		}
	}
	return hits, missed, nil
}

// hit is a sighting of f, which is denied. Of a part only the beginning is known
// where it is encoded, so its line goes to the end.
func (l *agentLook) hit(s seen, f *leak.Finding) agent.Hit {
	h := agent.Hit{Index: s.index, InFile: s.inFile, ID: f.ID, Rule: f.Rule, Place: report.Escape(s.Place.String()), Line: s.Line}
	before := 0
	if !s.inFile {
		before = len(lead(l.call.Texts[s.index]))
	}
	h.Spots = append(h.Spots, agent.Spot{Line: s.Line, Column: s.Column - before, EndLine: s.EndLine, EndColumn: s.EndColumn - before, Rule: f.Rule})
	for _, p := range s.parts {
		spot := agent.Spot{Line: p.Line, Column: p.Column - before, Rule: p.Rule}
		if !s.decoded {
			spot.EndLine, spot.EndColumn = p.Line, spot.Column+int(p.Span.End-p.Span.Start)
		}
		h.Spots = append(h.Spots, spot)
	}
	return h
}

// stood tells whether this very sighting was there before, though another of the same
// value is new.
func (l *agentLook) stood(s seen) bool {
	if s.inFile || l.call.Texts[s.index].Role != agent.Written {
		return false
	}
	return l.standing.findings(l.call.Texts[s.index])[s.id]
}

// shows tells whether the tool would show the value, or a part of it.
func (l *agentLook) shows(index int, f *leak.Finding) bool {
	r := l.call.Reads[index]
	if r.Shows(f.Line, f.EndLine) {
		return true
	}
	for _, p := range f.Parts {
		if r.Shows(p.Line, p.Line) {
			return true
		}
	}
	return false
}

// identify adds the ids of what text holds as a file of that place.
func (l *agentLook) identify(place leak.Place, text []byte, ids map[string]bool) {
	options := l.job.options
	options.Known = l.job.config.known
	// The source has no error, and the sink gives none.
	_, _ = scanner.New(l.job.config.set, options).Scan(context.Background(), oneText{place, leak.Worktree, text}, func(e scanner.Event) error {
		if e.Finding != nil {
			ids[e.Finding.ID] = true
		}
		return nil
	})
}
