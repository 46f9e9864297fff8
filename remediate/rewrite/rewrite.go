// Package rewrite replaces values by references to where they are kept now. It
// knows formats: what a value's place reads as, how it is quoted there, and what
// the tools that read the file make of a reference.
//
// Promises. Only the bytes of the value change, and what the reference needs
// (an import, an object of its own): comments, quotes, line ends, byte order
// mark and order stay. The result is read again and is equal to the original but
// for that leaf; where it would not be, the edit is refused. No message, note or
// refusal carries a value. The functions here are pure; package tree writes.
//
// Limits. A value in a comment, a name, a test fixture or a binary is refused
// with the reason. In languages without a reader of their own the edit is only
// suggested. Spans are of the bytes that stand in the file: what was found under
// an encoding (base64, an archive) has no such span.
package rewrite

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/rewrite/change"
	"github.com/oakum-sec/oakum/remediate/rewrite/platform"
)

// The vocabulary, see package change.
type (
	Edit    = change.Edit
	Need    = change.Need
	Refusal = change.Refusal
)

// Options are choices for a whole run; the zero value is the default.
type Options struct {
	Tests bool // rewrite test code and fixtures too
	platform.Options
}

// How platforms are told where secrets come from, see package platform.
type (
	Kubernetes = platform.Kubernetes
	OIDC       = platform.OIDC
	GitLab     = platform.GitLab
)

// Ways are those in which a Kubernetes workload's Secret comes to be, the default first.
func Ways() []string { return platform.Vias() }

// Result is a file after its edits.
type Result struct {
	Format  string
	Content []byte          // the original where every edit was refused
	Splices []change.Splice // what makes Content of the original: no value is in there
	Made    []int           // indexes of the edits that were made
	Refused []*Refusal      // the others
	Needs   []Need          // what must exist for Content to work
	Notes   []string        // what a person should know
	Files   []change.File   // new files beside this one
}

// File makes the edits in a file's content. An edit that a place does not take
// is refused with its reason, and the others are made. The error is the
// caller's: a span outside of the content, spans that overlap, a broken
// reference.
func File(name string, content []byte, edits []Edit, opts Options) (Result, error) {
	if err := valid(content, edits); err != nil {
		return Result{}, fmt.Errorf("rewrite %s: %w", name, err)
	}
	res := Result{Content: content}
	if why := unfit(name, content, opts); why != nil {
		res.Refused = refuseAll(edits, why)
		return res, nil
	}
	f := detect(name, content, opts)
	res.Format = f.name
	m := &making{f: f, src: content, edits: edits}
	res.Content, res.Made, res.Refused = m.run()
	res.Needs, res.Notes, res.Files, res.Splices = m.made.Needs, m.made.Notes, m.made.Files, m.made.Joined()
	return res, nil
}

// format is how one kind of file is rewritten.
type format struct {
	name string
	// one makes the change for one edit, against the original.
	one func(src []byte, e Edit) (change.Change, *Refusal)
	// after is what the edits that are made need together; nil: nothing.
	after func(src []byte, made []Edit) (change.Change, *Refusal)
	// check tells how out differs from src in more than the change.
	check func(src, out []byte, c change.Change) error
}

func valid(content []byte, edits []Edit) error {
	sorted := slices.SortedFunc(slices.Values(edits), func(a, b Edit) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	last := int64(0)
	for _, e := range sorted {
		switch {
		case e.Span.Start < last:
			return fmt.Errorf("the value at byte %d overlaps the one before it", e.Span.Start)
		case e.Span.Start >= e.Span.End || e.Span.End > int64(len(content)):
			return fmt.Errorf("bytes %d to %d are not within the file's %d", e.Span.Start, e.Span.End, len(content))
		case !ref.ValidName(e.Name):
			return fmt.Errorf("%q is no name of an environment variable", e.Name)
		}
		if err := e.Ref.Validate(); err != nil {
			return err
		}
		last = e.Span.End
	}
	return nil
}

func refuseAll(edits []Edit, why *Refusal) (all []*Refusal) {
	for i := range edits {
		one := *why
		one.Edit = i
		all = append(all, &one)
	}
	return all
}

// making is the work on one file.
type making struct {
	f     format
	src   []byte
	edits []Edit
	made  change.Change
}

// run makes all edits at once; where that gives a file that differs in more, it
// finds those that do so alone, and makes the rest.
func (m *making) run() (out []byte, made []int, refused []*Refusal) {
	if _, err := m.f.attempt(m.src, change.Change{}); err != nil {
		return m.src, nil, refuseAll(m.edits, change.Refuse(change.Unparsable, "the file does not read as %s: %v", m.f.name, err))
	}
	changes := map[int]change.Change{}
	for i, e := range m.edits {
		c, no := m.f.one(m.src, e)
		if no != nil {
			no.Edit = i
			refused = append(refused, no)
			continue
		}
		made, changes[i] = append(made, i), c
	}
	out, err := m.all(made, changes)
	if err == nil {
		return out, made, refused
	}
	made = slices.DeleteFunc(made, func(i int) bool {
		_, err := m.all([]int{i}, changes)
		if err != nil {
			refused = append(refused, wouldChange(i, err))
		}
		return err != nil
	})
	if out, err = m.all(made, changes); err == nil {
		return out, made, refused
	}
	for _, i := range made {
		refused = append(refused, wouldChange(i, err))
	}
	m.made = change.Change{}
	return m.src, nil, refused
}

func wouldChange(i int, err error) *Refusal {
	no := change.Refuse(change.WouldChange, "the file would change in more than the value: %v", err)
	no.Edit = i
	return no
}

func (m *making) all(which []int, changes map[int]change.Change) ([]byte, error) {
	m.made = change.Change{}
	var edits []Edit
	for _, i := range which {
		edits = append(edits, m.edits[i])
		m.made.Add(changes[i])
	}
	if m.f.after != nil && len(edits) > 0 {
		more, no := m.f.after(m.src, edits)
		if no != nil {
			return nil, no
		}
		m.made.Add(more)
	}
	return m.f.attempt(m.src, m.made)
}

// attempt applies a change and compares.
func (f format) attempt(src []byte, c change.Change) ([]byte, error) {
	out, err := c.Apply(src)
	if err != nil {
		return nil, err
	}
	return out, f.check(src, out, c)
}
