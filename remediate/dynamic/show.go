package dynamic

import (
	"fmt"
	"io"
	"strings"
)

// Write tells a plan in plain words.
func (p *Plan) Write(out io.Writer) error {
	var b strings.Builder
	s, d := p.Settings, p.Settings.Database
	fmt.Fprintf(&b, "%s (%s %s at %s): %s gives way to %s/creds/%s in Vault\n", d.Name, d.Kind, p.Survey.Server, d.Address, s.User, s.Vault.Mount, s.Role.Name)
	if d.Kind == MySQL && !isMaria(p.Survey) {
		b.WriteString("experimental: tried on MariaDB, and on no MySQL\n")
	}
	fmt.Fprintf(&b, "\nwhat %s may do, and users of the role will\n", s.User)
	for _, line := range summarized(p.Survey.Grants) {
		fmt.Fprintf(&b, "  %s\n", line)
	}
	if len(p.Survey.Grants) == 0 {
		b.WriteString("  nothing\n")
	}
	for _, setting := range p.Survey.Settings {
		fmt.Fprintf(&b, "  SET %s\n", setting)
	}
	if len(p.Survey.Lost) > 0 {
		b.WriteString("\nnot carried over\n")
		for _, l := range p.Survey.Lost {
			fmt.Fprintf(&b, "  %s\n", l)
		}
	}
	b.WriteString("\nsteps\n")
	approve := false
	for i, s := range p.Steps {
		s.write(&b, i+1)
		approve = approve || s.Final && !s.Is
	}
	b.WriteString("\n" + p.next(approve) + "\n")
	_, err := io.WriteString(out, b.String())
	return err
}

func (s Told) write(b *strings.Builder, n int) {
	mark := "+"
	switch {
	case s.Conflict != "":
		mark = "x"
	case s.Is:
		mark = "="
	case s.Final:
		mark = "!"
	}
	fmt.Fprintf(b, " %2d %s %s\n", n, mark, s.Text)
	if s.Conflict != "" {
		fmt.Fprintf(b, "        conflict  %s\n", s.Conflict)
		return
	}
	if s.Is {
		return
	}
	if s.Risk != "" {
		fmt.Fprintf(b, "        risk  %s\n", s.Risk)
	}
	fmt.Fprintf(b, "        undo  %s\n", s.Undo)
}

func (p *Plan) next(approve bool) string {
	switch {
	case p.Conflicts() > 0:
		return fmt.Sprintf("x  %d steps cannot be done: nothing will be begun before they can", p.Conflicts())
	case approve:
		return "!  cannot be taken back: oakum remediate dynamic apply … --approve " + p.Hash
	}
	return "next  oakum remediate dynamic apply …"
}

// summarized puts the rights on one thing into one line.
func summarized(grants []Grant) (lines []string) {
	at := map[string]int{}
	for _, g := range grants {
		text := strings.TrimSuffix(strings.TrimPrefix(g.Text, "GRANT "), " TO")
		right, on, ok := strings.Cut(text, " ON ")
		if !ok || g.Kind == "" || g.Kind == "rights" {
			lines = append(lines, text)
			continue
		}
		if i, seen := at[on]; seen {
			before, _, _ := strings.Cut(lines[i], " ON ")
			lines[i] = before + ", " + right + " ON " + on
			continue
		}
		at[on] = len(lines)
		lines = append(lines, text)
	}
	return lines
}
