package triage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"github.com/oakum-sec/oakum/leak"
)

// desk notes what it was asked for.
type desk struct {
	did  []string
	kept string
	fail error
}

func (d *desk) Context(_ context.Context, f *leak.Finding) ([]string, error) {
	if strings.HasPrefix(f.Rule, "gone") {
		return nil, errors.New("the value is not at its place any more")
	}
	return []string{"    1  before", ">   2  " + f.Rule + " = ••••••••"}, nil
}

func (d *desk) Allow(fs []*leak.Finding, reason string) (string, error) {
	if d.fail != nil {
		return "", d.fail
	}
	d.did = append(d.did, fmt.Sprintf("allow %d: %s", len(fs), reason))
	return "the entry is in .oakum-allow", nil
}

func (d *desk) Forbid(fs []*leak.Finding) (string, error) {
	d.did = append(d.did, fmt.Sprintf("forbid %d", len(fs)))
	return "", nil
}

func (d *desk) Keep(k *Decisions) error {
	d.kept = string(k.Bytes())
	return nil
}

func finding(id, rule, file string, line int, severity leak.Severity, value string) *leak.Finding {
	f := &leak.Finding{ID: id, Rule: rule, Severity: severity, Proof: leak.Pattern, Seen: 1, Key: "KEY"}
	f.Place, f.Line = leak.File{Name: file}, line
	if value != "" {
		f.Secret = leak.NewSecret([]byte(value))
	}
	f.Decision = &leak.Decision{Verdict: leak.Deny, Reason: "it has its issuer's form"}
	return f
}

func some() []*leak.Finding {
	return []*leak.Finding{
		finding("v1.a", "rule-low", "b.env", 1, leak.Low, ""),
		finding("v1.b", "rule-critical", "a.env", 2, leak.Critical, ""),
		finding("p1.c.1", "rule-high", "c.env", 3, leak.High, "the same"),
		finding("p1.d.1", "rule-high", "d.env", 4, leak.High, "the same"),
		finding("p1.e.1", "rule-high", "e.env", 5, leak.High, "another"),
		finding("v1.f", "gone-medium", "f.env", 6, leak.Medium, ""),
	}
}

func start(t *testing.T, opt Options) (*model, *desk) {
	t.Helper()
	d := &desk{}
	m, err := newModel(t.Context(), some(), NewDecisions("/target"), d, opt)
	if err != nil {
		t.Fatal(err)
	}
	m.now = func() time.Time { return time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC) }
	settle(m, m.Init())
	return m, d
}

// settle runs commands as bubbletea would, but those that quit.
func settle(m *model, cmd tea.Cmd) (quit bool) {
	if cmd == nil {
		return false
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.QuitMsg:
		return true
	case tea.BatchMsg:
		for _, c := range msg {
			quit = settle(m, c) || quit
		}
	default:
		_, next := m.Update(msg)
		return settle(m, next)
	}
	return quit
}

// press sends keys: names of keys, or "=text" to be typed.
func press(m *model, keys ...string) (quit bool) {
	codes := map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "down": tea.KeyDown, "up": tea.KeyUp,
		"backspace": tea.KeyBackspace, "pgdown": tea.KeyPgDown, "pgup": tea.KeyPgUp, "home": tea.KeyHome, "end": tea.KeyEnd}
	for _, k := range keys {
		if text, typed := strings.CutPrefix(k, "="); typed {
			for _, r := range text {
				quit = send(m, tea.KeyPressMsg{Code: r, Text: string(r)})
			}
			continue
		}
		if code, special := codes[k]; special {
			quit = send(m, tea.KeyPressMsg{Code: code})
			continue
		}
		quit = send(m, tea.KeyPressMsg{Code: []rune(k)[0], Text: k})
	}
	return quit
}

func send(m *model, msg tea.Msg) bool {
	_, cmd := m.Update(msg)
	return settle(m, cmd)
}

func shownRules(m *model) (rules []string) {
	for _, s := range m.shown {
		rules = append(rules, s.head().Rule)
	}
	return rules
}

