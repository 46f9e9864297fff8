package identity

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Write tells in plain words what a plan does, step by step, and how each is taken
// back.
func (t *Tools) Write(out io.Writer, p *Plan, s *Settings) error {
	hash, err := p.Hash()
	if err != nil {
		return err
	}
	steps, todo := t.Steps(p, s)
	var text strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&text, format+"\n", args...) }
	say("%s  the key %s of %s becomes the role %s, for the %s", p.Run, shown(p.Key), p.User, p.Role, p.Workload)
	say("account %s, region %s\n", p.Account.Account, p.Account.Region)
	say("the role may")
	for _, n := range p.Needs {
		say("  %s on %s%s", n.Action, n.Resource, within(n.Context))
	}
	if p.Before.Role != "" {
		say("and what the workload's role of now may, %s", lastPart(p.Before.Role))
		for _, name := range slices.Concat(p.Before.Managed, slices.Sorted(maps.Keys(p.Before.Inline))) {
			say("  %s", name)
		}
	}
	say("")
	for i, one := range steps {
		mark := ""
		switch {
		case one.Yours:
			mark = "yours: "
		case one.Asks:
			mark = "asks for --approve: "
		}
		say("%2d. %-10s  %s%s", i+1, one.ID, mark, one.Text)
		if !one.Yours && one.Undo != "nothing" {
			say("    %-10s  undo: %s", "", one.Undo)
		}
	}
	for _, one := range todo {
		say("    yours: %s", one)
	}
	for _, one := range p.Warnings {
		say("look: %s", one)
	}
	say("\nthe key stays Active, and is as leaked as before, until it is retired")
	say("hash %s", hash)
	_, err = io.WriteString(out, text.String())
	return err
}

func within(context map[string]string) (text string) {
	for _, k := range slices.Sorted(maps.Keys(context)) {
		text += " with " + k + "=" + context[k]
	}
	return text
}
