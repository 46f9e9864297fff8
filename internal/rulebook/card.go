package rulebook

import (
	"fmt"
	"strings"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules"
)

// Line is a line of a card: a name and what is said under it.
type Line struct{ Name, Text string }

// exampleSeed makes the example of a card.
const exampleSeed = 1

// Card tells about one rule, in the order in which people ask: what it is, how
// bad, how sure, what it looks like, what to do. lane is how the engine finds it
// (rules.Set.Lane). A line without a name goes on with the one above. Nothing in
// it is escaped for a terminal.
func Card(r *rules.Rule, lane string) ([]Line, error) {
	example, err := example(r)
	if err != nil {
		return nil, err
	}
	var card []Line
	add := func(name string, texts ...string) {
		for _, text := range texts {
			if text != "" {
				card = append(card, Line{name, text})
				name = ""
			}
		}
	}
	add("finds", wrap(r.Description)...)
	add("a holder could", wrap(r.Doc)...)
	add("severity", r.Severity.String())
	add("how sure", wrap(sure(r))...)
	add("format", wrap(Format(r))...)
	add("stands in", r.Path)
	add("made-up example", example...)
	add("live check", asks(r))
	add("rotate", append(wrap(r.Rotate), r.RotateURL)...)
	add("source", r.Source)
	add("pattern", pattern(r))
	add("keywords", wrap(strings.Join(r.Keywords, ", "))...)
	add("tags", strings.Join(r.Tags, ", "))
	if r.Line > 0 { // else no file has it
		add("defined in", fmt.Sprintf("%s:%d, %s lane", r.File, r.Line, lane))
	}
	return card, nil
}

// width is that of a card's texts, in bytes; with the names before it they fill
// a terminal of 120 columns.
const width = 100

// wrap breaks a text between words.
func wrap(text string) []string {
	var lines []string
	for _, word := range strings.Fields(text) {
		if n := len(lines) - 1; n >= 0 && len(lines[n])+1+len(word) <= width {
			lines[n] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}

// maxExample is how many lines of an example are shown.
const maxExample = 4

// example is what the rule's first example renders to, made up on the spot.
func example(r *rules.Rule) ([]string, error) {
	if len(r.Want) == 0 {
		return nil, nil
	}
	text, err := leaktest.Render(exampleSeed, r.Want[0])
	if err != nil {
		return nil, fmt.Errorf("rule %s: %w", r.ID, err)
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if more := len(lines) - maxExample; more > 0 {
		lines = append(lines[:maxExample], fmt.Sprintf("… (%d more lines)", more))
	}
	return lines, nil
}

// sure is the tier and what it rests on.
func sure(r *rules.Rule) string {
	tier := r.Proof.String()
	switch {
	case r.Checksum != nil && r.Checksum.Mismatch == "drop":
		return tier + ": it carries a " + r.Checksum.Algo + " checksum; where that is wrong, it is none"
	case r.Checksum != nil:
		return tier + ": it carries a " + r.Checksum.Algo + " checksum; where that is wrong, it is one tier lower"
	case r.Parse != "":
		return tier + ": parsed as " + r.Parse + "; what fails is none"
	case r.Decodes != "":
		return tier + ": " + r.Decodes
	case r.Matcher != "":
		return tier + ": a name beside a value, weighed by both"
	}
	return tier + ": by its shape and where it stands"
}

func asks(r *rules.Rule) string {
	if r.Verify == nil {
		return ""
	}
	return "`oakum verify` asks " + r.Verify.Host()
}

func pattern(r *rules.Rule) string {
	if r.Matcher != "" {
		return "the " + r.Matcher + " matcher"
	}
	return r.Regex
}
