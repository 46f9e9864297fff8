package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/remediate"
)

// choice is a secret on the screen, and what the person says of it.
type choice struct {
	secret remediate.Secret
	store  int    // in the chooser's stores
	name   string // "": as the plan names it
	skip   bool
}

// chooser is the screen on which a person says what goes where. It shows no value, and
// what it gives is the map that --map reads too.
type chooser struct {
	choices []choice
	stores  []string
	at      int
	typing  bool
	text    string // that is typed
	height  int
	done    bool
}

// choose asks a person; the error says that he left without an answer.
func choose(ctx context.Context, kit cli.Kit, p *remediate.Plan) (remediate.Map, error) {
	c := newChooser(p)
	io := kit.Stdio()
	if _, err := tea.NewProgram(c, tea.WithContext(ctx), tea.WithInput(io.In), tea.WithOutput(io.Out), tea.WithEnvironment(kit.Environ())).Run(); err != nil {
		return nil, fmt.Errorf("show the screen: %w", err)
	}
	if !c.done {
		return nil, errors.New("no plan was made")
	}
	return c.word(), nil
}

func newChooser(p *remediate.Plan) *chooser {
	c := &chooser{height: 24}
	for _, s := range p.Stores {
		if !slices.Contains(c.stores, s.Target) {
			c.stores = append(c.stores, s.Target)
		}
	}
	for _, s := range []string{remediate.DefaultStore, "awssecrets:", "awsparams:", "vaultkv://secret"} {
		if !slices.Contains(c.stores, s) {
			c.stores = append(c.stores, s)
		}
	}
	for _, s := range p.Secrets {
		c.choices = append(c.choices, choice{secret: s, store: slices.Index(c.stores, p.Stores[s.Store].Target)})
	}
	return c
}

// word is what was chosen, where that is not what the plan says already.
func (c *chooser) word() (m remediate.Map) {
	for _, one := range c.choices {
		for _, id := range one.secret.Findings {
			m = append(m, remediate.Mapped{Finding: id, Rule: one.secret.Rule, Store: c.stores[one.store], Name: one.name, Skip: one.skip})
		}
	}
	return m
}

// Init implements tea.Model.
func (c *chooser) Init() tea.Cmd { return nil }

// Update implements tea.Model.
func (c *chooser) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		c.height = msg.Height
	case tea.PasteMsg:
		if c.typing {
			c.text += strings.Join(strings.Fields(msg.Content), "")
		}
	case tea.KeyPressMsg:
		return c, c.press(msg)
	}
	return c, nil
}

func (c *chooser) press(msg tea.KeyPressMsg) tea.Cmd {
	one := &c.choices[c.at]
	if c.typing {
		c.name(msg, one)
		return nil
	}
	switch msg.String() {
	case "q", "esc", "ctrl+c":
		return tea.Quit
	case "enter":
		c.done = true
		return tea.Quit
	case "up", "k":
		c.at = max(0, c.at-1)
	case "down", "j":
		c.at = min(len(c.choices)-1, c.at+1)
	case "space", " ":
		one.skip = !one.skip
	case "t":
		one.store = (one.store + 1) % len(c.stores)
	case "n":
		c.typing, c.text = true, one.name
	}
	return nil
}

// name is a key while a name is typed.
func (c *chooser) name(msg tea.KeyPressMsg, one *choice) {
	switch msg.String() {
	case "enter":
		one.name, c.typing = strings.TrimSpace(c.text), false
	case "esc", "ctrl+c":
		c.typing = false
	case "backspace":
		_, n := utf8.DecodeLastRuneInString(c.text)
		c.text = c.text[:len(c.text)-n]
	default:
		c.text += msg.Text
	}
}

// View implements tea.Model: a list, what is proposed for the current one, and the keys.
func (c *chooser) View() tea.View {
	var b strings.Builder
	b.WriteString("what goes where\n\n")
	room := max(1, c.height-7)
	from := max(0, min(c.at-room/2, len(c.choices)-room))
	for i := from; i < min(len(c.choices), from+room); i++ {
		b.WriteString(c.row(i) + "\n")
	}
	one := c.choices[c.at]
	fmt.Fprintf(&b, "\nproposed  %s: %s\n", one.secret.Advice.Store, one.secret.Advice.Why)
	if c.typing {
		fmt.Fprintf(&b, "name in the store: %s▏\nenter keeps it · esc leaves it\n", report.Escape(c.text))
	} else {
		b.WriteString("space skip · t other store · n other name · enter plan · q leave\n")
	}
	v := tea.NewView(b.String())
	v.AltScreen = true
	return v
}

func (c *chooser) row(i int) string {
	one := c.choices[i]
	sign, to := "  ", "→ "+c.stores[one.store]
	if i == c.at {
		sign = "> "
	}
	if one.skip {
		to = "  stays"
	}
	name := one.name
	if name == "" {
		name = title(one.secret)
	}
	return fmt.Sprintf("%s%-40.40s %-24.24s %s", sign, report.Escape(name), report.Escape(one.secret.Rule), to)
}
