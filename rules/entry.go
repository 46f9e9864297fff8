package rules

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"sync"

	"github.com/oakum-sec/oakum/rules/internal/automaton"
	"github.com/oakum-sec/oakum/rules/internal/prefilter"
)

// entry is a rule of a Set: its plan, and what is made of it when the first text
// asks for it. Most rules never see a match, and many not even a hit.
type entry struct {
	plan
	reaches [2]int // left and right

	ruleOnce sync.Once
	held     *Rule

	exactOnce sync.Once
	exact     [2]*regexp.Regexp    // behind a byte of context, at the text's begin
	names     []string             // of the groups
	free      *regexp.Regexp       // of the slow lane: anywhere
	whole     *automaton.Automaton // of a capped rule

	halves []half // by split
}

// half is a split's automata.
type half struct {
	once             sync.Once
	forward, reverse *automaton.Automaton
}

// owner is who is to be asked about a literal's hit.
type owner struct {
	entry, split uint32
	asks         asks
}

type asks uint8

const (
	regex      asks = iota
	assignment      // hand-written
	mention         // a keyword of a rule in the slow lane
)

var errTooMany = errors.New("over 65,535 literals in one set of rules")

// newSet makes a Set of plans.
func newSet(plans []plan) (*Set, error) {
	slices.SortFunc(plans, func(a, b plan) int { return cmp.Compare(a.id, b.id) })
	s := &Set{entries: make([]entry, len(plans))}
	b := newSetBuilder(s, plans)
	for i := range plans {
		s.entries[i].plan = plans[i]
		b.add(uint32(i), &s.entries[i])
	}
	if len(b.literals) > 1<<16-1 {
		return nil, errTooMany
	}
	s.filter = prefilter.New(b.literals, b.besides)
	b.sortOwners()
	s.spare.New = func() any { return newWorker(s) }
	return s, nil
}

// setBuilder collects the literals of a Set's rules, equal ones once.
type setBuilder struct {
	set      *Set
	ids      map[prefilter.Literal]uint32
	literals []prefilter.Literal
	besides  [][2]prefilter.Border
	owners   []owned
	halves   []half // for the entries to take from
}

// owned is a literal and who asks for it.
type owned struct {
	literal uint32
	owner
}

func newSetBuilder(s *Set, plans []plan) *setBuilder {
	splits, lits := 0, 0
	for i := range plans {
		splits += len(plans[i].splits)
		lits += len(plans[i].words)
		for j := range plans[i].splits {
			lits += len(plans[i].splits[j].Literals)
		}
	}
	return &setBuilder{
		set: s, ids: make(map[prefilter.Literal]uint32, lits), literals: make([]prefilter.Literal, 0, lits),
		besides: make([][2]prefilter.Border, 0, lits), owners: make([]owned, 0, lits), halves: make([]half, splits),
	}
}

func (b *setBuilder) add(i uint32, e *entry) {
	switch e.lane {
	case slow:
		b.set.slow = append(b.set.slow, i)
		b.set.reach = max(b.set.reach, MaxReach)
		b.mentions(i, e)
		return
	case absent:
		return
	}
	e.reaches = [2]int{e.left(), e.right()}
	b.set.reach = max(b.set.reach, e.reaches[0], e.reaches[1])
	if e.extent != "" {
		b.set.body = max(b.set.body, bodyReach)
	}
	n := len(e.splits)
	e.halves, b.halves = b.halves[:n:n], b.halves[n:]
	kind := regex
	if e.regex.None() {
		kind = assignment
	}
	for j := range e.splits {
		sp := &e.splits[j]
		for _, l := range sp.Literals {
			b.own(l, [2]prefilter.Border{sp.Before, sp.After}, owner{i, uint32(j), kind})
		}
	}
}

// mentions has the prefilter look for a slow rule's keywords; those too short for
// it are looked for by themselves.
func (b *setBuilder) mentions(i uint32, e *entry) {
	for _, w := range e.words {
		if len(w) < prefilter.MinSize {
			continue
		}
		b.set.words = true
		l := prefilter.Folded(w[:min(len(w), prefilter.MaxSize)])
		l.Settle()
		b.own(l, [2]prefilter.Border{prefilter.AnyBorder, prefilter.AnyBorder}, owner{i, 0, mention})
	}
}

func (b *setBuilder) own(l prefilter.Literal, beside [2]prefilter.Border, o owner) {
	id, ok := b.ids[l]
	if !ok {
		id = uint32(len(b.literals))
		b.ids[l] = id
		b.literals, b.besides = append(b.literals, l), append(b.besides, beside)
	}
	for side := range beside {
		b.besides[id][side].Set = b.besides[id][side].Set.Union(beside[side].Set)
		b.besides[id][side].Open = b.besides[id][side].Open || beside[side].Open
	}
	b.owners = append(b.owners, owned{id, o})
}

// sortOwners lists the owners by literal.
func (b *setBuilder) sortOwners() {
	first := make([]uint32, len(b.literals)+1)
	for _, o := range b.owners {
		first[o.literal+1]++
	}
	for i := range len(b.literals) {
		first[i+1] += first[i]
	}
	b.set.first, b.set.owners = first, make([]owner, len(b.owners))
	next := slices.Clone(first)
	for _, o := range b.owners {
		b.set.owners[next[o.literal]] = o.owner
		next[o.literal]++
	}
}

// kept is the rule itself, decoded once.
func (e *entry) kept() *Rule {
	e.ruleOnce.Do(func() { e.held = e.rule() })
	return e.held
}

// automata gives those of split i.
func (e *entry) automata(i int) *half {
	h := &e.halves[i]
	h.once.Do(func() {
		h.forward = automaton.New(&e.splits[i].Suffix, false)
		h.reverse = automaton.New(&e.splits[i].Prefix, true)
	})
	return h
}

// compile makes what settles a match.
func (e *entry) compile() {
	e.exactOnce.Do(func() {
		if e.lane == slow {
			e.free, _ = regexp.Compile(e.regex.String())
			e.names = e.free.SubexpNames()
			return
		}
		for i := range e.exact {
			e.exact[i], _ = anchored(e.regex.String(), i == 1) // it was parsed when the rule was compiled
		}
		e.names = e.exact[0].SubexpNames()[1:]
		if e.capped {
			e.whole = automaton.New(&e.regex, false)
		}
	})
}
