package platform

import (
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rewrite/change"
	"github.com/oakum-sec/oakum/remediate/rewrite/leaf"
)

// inShell writes a variable where a script has the value, within the quotes
// that are open there: a value may hold anything, and is never read as code.
func (s *spot) inShell() (change.Change, *change.Refusal) {
	text := "${" + s.edit.Name + "}"
	switch s.quote() {
	case '\'':
		text = `'"` + text + `"'`
		if wider, ok := s.quoted(); ok {
			s.edit.Span, text = wider, text[1:len(text)-1]
		}
	case 0:
		text = `"` + text + `"`
	}
	return s.put(text)
}

// quoted is the value with the shell's single quotes, where they hold it alone.
func (s *spot) quoted() (leak.Span, bool) {
	from, to := int(s.edit.Span.Start)-1, int(s.edit.Span.End)
	if s.leaf.Quote == leaf.Single || from < s.leaf.Start || to >= s.leaf.End || s.src[from] != '\'' || s.src[to] != '\'' {
		return leak.Span{}, false
	}
	return leak.Span{Start: int64(from), End: int64(to + 1)}, true
}

// quote is the shell's quote that is open before the value, or 0. A script
// begins where the scalar does.
func (s *spot) quote() (open byte) {
	from := s.leaf.Start
	if c := s.src[from]; c == '"' || c == '\'' {
		from++ // YAML's own quote
	}
	for i := from; i < int(s.edit.Span.Start); i++ {
		switch c := s.src[i]; {
		case c == '\\' && open != '\'':
			i++
		case open != 0 && c == open:
			open = 0
		case open == 0 && (c == '"' || c == '\''):
			open = c
		}
	}
	return open
}

// secretOf is what a pipeline needs: the platform's secret of that name.
func (s *spot) secretOf(name string) change.Need {
	return change.Need{Kind: change.NeedPipeline, Name: name, Ref: s.edit.Ref}
}

// needing is c with a need, unless it was refused.
func needing(c change.Change, no *change.Refusal, needs ...change.Need) (change.Change, *change.Refusal) {
	if no == nil {
		c.Needs = append(c.Needs, needs...)
	}
	return c, no
}

// isScript tells whether the value is a script or a line of one.
func isScript(keys []string, names ...string) bool {
	for _, k := range keys[max(0, len(keys)-2):] {
		for _, name := range names {
			if strings.EqualFold(k, name) {
				return true
			}
		}
	}
	return false
}
