package awssource

import (
	"fmt"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// variable is one that a version of a resource has.
type variable struct {
	within      string // the container, or "" where the resource is one
	name, value string
	words       bool // value is no variable's: it does not stand behind its name
}

// version is a resource as it is, or as it was and can still be used.
type version struct {
	label     string // "" of the one that is in use
	variables []variable
}

// versions tells of a resource's variables, the newest version first, each version as
// one text, so that a key's id is seen with its secret. What an older version has like a
// newer one is not told again: the place of the newest is the one that lasts.
func (w *walk) versions(scope string, hint func(name string) string, list []version) {
	in := map[variable][]string{}
	for _, v := range list {
		for _, x := range v.variables {
			in[x] = append(in[x], v.label)
		}
	}
	told := map[variable]bool{}
	for _, v := range list {
		var t scanner.Joined
		at := scope
		if v.label != "" {
			at += ":" + v.label
		}
		for _, x := range v.variables {
			if told[x] {
				continue
			}
			told[x] = true
			notes := []string{hint(x.name)}
			if v.label != "" {
				notes = append(notes, kept(in[x]))
			}
			t.Add(scanner.Part{Place: x.place(at), Notes: notes}, x.before(), x.value)
		}
		if !t.Empty() {
			w.tell(t.Blob(all(at)), nil)
		}
	}
}

func (x variable) place(scope string) leak.Place {
	if x.within != "" {
		scope += "/" + x.within
	}
	return leak.Variable{Scope: scope, Name: x.name}
}

func (x variable) before() string {
	if x.words {
		return ""
	}
	return x.name + "="
}

// kept says of something that the newest version does not have which ones do.
func kept(labels []string) string {
	const some = 5
	if len(labels) > some {
		return fmt.Sprintf("not in the newest version; kept in %d older ones, from %s to %s", len(labels), labels[len(labels)-1], labels[0])
	}
	return "not in the newest version; kept in " + strings.Join(labels, ", ")
}

// older tells of versions that were not looked at.
func (w *walk) older(scope string, n int) {
	if n > 0 {
		w.gap(all(scope), leak.Boundary, leak.GapLimit, fmt.Errorf("%d older versions were not looked at: --revisions 0 looks at all; delete or deregister what nobody uses", n))
	}
}
