// Package locate opens the places of findings again. A report holds no values, so
// whoever acts on a finding reads the file once more, in memory, and takes what stands
// there for the finding's value only if it has the finding's identity; else the
// finding is stale.
//
// It also finds where else a value stands: rules tell of a password in a
// configuration, and not of the same password in a comment, a test or under a name
// that says nothing. Moving a secret from one place of three is no move.
//
// Its limits: places in a repository's history cannot be rewritten (rotate), and of
// images, CI variables and clusters it says what they need.
package locate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/filesource"
)

// Value is a secret and the places of a worktree in which it stands.
type Value struct {
	Finding *leak.Finding // which told of it; several findings of one value are several Values
	Part    int           // of the finding's Parts, from 1; 0 is its own value
	Secret  leak.Secret
	Key     string // the name it stands under
	Rule    string
	Spots   []Spot
	Others  []Other
}

// Spot is where a value stands in a file, as bytes to replace.
type Spot struct {
	File string // relative to the root, with '/'
	Span leak.Span
	Line int
}

// Other is a place that stays as it is.
type Other struct {
	Place string
	Why   string
}

// Same is the shortest value that is looked for beside the findings' own places: a
// shorter one is likely to stand elsewhere by chance.
const Same = 12

// maxFile is the largest file that is searched for values: what people write by hand
// is smaller.
const maxFile = 64 << 20

// Values takes findings that carry their values apart, and finds all their places in
// the files below dir. Gaps are files that could not be searched.
func Values(ctx context.Context, dir string, findings []*leak.Finding) (values []*Value, gaps []*leak.Gap, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", dir, err)
	}
	defer root.Close()
	for _, f := range findings {
		values = append(values, apart(root, f)...)
	}
	gaps, err = search(ctx, dir, values)
	return values, gaps, err
}

// apart is a finding's own value and those of its parts.
func apart(root *os.Root, f *leak.Finding) []*Value {
	own := &Value{Finding: f, Secret: f.Secret, Key: f.Key, Rule: f.Rule}
	all := []*Value{own}
	for _, s := range append([]leak.Sighting{f.Sighting}, f.Also...) {
		own.see(root, s.Place, s.Span, s.Line, f.Decoded)
	}
	if o := f.Origin; o != nil && o.Commit != "" {
		own.Others = append(own.Others, Other{"git's history, since commit " + o.Commit[:min(10, len(o.Commit))], "history is not rewritten: rotate it"})
	}
	for i, p := range f.Parts {
		part := &Value{Finding: f, Part: i + 1, Secret: p.Secret, Rule: p.Rule}
		place := p.Place
		if place == nil {
			place = f.Place
		}
		part.see(root, place, p.Span, p.Line, f.Decoded)
		all = append(all, part)
	}
	return all
}

// see takes a place as a spot, if it is one, and the value stands there.
func (v *Value) see(root *os.Root, place leak.Place, span leak.Span, line int, decoded []string) {
	file, why := spot(place, decoded)
	if why == "" {
		content, err := root.ReadFile(filepath.FromSlash(file))
		switch {
		case err != nil:
			why = "it cannot be opened again: " + err.Error()
		case v.Secret.IsZero():
			why = "its value is not here: change it where it is kept"
		case !At(content, span).Equal(v.Secret):
			why = "the value does not stand at its place any more: scan again"
		default:
			v.add(Spot{file, span, line})
			return
		}
	}
	v.Others = append(v.Others, Other{place.String(), why})
}

// add takes a spot that does not overlap another one.
func (v *Value) add(s Spot) {
	for _, o := range v.Spots {
		if o.File == s.File && o.Span.Start < s.Span.End && s.Span.Start < o.Span.End {
			return
		}
	}
	v.Spots = append(v.Spots, s)
}

// At is what stands at a span of a content; the zero Secret where there is no such span.
func At(content []byte, span leak.Span) leak.Secret {
	if span.Start < 0 || span.End > int64(len(content)) || span.Start >= span.End {
		return leak.Secret{}
	}
	return leak.NewSecret(content[span.Start:span.End])
}

