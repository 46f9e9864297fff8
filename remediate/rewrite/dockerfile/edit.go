package dockerfile

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/oakum-sec/oakum/remediate/rewrite/change"
)

// Edit takes one value out.
func Edit(src []byte, e change.Edit) (change.Change, *change.Refusal) {
	all, err := parse(src)
	if err != nil {
		return change.Change{}, change.Refuse(change.Unparsable, "the file does not read as a Dockerfile: %v", err)
	}
	start, end := int(e.Span.Start), int(e.Span.End)
	for n, i := range all {
		if start < i.start || end > i.end {
			continue
		}
		if line := src[bytes.LastIndexByte(src[:start], '\n')+1 : start]; strings.HasPrefix(strings.TrimSpace(string(line)), "#") {
			break
		}
		switch i.word {
		case "ENV", "ARG":
			return variable(src, all, n, e)
		case "RUN":
			return step(src, i, e)
		}
		no := change.Refuse(change.SuggestOnly, "%s keeps what it is given in the image: have the program read the variable %s when it starts", i.word, e.Name)
		no.Suggest = "$" + e.Name
		return change.Change{}, no
	}
	return change.Change{}, change.Refuse(change.InComment, "the value stands in a comment, which nothing reads: delete it there")
}

// variable drops an ENV's or ARG's pair.
func variable(src []byte, all []instruction, n int, e change.Edit) (change.Change, *change.Refusal) {
	i := all[n]
	pairs := i.pairs(src)
	for k, p := range pairs {
		if int(e.Span.Start) < p.value || int(e.Span.End) > p.end {
			continue
		}
		if value := strings.Trim(string(src[p.value:p.end]), `"'`); value != strings.Trim(string(src[e.Span.Start:e.Span.End]), `"'`) {
			return change.Change{}, change.Refuse(change.SuggestOnly, "%s %s holds more than the value: keep the whole of it in the store, and drop the line", i.word, p.name)
		}
		c, no := readers(src, all[n+1:], i, p.name)
		if no != nil {
			return change.Change{}, no
		}
		for n := range c.Needs {
			c.Needs[n].Ref = e.Ref
		}
		c.Splices = append(c.Splices, drop(i, pairs, k))
		kind, note := change.NeedEnvironment, "the image no longer sets %s: give it when the container starts"
		if i.word == "ARG" {
			kind, note = change.NeedBuild, "the build no longer takes the argument %s; it is the secret of that name: docker build --secret id=%[1]s"
		}
		c.Needs = append(c.Needs, change.Need{Kind: kind, Name: p.name, Ref: e.Ref})
		c.Notes = append(c.Notes, fmt.Sprintf(note, p.name))
		return c, nil
	}
	return change.Change{}, change.Refuse(change.InName, "the value is not what %s assigns: change it by hand", i.word)
}

// drop takes a pair out, or the instruction with its only one.
func drop(i instruction, pairs []pair, k int) change.Splice {
	switch {
	case len(pairs) == 1:
		return change.Splice{Start: i.start, End: i.end}
	case k == 0:
		return change.Splice{Start: pairs[0].start, End: pairs[1].start}
	}
	return change.Splice{Start: pairs[k-1].end, End: pairs[k].end}
}

// readers has the later RUN steps of a stage that read the variable take it as
// a secret. ENV lives on in stages that are built on this one, so all later
// instructions are looked at; what is no RUN cannot take a secret.
func readers(src []byte, later []instruction, from instruction, name string) (c change.Change, no *change.Refusal) {
	reads := regexp.MustCompile(`\$(?:` + regexp.QuoteMeta(name) + `\b|\{` + regexp.QuoteMeta(name) + `[^A-Za-z0-9_])`)
	for _, i := range later {
		if from.word == "ARG" && i.stage != from.stage && from.stage >= 0 {
			break
		}
		text := src[i.args:i.end]
		if !reads.Match(text) {
			continue
		}
		if i.word != "RUN" {
			return c, change.Refuse(change.SuggestOnly, "%s reads %s, and keeps it in the image: change that first", i.word, name)
		}
		if !mounted(text, name) {
			c.Splices = append(c.Splices, mount(i, name))
			c.Needs = append(c.Needs, change.Need{Kind: change.NeedBuild, Name: name})
			c.Notes = append(c.Notes, mountNote)
		}
	}
	return c, nil
}

// mountNote: the option env came with that version of the frontend
// (docs.docker.com/reference/dockerfile, "RUN --mount=type=secret").
const mountNote = "RUN --mount=type=secret,…,env= needs BuildKit with Dockerfile syntax 1.10 or later"

func mounted(text []byte, name string) bool {
	return bytes.Contains(text, []byte("type=secret,id="+name+","))
}

func mount(i instruction, name string) change.Splice {
	return change.Splice{Start: i.args, End: i.args, Text: "--mount=type=secret,id=" + name + ",env=" + name + " "}
}

// step puts the variable where a RUN has the value, within the shell's quotes.
func step(src []byte, i instruction, e change.Edit) (change.Change, *change.Refusal) {
	text := string(src[i.args:i.end])
	if strings.HasPrefix(strings.TrimSpace(text), "[") || heredoc.MatchString(text) {
		no := change.Refuse(change.SuggestOnly, "RUN in its exec form, or with a here-document, is left to a person")
		no.Suggest = "RUN --mount=type=secret,id=" + e.Name + ",env=" + e.Name + " … \"$" + e.Name + "\""
		return change.Change{}, no
	}
	variable := "${" + e.Name + "}"
	switch quoteAt(src, i.args, int(e.Span.Start)) {
	case '\'':
		variable = `'"` + variable + `"'`
	case 0:
		variable = `"` + variable + `"`
	}
	c := change.Change{
		Splices: []change.Splice{{Start: int(e.Span.Start), End: int(e.Span.End), Text: variable}},
		Needs:   []change.Need{{Kind: change.NeedBuild, Name: e.Name, Ref: e.Ref}},
		Notes:   []string{mountNote},
	}
	if !mounted([]byte(text), e.Name) {
		c.Splices = append(c.Splices, mount(i, e.Name))
	}
	return c, nil
}

// quoteAt is the shell's quote that is open at at, or 0.
func quoteAt(src []byte, from, at int) (quote byte) {
	for i := from; i < at; i++ {
		switch c := src[i]; {
		case c == '\\' && quote != '\'':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		}
	}
	return quote
}

// Check reads the result again: each instruction is as it was, with its own
// splices, and none came or went but those that were dropped.
func Check(src, out []byte, c change.Change) error {
	before, err := parse(src)
	if err != nil {
		return err
	}
	after, err := parse(out)
	if err != nil {
		return err
	}
	k := 0
	for _, i := range before {
		want, err := own(src, i, c)
		if err != nil {
			return err
		}
		if strings.TrimSpace(want) == "" {
			continue
		}
		if k == len(after) || string(out[after[k].start:after[k].end]) != want || after[k].word != i.word {
			return fmt.Errorf("%s would read otherwise", i.word)
		}
		k++
	}
	if k != len(after) {
		return errors.New("there would be more instructions")
	}
	return nil
}

// own is an instruction with the splices that lie in it.
func own(src []byte, i instruction, c change.Change) (string, error) {
	var mine change.Change
	for _, s := range c.Splices {
		if s.Start >= i.start && s.End <= i.end && s.Start < i.end {
			s.Start, s.End = s.Start-i.start, s.End-i.start
			mine.Splices = append(mine.Splices, s)
		}
	}
	out, err := mine.Apply(src[i.start:i.end])
	return string(out), err
}
