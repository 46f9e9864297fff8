package agent

import (
	"fmt"
	"slices"
	"strings"
)

// Hit is a value that is not to go on, in one of the call's Reads (InFile) or Texts.
type Hit struct {
	Index    int
	InFile   bool
	ID, Rule string
	Place    string // of a file, fit to be shown
	Line     int
	Spots    []Spot // in the text
}

// Mode is what a person wants to happen with values.
type Mode string

const (
	ModeBlock Mode = "block"
	ModeMask  Mode = "mask"
	ModeAsk   Mode = "ask"
)

// ParseMode reads a Mode.
func ParseMode(word string) (Mode, error) {
	if m := Mode(word); m == ModeBlock || m == ModeMask || m == ModeAsk {
		return m, nil
	}
	return "", fmt.Errorf("%q is not block, mask or ask", word)
}

// Again looks at texts that were masked, by their index, and tells which still hold
// a value. whole tells that they could not all be looked at.
type Again func(masked map[int]string) (still []int, whole bool, err error)

// Decide says what happens with the values that were found in a call, at least one:
// docs/agents.md, "What happens". A masked text is handed to again before it is let
// go.
func (c *Call) Decide(mode Mode, hits []Hit, again Again) (Answer, error) {
	answer := Answer{Notice: notice(hits)}
	what := c.what(hits)
	if c.Event == After {
		return c.afterwards(hits, answer, again)
	}
	sent := !slices.ContainsFunc(hits, func(h Hit) bool { return h.InFile || c.Texts[h.Index].Role != Sent })
	read := !slices.ContainsFunc(hits, func(h Hit) bool { return !h.InFile })
	switch {
	case mode == ModeMask && read && c.Masks():
		return Answer{}, nil // the tool's answer will be masked
	case mode == ModeMask && sent && c.Can(Mask):
		var err error
		if answer.Masked, err = c.mask(hits, again); err != nil {
			return Answer{}, err
		}
		answer.Verdict, answer.Reason = Mask, what+" It was taken out of the arguments."
	case mode == ModeAsk && c.Can(Ask):
		answer.Verdict, answer.Reason = Ask, what
	case c.Can(Deny):
		answer.Verdict, answer.Reason = Deny, what+" "+c.instead(hits[0])
	default:
		answer.Notice = what + " This agent does not let a hook stop it here.\n" + answer.Notice
	}
	return answer, nil
}

// afterwards masks what a tool answered, or where that cannot be, says what it held.
func (c *Call) afterwards(hits []Hit, answer Answer, again Again) (Answer, error) {
	what := c.what(hits)
	if !c.Can(Mask) {
		answer.Reason = what + " Do not repeat it, write it to a file or send it anywhere; tell the person that it was shown and is to be rotated."
		answer.Notice = what + " This agent does not let a hook mask it.\n" + answer.Notice
		return answer, nil
	}
	masked, err := c.mask(hits, again)
	if err != nil {
		return Answer{}, err
	}
	answer.Verdict, answer.Masked = Mask, masked
	answer.Reason = what + " oakum took it out of what you see; the place is marked. Work with the name that it stands under."
	return answer, nil
}

// withheld stands in the place of a text that could not be masked.
const withheld = "[withheld by oakum]"

// mask takes the values out of the texts that hold them.
func (c *Call) mask(hits []Hit, again Again) (map[int]string, error) {
	spots := map[int][]Spot{}
	for _, h := range hits {
		if !h.InFile {
			spots[h.Index] = append(spots[h.Index], h.Spots...)
		}
	}
	masked := map[int]string{}
	for i, s := range spots {
		masked[i] = Masked(c.Texts[i].Value, s)
	}
	still, whole, err := again(masked)
	if err != nil {
		return nil, err
	}
	if whole {
		return c.withhold(), nil
	}
	for _, i := range still {
		masked[i] = withheld
	}
	return masked, nil
}

// withhold has no text of the call go on.
func (c *Call) withhold() map[int]string {
	masked := map[int]string{}
	for i, t := range c.Texts {
		if t.Value != "" {
			masked[i] = withheld
		}
	}
	return masked
}

// NotLooked is the answer where something was not looked at: the agent goes on,
// unless strict.
func (c *Call) NotLooked(why string, strict bool) Answer {
	if !strict {
		return Answer{Notice: why + "; the agent goes on"}
	}
	reason := fmt.Sprintf("oakum could not look at this (%s), and --strict has it stop.", why)
	switch {
	case c.Can(Deny):
		return Answer{Verdict: Deny, Reason: reason}
	case c.Can(Mask):
		return Answer{Verdict: Mask, Reason: reason, Masked: c.withhold()}
	}
	return Answer{Reason: reason, Notice: reason}
}

// Guarded is the answer to a call that would change what oakum lets through.
func (c *Call) Guarded(mode Mode) Answer {
	a := Answer{Verdict: Deny, Reason: "`" + c.Guard + "` changes what oakum lets through, and that is for a person to type. Ask for it, and say why."}
	if mode == ModeAsk && c.Can(Ask) {
		a.Verdict = Ask
	}
	return a
}

// what says what was found, and where.
func (c *Call) what(hits []Hit) string {
	more := ""
	if n := len(hits) - 1; n == 1 {
		more = ", and there is 1 more"
	} else if n > 1 {
		more = fmt.Sprintf(", and there are %d more", n)
	}
	return fmt.Sprintf("oakum: %s holds a credential (%s)%s.", c.where(hits[0]), hits[0].Rule, more)
}

func (c *Call) where(h Hit) string {
	switch {
	case h.InFile, c.Texts[h.Index].Role == Shown && c.Texts[h.Index].File != "":
		return fmt.Sprintf("%s, line %d,", h.Place, h.Line)
	case c.Texts[h.Index].Role == Written:
		return "what is to be written to " + h.Place
	}
	return map[Role]string{Command: "the command", Said: "the prompt", Shown: "the answer of the tool", Sent: "an argument of the tool"}[c.Texts[h.Index].Role]
}

// instead says to the model what to do in the place of what was stopped.
func (c *Call) instead(h Hit) string {
	switch {
	case h.InFile || c.Texts[h.Index].Role == Shown:
		return "It was not shown to you. Work with the name that the value stands under, not with the value; a program that needs it reads the file itself."
	case c.Texts[h.Index].Role == Written:
		return "Nothing was written. Have the program read the value from its environment or a secret store, and write the name of the variable."
	case c.Texts[h.Index].Role == Said:
		return "The prompt was not sent: whoever runs the model would have it. Take the value out and send it again; if it was ever sent, rotate it."
	}
	return "Nothing was run. Put the variable's name in the place of the value and have the person set it."
}

// maxIDs bounds the findings that a notice repeats.
const maxIDs = 3

// notice tells the person how to go on where a finding is none.
func notice(hits []Hit) string {
	var b strings.Builder
	b.WriteString("if it is no credential, type:")
	var ids []string
	for _, h := range hits {
		if !slices.Contains(ids, h.ID) && len(ids) < maxIDs {
			ids = append(ids, h.ID)
			fmt.Fprintf(&b, "\n  oakum allow add %s --reason \"…\"", h.ID)
		}
	}
	return b.String()
}
