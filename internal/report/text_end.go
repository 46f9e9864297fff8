package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/leak"
)

// warnedShown bounds the warned findings that the text lists.
const warnedShown = 20

// warned lists what does not deny, a line each: how bad, where, what, under which name.
func (t *text) warned(findings []*leak.Finding) {
	if len(findings) == 0 {
		return
	}
	t.line("%s  %s", t.paint(sgrYellow, "WARNED OF"), t.dim("these do not deny"))
	for i, f := range findings {
		if i == warnedShown {
			t.line("  and %d more: `--format json` lists them all", len(findings)-warnedShown)
			break
		}
		notes := append([]string{f.Decision.Reason}, f.Notes...)
		t.line("  %-8s  %s  %s  %s  %s", f.Severity, t.placed(f.Sighting), f.Rule, t.value(f), t.dim(Escape(strings.Join(notes, "; "))))
	}
	t.line("")
}

// gapsShown bounds the places that the text lists for one kind of gap.
const gapsShown = 5

// gaps lists what was not looked at, failures first, grouped by kind.
func (t *text) gaps() {
	groups := map[string][]*leak.Gap{}
	for _, g := range t.d.Gaps {
		groups[g.Code] = append(groups[g.Code], g)
	}
	codes := slices.Sorted(maps.Keys(groups))
	slices.SortStableFunc(codes, func(a, b string) int { return cmp.Compare(groups[b][0].Class, groups[a][0].Class) })
	for _, code := range codes {
		t.gapGroup(code, groups[code])
	}
}

func (t *text) gapGroup(code string, gaps []*leak.Gap) {
	t.line("%s  %s %s", t.paint(sgrYellow, "NOT LOOKED AT"), t.bold(code), t.dim("("+gaps[0].Class.String()+")"))
	for i, g := range gaps {
		if i == gapsShown {
			t.line("  and %d more: `--format json` lists them all", len(gaps)-gapsShown)
			break
		}
		t.line("  %s%s", Escape(g.Error()), t.gapDecision(g))
	}
	t.line("")
}

// gapDecision is what a policy says of a gap, where that is not what its class does.
func (t *text) gapDecision(g *leak.Gap) string {
	if g.Decision == nil {
		return ""
	}
	words := fmt.Sprintf("  %s: %s", decided[g.Decision.Verdict], Escape(g.Decision.Reason))
	if g.Decision.Verdict == leak.Deny {
		return t.paint(sgrRed, words)
	}
	return t.dim(words)
}

var decided = map[leak.Verdict]string{leak.Allow: "let through", leak.Warn: "incomplete", leak.Deny: "denied"}

// summary is one line: the verdict, then what it rests on.
func (t *text) summary() {
	s := t.d.Summary
	seen := Seen(s.Blobs, s.Bytes)
	if t.opt.Elapsed {
		seen += " in " + t.d.Elapsed.Round(time.Millisecond).String()
	}
	parts := []string{t.verdictWord(), seen}
	if n := s.Failures + s.Boundaries; n > 0 {
		parts = append(parts, fmt.Sprintf("%s (%s)", count(n, "gap"), count(s.Failures, "failure")))
	}
	if by := suppressedBy(t.d.Findings); by != "" {
		parts = append(parts, by)
	}
	if by := liveness(t.d.Findings); by != "" {
		parts = append(parts, by)
	}
	if n := s.Dropped["proof"]; n > 0 {
		parts = append(parts, count(n, "candidate")+" below --min-proof not listed")
	}
	t.line("%s", strings.Join(parts, " · "))
}

// Seen is how much was looked at, in words.
func Seen(blobs, bytes int64) string { return count(blobs, "text") + ", " + size(bytes) }

// verdictWord never says "clean" of what was not wholly looked at.
func (t *text) verdictWord() string {
	c, r := t.d.Counts, t.d.Result
	words := []string{}
	if c.Denied > 0 {
		words = append(words, t.paint(sgrRed, fmt.Sprintf("%d denied", c.Denied)))
	}
	if c.Warned > 0 {
		words = append(words, t.paint(sgrYellow, fmt.Sprintf("%d warned", c.Warned)))
	}
	if c.Allowed > 0 {
		words = append(words, fmt.Sprintf("%d allowed", c.Allowed))
	}
	if c.Denied == 0 && r.Verdict == leak.Deny { // a gap, or everything because the policy is broken
		words = append(words, t.paint(sgrRed, "denied by the policy"))
	}
	switch {
	case !r.Complete:
		words = append(words, t.paint(sgrYellow, strings.TrimSpace("incomplete "+paren(r.Reason))))
	case len(words) == 0:
		words = append(words, t.paint(sgrGreen, "clean"))
	}
	return strings.Join(words, ", ")
}

func paren(s string) string {
	if s == "" {
		return ""
	}
	return "(" + Escape(s) + ")"
}

// suppressedBy counts suppressed findings by what suppressed them.
func suppressedBy(findings []*leak.Finding) string {
	kinds, total := map[string]int{}, 0
	for _, f := range findings {
		if silenced(f) {
			kinds[f.Suppressed.Kind]++
			total++
		}
	}
	if total == 0 {
		return ""
	}
	var by []string
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		by = append(by, fmt.Sprintf("%s %d", k, kinds[k]))
	}
	return fmt.Sprintf("%d suppressed (%s)", total, strings.Join(by, ", "))
}

// count is n things, as "1 text", "12,345 texts".
func count(n int64, thing string) string {
	if n != 1 {
		thing += "s"
	}
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits + " " + thing
}

// size is bytes in decimal units, as disks and networks are sold.
func size(n int64) string {
	const units = "kMGTPE"
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	v, unit := float64(n)/1000, 0
	for v >= 999.95 && unit < len(units)-1 {
		v, unit = v/1000, unit+1
	}
	return fmt.Sprintf("%.1f %cB", v, units[unit])
}
