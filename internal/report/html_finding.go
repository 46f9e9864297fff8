package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// pageCard is one secret with all its places.
type pageCard struct {
	Anchor, Severity, Verdict string
	ID                        string // the finding's: a second anchor, for links from elsewhere
	What, Value, Where        string
	More                      int // places beside Where
	Items                     []pageItem
	Places                    []pagePlace
	Unlisted                  int // places that the report holds no more of
}

type pageItem struct{ Label, Text, URL string }

// pagePlace is a row of a card; name and link are for the list by place.
type pagePlace struct{ Where, State, Since, name, link string }

func cardOf(i int, f *leak.Finding, d *Document) pageCard {
	r, t := d.Rule(f.Rule), text{d: d}
	c := pageCard{
		Anchor: fmt.Sprintf("f%d", i+1), ID: f.ID, Severity: f.Severity.String(), Verdict: verdict(f).String(),
		What: Escape(r.Description), Value: t.value(f), Where: t.sighting(f.Sighting), More: max(f.Seen-1, len(f.Also)),
	}
	if silenced(f) {
		c.Verdict = "suppressed"
	}
	c.Items = cardItems(r, f)
	for _, s := range slices.Concat([]leak.Sighting{f.Sighting}, f.Also) {
		c.Places = append(c.Places, pagePlace{t.placed(s), stateOf(s), strings.TrimSuffix(originText(s), whereOf(s)), Escape(s.Place.String()), Escape(f.Rule) + lineText(s.Line)})
	}
	c.Unlisted = max(0, f.Seen-len(c.Places))
	return c
}

func cardItems(r Rule, f *leak.Finding) []pageItem {
	var items []pageItem
	add := func(label, text, url string) {
		url = httpsOnly(url)
		if text != "" || url != "" {
			items = append(items, pageItem{label, text, url})
		}
	}
	add("rule", Escape(f.Rule)+", "+f.Proof.String()+": "+proofMeaning(f.Proof), "")
	if f.Proof == leak.Generic && f.Confidence > 0 {
		add("confidence", fmt.Sprintf("%.2f", f.Confidence), "")
	}
	add("live", LiveText(f.Live), "")
	add("what it opens", Escape(r.Doc), "")
	add("step", stepText(f.Sighting), "")
	for _, p := range f.Parts {
		add("together with", Escape(partText(p))+partPlace(f, p), "")
	}
	add("inside", strings.Join(f.Decoded, " in "), "")
	for _, n := range f.Notes {
		add("note", Escape(n), "")
	}
	add("verdict", verdictText(f), "")
	add("rotate", Escape(r.Rotate), r.RotateURL)
	add("format", "", r.Source)
	add("finding", f.ID, "")
	if !silenced(f) {
		add("go through it", "oakum triage --at "+f.ID, "")
		add("let it pass", fmt.Sprintf("oakum allow add %s --reason \"…\"", f.ID), "")
	}
	return items
}

func proofMeaning(p leak.Proof) string {
	return [...]string{"a value under a telling name", "it has its issuer's form", "it decodes to what its issuer puts there", "its checksum or a parser proves it"}[p]
}

// stateOf is whether the value can still be seen there, in words.
func stateOf(s leak.Sighting) string {
	switch {
	case current(s):
		return "there now"
	case s.Reach > leak.Reachable:
		return s.Reach.String()
	}
	return "in the history"
}

// current tells whether a place still has the value today.
func current(s leak.Sighting) bool {
	return s.Reach < leak.Reachable || s.Origin == nil && s.Reach == leak.Reachable || s.Origin != nil && s.Origin.AtHead
}

func whereOf(s leak.Sighting) string {
	if s.Origin == nil {
		return ""
	}
	return whereNow(s.Origin)
}

// pageFile is a place with the findings in it.
type pageFile struct {
	Name     string
	Count    int
	Links    []pageLink
	Unlisted int
}

type pageLink struct{ Anchor, Text, Severity string }

// fileLinks bounds the findings that are linked from a place.
const fileLinks = 12

// pageFiles turns the cards over: places with most findings first. Suppressed
// ones are not in it.
func pageFiles(cards []pageCard) []pageFile {
	at := map[string]int{}
	var files []pageFile
	for _, c := range cards {
		if c.Verdict == "suppressed" {
			continue
		}
		seen := map[string]bool{}
		for _, p := range c.Places {
			if seen[p.name] {
				continue
			}
			seen[p.name] = true
			i, known := at[p.name]
			if !known {
				i = len(files)
				at[p.name], files = i, append(files, pageFile{Name: p.name})
			}
			files[i].add(pageLink{c.Anchor, p.link, c.Severity})
		}
	}
	slices.SortStableFunc(files, func(a, b pageFile) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name)) })
	return files
}

func (f *pageFile) add(l pageLink) {
	f.Count++
	if len(f.Links) == fileLinks {
		f.Unlisted++
		return
	}
	f.Links = append(f.Links, l)
}