// spot is the file of a place that can be rewritten, or why it cannot.
func spot(place leak.Place, decoded []string) (file, why string) {
	if len(decoded) > 0 {
		return "", fmt.Sprintf("it stands there in %s: change what writes it", decoded[0])
	}
	switch p := place.(type) {
	case leak.File:
		if len(p.Inner) > 0 {
			return "", "it is in an archive: pack that anew"
		}
		if !filepath.IsLocal(filepath.FromSlash(p.Name)) {
			return "", "it is outside of the folder"
		}
		return p.Name, ""
	case leak.GitBlob:
		return "", "history is not rewritten: rotate it"
	case leak.GitMessage:
		return "", "it is in a message of git's, which is not rewritten: rotate it"
	case leak.ImageFile, leak.ImageConfig:
		return "", "it is in an image: build that anew, and delete the old one"
	case leak.Variable:
		return "", "it is a variable of a CI system or a service: change it there"
	case leak.JobLog:
		return "", "it was printed by a job: delete the log, and rotate it"
	case leak.ObjectField:
		return "", "it is in a cluster: change the manifest that it is applied from"
	}
	return "", "it is no file"
}

// search adds the spots that no rule told of.
func search(ctx context.Context, dir string, values []*Value) (gaps []*leak.Gap, err error) {
	var long []*Value
	for _, v := range values {
		if v.Secret.Len() >= Same {
			long = append(long, v)
		}
	}
	src := filesource.New([]filesource.Root{{Path: dir}}, filesource.Options{SkipGit: true})
	for b, err := range src.Blobs(ctx) {
		if err == nil {
			err = file(ctx, b, long)
		}
		gap, ok := errors.AsType[*leak.Gap](err)
		if ok {
			gaps = append(gaps, gap)
		} else if err != nil {
			return gaps, err
		}
		if err := ctx.Err(); err != nil {
			return gaps, err
		}
	}
	return gaps, nil
}

func file(ctx context.Context, b scanner.Blob, values []*Value) error {
	place, ok := b.Place.(leak.File)
	if !ok || len(values) == 0 {
		return nil
	}
	if b.Size > maxFile {
		return &leak.Gap{Place: place, Class: leak.Failure, Code: leak.GapLimit, Why: fmt.Errorf("larger than %d bytes: not searched for values that stand elsewhere", maxFile)}
	}
	r, err := b.Open(ctx)
	var content []byte
	if err == nil {
		content, err = io.ReadAll(io.LimitReader(r, maxFile+1))
		err = errors.Join(err, r.Close())
	}
	if err != nil {
		return &leak.Gap{Place: place, Class: leak.Failure, Code: leak.GapUnreadable, Why: err}
	}
	for _, v := range values {
		for _, span := range Find(content, v.Secret) {
			v.add(Spot{place.Name, span, 1 + bytes.Count(content[:span.Start], []byte("\n"))})
		}
	}
	return nil
}

// Find is where a value stands in a content by itself: not as a part of a longer word.
func Find(content []byte, value leak.Secret) (spans []leak.Span) {
	value.Reveal(func(v []byte) error {
		for at := 0; len(v) > 0; {
			i := bytes.Index(content[at:], v)
			if i < 0 {
				break
			}
			start, end := at+i, at+i+len(v)
			if !(wordAt(content, start-1) && wordAt(v, 0)) && !(wordAt(content, end) && wordAt(v, len(v)-1)) {
				spans = append(spans, leak.Span{Start: int64(start), End: int64(end)})
			}
			at = end
		}
		return nil
	})
	return spans
}

func wordAt(b []byte, i int) bool {
	if i < 0 || i >= len(b) {
		return false
	}
	c := b[i]
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// Stale are the findings of a report that a new scan of their files did not tell of
// again. What it did tell of is fresh, and carries values.
func Stale(reported, fresh []*leak.Finding) (stale []*leak.Finding) {
	for _, f := range reported {
		if !slices.ContainsFunc(fresh, func(g *leak.Finding) bool { return g.ID == f.ID }) {
			stale = append(stale, f)
		}
	}
	return stale
}

// Files are the files of findings that can be opened again.
func Files(findings []*leak.Finding) map[string]bool {
	names := map[string]bool{}
	for _, f := range findings {
		for _, s := range append([]leak.Sighting{f.Sighting}, f.Also...) {
			if name, why := spot(s.Place, nil); why == "" {
				names[name] = true
			}
		}
		for _, p := range f.Parts {
			if p.Place == nil {
				continue
			}
			if name, why := spot(p.Place, nil); why == "" {
				names[name] = true
			}
		}
	}
	return names
}