func TestGroupedBySecretAndSorted(t *testing.T) {
	m, _ := start(t, Options{Title: "shop"})
	if len(m.secrets) != 5 {
		t.Errorf("%d secrets, want 5: one value stands in two files", len(m.secrets))
	}
	for _, want := range []string{
		"rule-critical rule-high rule-high gone-medium rule-low", // by severity
		"rule-critical rule-low rule-high rule-high gone-medium", // by place
		"gone-medium rule-critical rule-high rule-high rule-low", // by rule
		"rule-high rule-low rule-critical rule-high gone-medium", // by number of places
	} {
		if got := strings.Join(shownRules(m), " "); got != want {
			t.Errorf("by %s: %s\nwant %s", orders[m.order], got, want)
		}
		press(m, "o")
	}
}

func TestDecisionsAreKeptAtOnce(t *testing.T) {
	m, d := start(t, Options{})
	press(m, "down", "r") // rule-high, in two places
	if !strings.Contains(d.kept, `"id": "p1.c.1",
      "rule": "rule-high",
      "choice": "remediate",
      "day": "2026-11-24"`) || strings.Count(d.kept, "remediate") != 2 {
		t.Errorf("kept %s", d.kept)
	}
	if slices.Contains(shownRules(m), "rule-high") && len(m.shown) != 4 {
		t.Errorf("open are %v", shownRules(m))
	}
	press(m, "home", "f", "=a test key", "backspace", "=y", "enter")
	if want := "allow 1: a test key"; len(d.did) != 1 || d.did[0] != want {
		t.Errorf("did %q, want %q", d.did, want)
	}
	if !strings.Contains(d.kept, `"reason": "a test key"`) || !strings.Contains(m.screen(), "the entry is in .oakum-allow") {
		t.Errorf("kept %s", d.kept)
	}
	press(m, "tab", "home", "u") // all: the first one is open again
	if d.did[len(d.did)-1] != "forbid 1" || strings.Contains(d.kept, "false-positive") {
		t.Errorf("did %q, kept %s", d.did, d.kept)
	}
	// What was kept is what the next session begins with.
	again, err := ParseDecisions("x", []byte(d.kept))
	if err != nil || again.Count(Remediate) != 2 || again.Target != "/target" {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestFalsePositiveNeedsAReasonAndASuccess(t *testing.T) {
	m, d := start(t, Options{})
	press(m, "f", "enter")
	if len(d.did) != 0 || !strings.Contains(m.screen(), "needs a reason") {
		t.Errorf("did %q", d.did)
	}
	press(m, "f", "=no", "esc")
	d.fail = errors.New("disk full")
	press(m, "f", "=yes", "enter")
	if d.kept != "" || !strings.Contains(m.screen(), "not changed: disk full") {
		t.Errorf("kept %s", d.kept)
	}
}

func TestSkipGoesOn(t *testing.T) {
	m, _ := start(t, Options{})
	press(m, "s")
	if m.at != 1 || len(m.shown) != 5 || m.decided() != 0 {
		t.Errorf("at %d of %d, %d decided", m.at, len(m.shown), m.decided())
	}
}

func TestFixedSaysWhatStillStands(t *testing.T) {
	m, _ := start(t, Options{})
	press(m, "x")
	if !strings.Contains(m.screen(), "fixed: rule-critical, though the value still stands there") {
		t.Error(m.screen())
	}
	m, _ = start(t, Options{At: "v1.f"})
	press(m, "x")
	if strings.Contains(m.screen(), "still stands") || !strings.Contains(m.screen(), "fixed: gone-medium") {
		t.Error(m.screen())
	}
}

func TestSearchAndFilter(t *testing.T) {
	m, _ := start(t, Options{})
	press(m, "/", "=D.env", "enter")
	if got := shownRules(m); len(got) != 1 || got[0] != "rule-high" {
		t.Errorf("found %v", got)
	}
	press(m, "x", "esc", "tab", "tab")
	if got := shownRules(m); filters[m.filter] != "decided" || len(got) != 1 {
		t.Errorf("%s: %v", filters[m.filter], got)
	}
	press(m, "/", "=nowhere", "enter")
	if !strings.Contains(m.screen(), "nothing to show") {
		t.Error(m.screen())
	}
	press(m, "x", "f", "r", "u", "down", "up", "end", "pgdown", "pgup") // on nothing: no panic
}

func TestBeginsAtAFinding(t *testing.T) {
	m, _ := start(t, Options{At: "p1.d.1"})
	if m.current().head().ID != "p1.c.1" {
		t.Errorf("at %s", m.current().head().ID)
	}
	if _, err := newModel(t.Context(), some(), NewDecisions(""), &desk{}, Options{At: "v1.none"}); err == nil {
		t.Error("a finding that is not there was found")
	}
}

// No line is wider than the screen, no screen longer than it, at any size and in any
// state.
func TestFitsTheScreen(t *testing.T) {
	long := some()
	long[1].Rule = strings.Repeat("a-very-long-rule", 9)
	long[1].Place = leak.File{Name: strings.Repeat("深い/folder\x1b[31m/", 30)}
	long[1].Notes = []string{strings.Repeat("a note that goes on ", 40)}
	m, err := newModel(t.Context(), long, NewDecisions(""), &desk{}, Options{Title: strings.Repeat("title", 50)})
	if err != nil {
		t.Fatal(err)
	}
	settle(m, m.Init())
	tried := 0
	for _, size := range [][2]int{{80, 24}, {40, 12}, {60, 16}, {200, 60}, {20, 5}, {1, 1}} {
		send(m, tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		for _, keys := range [][]string{{"down"}, {"up"}, {"?"}, {"esc"}, {"/", "=" + strings.Repeat("x", 300)}, {"esc"}, {"pgdown"}, {"tab"}, {"tab"}, {"tab"}} {
			press(m, keys...)
			tried++
			lines := strings.Split(m.screen(), "\n")
			if len(lines) > size[1] && size[0] >= smallestWidth && size[1] >= smallestHeight {
				t.Errorf("%v after %.20q: %d lines", size, keys, len(lines))
			}
			for _, line := range lines {
				if n := utf8.RuneCountInString(plain(line)); n > size[0] && size[0] >= smallestWidth {
					t.Errorf("%v after %.20q: %d columns: %q", size, keys, n, line)
				}
				if strings.Contains(line, "\x1b[31m/") {
					t.Errorf("a path drives the terminal: %q", line)
				}
			}
		}
	}
	if tried != 60 {
		t.Errorf("%d screens", tried)
	}
}

// plain is a line without its styles.
func plain(line string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(line, "\x1b[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		_, line, _ = strings.Cut(rest, "m")
	}
}

func TestQuits(t *testing.T) {
	m, _ := start(t, Options{})
	if !press(m, "q") {
		t.Error("q does not leave")
	}
	press(m, "/")
	if press(m, "q") {
		t.Error("q leaves while a search is typed")
	}
	if !send(m, tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl}) {
		t.Error("ctrl+c does not leave")
	}
}

func TestExcerpt(t *testing.T) {
	text := "one\r\ntwo secret end\nthree\nfour\n"
	got := Excerpt(text, []Spot{{2, 5, 2, 11}, {3, 3, 4, 3}}, 2)
	want := []string{"     1  one", ">    2  two •••••••• end", "     3  th••••••••", "     4  ••••••••ur"}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	if got := Excerpt("a", []Spot{{1, 0, 9, 99}}, 7); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

func TestParseDecisionsRefuses(t *testing.T) {
	for _, in := range []string{"", "{}", `{"schema":"oakum-triage/2"}`, `{"schema":"oakum-triage/1","decisions":[{"id":"a","choice":"maybe"}]}`} {
		if d, err := ParseDecisions("x", []byte(in)); err == nil {
			t.Errorf("%s gave %+v", in, d)
		}
	}
}
