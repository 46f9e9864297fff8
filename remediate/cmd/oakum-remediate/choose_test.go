//go:build unix

package main

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/oakum-sec/oakum/remediate"
)

// A person skips one, sends one elsewhere under another name, and plans.
func TestChoose(t *testing.T) {
	c := newChooser(&remediate.Plan{
		Stores: []remediate.Store{{Target: "age:", Kind: "agefile"}},
		Secrets: []remediate.Secret{
			{Findings: []string{"a"}, Rule: "r1", Name: "shop/db", Field: "password", Advice: remediate.Advice{Store: "vault", Why: "a database's login"}},
			{Findings: []string{"b", "c"}, Rule: "r2", Name: "shop/mail"},
		},
	})
	if text := c.View().Content; !strings.Contains(text, "> shop/db password") || !strings.Contains(text, "a database's login") {
		t.Errorf("the screen shows\n%s", text)
	}
	for _, k := range []tea.KeyPressMsg{{Code: tea.KeySpace, Text: " "}, {Code: 'j', Text: "j"}, {Code: 't', Text: "t"}, {Code: 'n', Text: "n"},
		{Code: 'p', Text: "p"}, {Code: 'x', Text: "x"}, {Code: tea.KeyBackspace}, {Code: '/', Text: "/"}, {Code: 'm', Text: "m"}, {Code: tea.KeyEnter}} {
		c.Update(k)
	}
	if text := c.View().Content; !strings.Contains(text, "stays") || !strings.Contains(text, "> p/m") || !strings.Contains(text, "awssecrets:") {
		t.Errorf("the screen shows\n%s", text)
	}
	if _, cmd := c.Update(tea.KeyPressMsg{Code: tea.KeyEnter}); cmd == nil || !c.done {
		t.Error("enter does not end it")
	}
	m := c.word()
	if len(m) != 3 || !m[0].Skip || m[0].Finding != "a" || m[1].Store != "awssecrets:" || m[1].Name != "p/m" || m[2].Finding != "c" || m[2].Skip {
		t.Errorf("%+v", m)
	}
}

// Leaving makes no plan, and without a terminal there is no screen.
func TestChooseNothing(t *testing.T) {
	c := newChooser(&remediate.Plan{Stores: []remediate.Store{{Target: "age:"}}, Secrets: []remediate.Secret{{Name: "n"}}})
	if _, cmd := c.Update(tea.KeyPressMsg{Code: 'q', Text: "q"}); cmd == nil || c.done {
		t.Error("q does not leave it")
	}
	l := newLaptop(t)
	cmd, said := l.command("remediate", "plan", l.dir, "-i")
	if err := cmd.Run(); err == nil || !strings.Contains(said.String(), "--map") {
		t.Errorf("without a terminal: %v\n%s", err, said)
	}
}
