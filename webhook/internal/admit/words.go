package admit

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/oakum-sec/oakum/leak"
)

// writer puts what was decided into words.
type writer struct {
	*matter
	charges []charge
	eks     bool
}

// What is told is bounded, in bytes: names in it are an author's, and may be anything.
const (
	maxPath       = 300
	maxName       = 64
	maxReason     = 200
	maxAnnotation = 4 << 10
	// A warning of more may be cut by the API server, and should have 120
	// (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#response).
	maxWarning  = 256
	goodWarning = 120
)

// place is the field that a finding is told at: its own, or the one that refers to it.
func (c *charge) place() string {
	if c.via != "" {
		return c.via
	}
	return fieldOf(c.Place)
}

// fieldOf is a place's path within its object.
func fieldOf(p leak.Place) string {
	field, ok := p.(leak.ObjectField)
	switch {
	case !ok:
		return ""
	case field.Field == "":
		return "(the object as one text)"
	case len(field.Inner) > 0:
		return field.Field + "!/" + strings.Join(field.Inner, "!/")
	}
	return field.Field
}

// message is why an object is refused, and what to do.
func (w *writer) message() string {
	var b strings.Builder
	n := 0
	for _, c := range w.charges {
		if c.action == denied {
			n++
		}
	}
	fmt.Fprintf(&b, "oakum found %s:\n", counted(n, "credential"))
	for i, c := range w.charges[:n] { // the denied ones are first
		if i == maxTold {
			fmt.Fprintf(&b, "- and %d more\n", n-maxTold)
			break
		}
		fmt.Fprintf(&b, "- %s\n", w.line(&c))
	}
	for _, a := range w.advice(denied) {
		fmt.Fprintf(&b, "%s\n", w.safe(a, maxAnnotation))
	}
	b.WriteString("If it is no credential, ask who runs oakum here to exempt its fingerprint.")
	return b.String()
}

// line tells of one finding.
func (w *writer) line(c *charge) string {
	s := c.place() + w.under(c) + ": " + c.Rule + " " + c.ID
	for _, p := range c.Parts {
		if at := fieldOf(p.Place); p.Place != nil && at != c.place() {
			s += ", with " + p.Rule + " at " + at
		}
	}
	if c.also > 0 {
		s += ", and in " + counted(c.also, "other place")
	}
	if at, ok := c.Place.(leak.ObjectField); ok && c.via != "" {
		s += ", which is in " + at.Object + " " + at.Name + " " + at.Field
	} else if c.via != "" {
		s += ", which is in " + c.Place.String()
	}
	return w.safe(s+": "+c.reason, maxPath+maxReason)
}

// under is what the value is called, and in which container.
func (w *writer) under(c *charge) string {
	var names []string
	if name := w.container(c.place()); name != "" {
		names = append(names, "container "+clip(name, maxName))
	}
	if c.Name != "" && !strings.HasSuffix(c.place(), "."+c.Name) {
		names = append(names, clip(c.Name, maxName))
	}
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}

// warnings are what the user is told beside the answer: what is not denied, and what is
// wrong with the namespace's labels.
func (w *writer) warnings(refused bool) (list []string) {
	for _, s := range w.wrong {
		list = append(list, warning(s))
	}
	more := 0
	for i := range w.charges {
		c := &w.charges[i]
		if c.action != warned {
			continue
		}
		if len(list) == maxTold {
			more++
			continue
		}
		list = append(list, w.warning(c))
	}
	if more > 0 {
		list = append(list, fmt.Sprintf("oakum: and %d more", more))
	}
	if refused {
		return list
	}
	for _, a := range w.advice(warned) {
		list = append(list, warning(w.safe("oakum: "+a, maxWarning)))
	}
	return list
}

// warning tells of a finding in few words: as many of them as are read.
func (w *writer) warning(c *charge) string {
	s := "oakum: " + c.place() + ": " + c.Rule + " " + c.ID
	why := c.note
	if why == "" {
		why = c.reason
	}
	if longer := s + ": " + why; len(longer) <= goodWarning || c.note != "" {
		s = longer
	}
	return warning(w.safe(s, maxWarning))
}

func warning(s string) string { return clip(s, maxWarning) }

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// clip makes a string one line of at most so many bytes, of what can be printed.
func clip(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s[:min(len(s), 4*limit)])
	if len(s) <= limit {
		return s
	}
	const mark = "…"
	cut := limit - len(mark)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + mark
}
