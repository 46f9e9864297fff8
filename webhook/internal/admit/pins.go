package admit

import (
	_ "embed"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/rules"
)

// since.txt says with which version of the rules each built-in rule came: a line a
// version, oldest first, its name and the rules' ids. A test writes what is missing
// (go test ./internal/admit -run TestPins -update rules-2027.01), before a release.
//
//go:embed since.txt
var sinceText string

// pins is since.txt, read.
type pins struct {
	versions []string
	since    map[string]int // a rule's id → its version's place
}

func readPins(text string) pins {
	p := pins{since: map[string]int{}}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		for _, id := range words[1:] {
			if _, known := p.since[id]; !known {
				p.since[id] = len(p.versions)
			}
		}
		p.versions = append(p.versions, words[0])
	}
	return p
}

// Pins are the versions of the rules that a namespace may be pinned to, oldest first.
//
// There is one set of rules, the one that is built in. A pin does not bring back an old
// one: it holds off what is newer, so that a new version of oakum refuses nothing that
// the pinned one had no rule for. What such a rule finds is warned of. A rule that was
// there keeps what it has learnt since.
func Pins() []string { return readPins(sinceText).versions }

// place is where a version stands among all, or past them for the latest.
func (p *pins) place(version string) (place int, known bool) {
	if version == "" || version == Latest {
		return len(p.versions), true
	}
	place = slices.Index(p.versions, version)
	return place, place >= 0
}

// newer tells whether a built-in rule came after a version. A user's own rules are as
// old as the user wants them to be.
func (a *Admitter) newer(rule, version string) bool {
	place, known := a.pins.place(version)
	if !known || place == len(a.pins.versions) {
		return false
	}
	if since, listed := a.pins.since[rule]; listed {
		return since > place
	}
	return a.ours()[rule]
}

// builtIn are the ids of oakum's own rules among a set's.
func builtIn(set *rules.Set) map[string]bool {
	ids := map[string]bool{}
	for _, r := range set.Rules() {
		if r.Ours() {
			ids[r.ID] = true
		}
	}
	return ids
}
