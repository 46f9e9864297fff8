package triage

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/oakum-sec/oakum/leak"
)

// mode is what the keys mean.
type mode int

const (
	listing mode = iota
	searching
	reasoning // a reason is typed
	helping
)

// What the list shows, and in which order.
var (
	filters = []string{"open", "all", "decided"}
	orders  = []string{"severity", "place", "rule", "places"}
)

// model is the screen's state. Its ctx is kept because bubbletea's Update has no place
// for it; a model lives as long as one command.
type model struct {
	ctx       context.Context
	desk      Desk
	opt       Options
	keys      keyMap
	secrets   []*secret
	shown     []*secret // of secrets, what the filter and the search leave
	decisions *Decisions
	at        int // in shown
	filter    int
	order     int
	query     string
	mode      mode
	input     line
	width     int
	height    int
	scroll    int                 // lines of the details that are above the screen
	contexts  map[string][]string // what is shown of a place, by the finding's id
	stands    map[string]bool     // ids whose value was seen at its place
	status    string
	now       func() time.Time
}

func newModel(ctx context.Context, findings []*leak.Finding, d *Decisions, desk Desk, opt Options) (*model, error) {
	m := &model{ctx: ctx, desk: desk, opt: opt, keys: keys(), secrets: group(findings), decisions: d, width: 80, height: 24,
		contexts: map[string][]string{}, stands: map[string]bool{}, now: time.Now}
	if opt.At != "" {
		m.filter = slices.Index(filters, "all")
	}
	m.arrange()
	if opt.At == "" {
		return m, nil
	}
	m.at = slices.IndexFunc(m.shown, func(s *secret) bool {
		return slices.ContainsFunc(s.findings, func(f *leak.Finding) bool { return f.ID == opt.At })
	})
	if m.at < 0 {
		return nil, fmt.Errorf("there is no finding %s here: it was fixed or allowed, or the report is another one", opt.At)
	}
	return m, nil
}

// read is what came of looking at a place again.
type read struct {
	id    string
	lines []string
	err   error
}

// Init implements tea.Model.
func (m *model) Init() tea.Cmd { return m.look() }

// look reads the lines around the current finding, once.
func (m *model) look() tea.Cmd {
	s := m.current()
	if s == nil || m.contexts[s.head().ID] != nil {
		return nil
	}
	f := s.head()
	return func() tea.Msg {
		lines, err := m.desk.Context(m.ctx, f)
		return read{f.ID, lines, err}
	}
}

func (m *model) current() *secret {
	if m.at < 0 || m.at >= len(m.shown) {
		return nil
	}
	return m.shown[m.at]
}

// Update implements tea.Model.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case read:
		m.contexts[msg.id], m.stands[msg.id] = msg.lines, msg.err == nil
		if msg.err != nil {
			m.contexts[msg.id] = []string{msg.err.Error()}
		}
	case tea.KeyPressMsg:
		return m, m.press(msg)
	case tea.PasteMsg:
		if m.mode == searching || m.mode == reasoning {
			m.input.paste(msg.Content)
		}
	}
	return m, nil
}

func (m *model) press(msg tea.KeyPressMsg) tea.Cmd {
	if msg.String() == "ctrl+c" {
		return tea.Quit
	}
	switch m.mode {
	case searching, reasoning:
		return m.typing(msg)
	case helping:
		m.mode = listing
		return nil
	}
	m.status = ""
	if cmd, done := m.deciding(msg); done {
		return cmd
	}
	return m.moving(msg)
}

func (m *model) moving(msg tea.KeyPressMsg) tea.Cmd {
	k := m.keys
	switch {
	case key.Matches(msg, k.Quit):
		return tea.Quit
	case key.Matches(msg, k.Up):
		m.move(m.at - 1)
	case key.Matches(msg, k.Down):
		m.move(m.at + 1)
	case key.Matches(msg, k.Top):
		m.move(0)
	case key.Matches(msg, k.Bottom):
		m.move(len(m.shown) - 1)
	case key.Matches(msg, k.Scroll):
		m.scroll += m.detailHeight() / 2
	case key.Matches(msg, k.Unscroll):
		m.scroll = max(0, m.scroll-m.detailHeight()/2)
	case key.Matches(msg, k.Search):
		m.ask(searching, m.query)
	case key.Matches(msg, k.Nothing):
		m.query = ""
		m.arrange()
	case key.Matches(msg, k.Filter):
		m.filter = (m.filter + 1) % len(filters)
		m.arrange()
	case key.Matches(msg, k.Sort):
		m.order = (m.order + 1) % len(orders)
		m.arrange()
	case key.Matches(msg, k.Help):
		m.mode = helping
	}
	return m.look()
}

func (m *model) move(to int) {
	m.at, m.scroll = max(0, min(to, len(m.shown)-1)), 0
}

// ask has the person type a line.
func (m *model) ask(what mode, text string) {
	m.mode, m.input = what, line{text}
}

// typing is a key while a line is typed.
func (m *model) typing(msg tea.KeyPressMsg) tea.Cmd {
	switch msg.String() {
	case "esc":
		m.mode = listing
		return nil
	case "enter":
		was := m.mode
		m.mode = listing
		if was == searching {
			m.query = strings.TrimSpace(m.input.text)
			m.arrange()
			return m.look()
		}
		return m.allow(strings.TrimSpace(m.input.text))
	}
	m.input.press(msg)
	return nil
}

// arrange finds out what is shown, in which order, and stays at the current secret
// where that is still there.
func (m *model) arrange() {
	was := m.current()
	m.shown = nil
	for _, s := range m.secrets {
		done := m.decisions.of(s) != Open && m.decisions.of(s) != Later
		if filters[m.filter] == "open" && done || filters[m.filter] == "decided" && !done || !m.wanted(s) {
			continue
		}
		m.shown = append(m.shown, s)
	}
	slices.SortStableFunc(m.shown, m.compare)
	if i := slices.Index(m.shown, was); i >= 0 {
		m.at = i
		return
	}
	m.move(m.at)
}

func (m *model) wanted(s *secret) bool {
	for _, f := range s.findings {
		text := strings.ToLower(f.Rule + "\n" + f.Place.String() + "\n" + f.Key + "\n" + f.ID)
		if strings.Contains(text, strings.ToLower(m.query)) {
			return true
		}
	}
	return false
}

func (m *model) compare(a, b *secret) int {
	f, g := a.head(), b.head()
	switch orders[m.order] {
	case "place":
		return cmp.Or(cmp.Compare(f.Place.String(), g.Place.String()), cmp.Compare(f.Line, g.Line))
	case "rule":
		return cmp.Or(cmp.Compare(f.Rule, g.Rule), cmp.Compare(f.Place.String(), g.Place.String()))
	case "places":
		return cmp.Compare(b.seen(), a.seen())
	}
	return cmp.Or(cmp.Compare(g.Severity, f.Severity), cmp.Compare(g.Proof, f.Proof))
}
