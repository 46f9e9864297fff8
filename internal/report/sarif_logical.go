package report

import (
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// sarifLogicals name a place that is none of a file system's, and the step of a
// pipeline: a reader of SARIF shows them beside the file, or in its place. Kinds are the
// specification's (3.33.7) where one says what it is, else ours.
func sarifLogicals(s leak.Sighting) (all []sarifLogical) {
	add := func(kind, name, full string) {
		if name == full {
			name = ""
		}
		all = append(all, sarifLogical{Escape(name), Escape(full), kind})
	}
	whole := s.Place.String()
	switch p := s.Place.(type) {
	case leak.ObjectField:
		add("property", p.Field, strings.TrimPrefix(whole, p.File+": "))
	case leak.ImageConfig:
		add("property", p.Field, whole)
	case leak.ImageFile: // its layer's whole digest: two layers may have the same file
		add("resource", p.Path(), p.Image+"@"+p.Layer+":"+p.Path())
	case leak.Variable:
		add("variable", p.Name, p.Scope+"/"+p.Name)
	case leak.JobLog:
		add("resource", p.Job, whole)
	case leak.GitMessage, leak.Stdin:
		add(p.Kind(), "", whole)
	}
	if s.Step != nil {
		add(stepOf(s.Step))
	}
	return all
}

// stepOf is a step as a logical location: the innermost of variable, step and job, and
// the way to it.
func stepOf(s *leak.Step) (kind, name, full string) {
	path := []string{s.System}
	for _, part := range []struct{ kind, name string }{{"function", s.Job}, {"member", s.Step}, {"variable", s.Variable}} {
		if part.name != "" {
			kind, name, path = part.kind, part.name, append(path, part.name)
		}
	}
	return kind, name, strings.Join(path, "/")
}

// stepText is a step for people; "" where there is none.
func stepText(s leak.Sighting) string {
	if s.Step == nil {
		return ""
	}
	return Escape(s.Step.String())
}
