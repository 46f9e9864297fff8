package triage

import (
	"fmt"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/oakum-sec/oakum/leak"
)

// deciding is a key that decides on the current secret; done tells that it was one.
func (m *model) deciding(msg tea.KeyPressMsg) (cmd tea.Cmd, done bool) {
	s, k := m.current(), m.keys
	if s == nil {
		return nil, false
	}
	switch {
	case key.Matches(msg, k.False):
		m.ask(reasoning, "")
		return nil, true
	case key.Matches(msg, k.Fixed):
		return m.decide(Fixed), true
	case key.Matches(msg, k.Remediate):
		return m.decide(Remediate), true
	case key.Matches(msg, k.Later):
		cmd = m.decide(Later)
		m.move(m.at + 1)
		return tea.Batch(cmd, m.look()), true
	case key.Matches(msg, k.Undo):
		return m.decide(Open), true
	}
	return nil, false
}

// decide keeps a choice. What was a false positive is allowed no longer.
func (m *model) decide(c Choice) tea.Cmd {
	s := m.current()
	was := m.decisions.of(s)
	told := ""
	if was == FalsePositive && c != FalsePositive {
		var err error
		if told, err = m.desk.Forbid(s.findings); err != nil {
			m.status = "not changed: " + err.Error()
			return nil
		}
	}
	m.keep(s, c, "")
	if m.status == "" {
		m.status = fmt.Sprintf("%s: %s", name(c), s.head().Rule)
		if told != "" {
			m.status += "; " + told
		}
		if c == Fixed && m.stands[s.head().ID] && s.head().Reach < leak.Reachable {
			m.status += ", though the value still stands there"
		}
	}
	m.arrange()
	return m.look()
}

// allow makes a false positive of the current secret.
func (m *model) allow(reason string) tea.Cmd {
	s := m.current()
	switch {
	case s == nil:
		return nil
	case reason == "":
		m.status = "a false positive needs a reason, for whoever reads the file next year"
		return nil
	}
	told, err := m.desk.Allow(s.findings, reason)
	if err != nil {
		m.status = "not changed: " + err.Error()
		return nil
	}
	m.status = ""
	m.keep(s, FalsePositive, reason)
	if m.status == "" {
		m.status = told
	}
	m.arrange()
	return m.look()
}

func (m *model) keep(s *secret, c Choice, reason string) {
	m.decisions.set(s, c, reason, m.now().UTC().Format(time.DateOnly))
	if err := m.desk.Keep(m.decisions); err != nil {
		m.status = "not kept: " + err.Error()
	}
}

// name is a choice in words.
func name(c Choice) string {
	switch c {
	case FalsePositive:
		return "false positive"
	case Remediate:
		return "to remediate"
	case Open:
		return "open"
	}
	return string(c)
}
