package rules

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/oakum-sec/oakum/rules/internal/packed"
	"github.com/oakum-sec/oakum/rules/internal/split"
	"github.com/oakum-sec/oakum/rules/internal/tree"
)

// indexMagic names the layout that follows. The index is made and read by the
// same version of this package: there is no other to be compatible with.
const indexMagic = "oakum rules 1\n"

// Index compiles rules into a form that Open reads fast: literals and their
// anchors, what may stand beside them, regexps split at them as text, and the
// rules themselves, to be decoded when they first match.
//
// The layout is a list of numbers (uvarint) and strings (length, bytes) in the
// order in which plan.write writes them.
func Index(rules []Rule) ([]byte, error) {
	plans, err := planAll(rules)
	if err != nil {
		return nil, err
	}
	w := packed.Writer(indexMagic)
	w.Number(len(plans))
	for i := range plans {
		if err := plans[i].write(&w); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// Open makes a Set of what Index made. Its strings are parts of index.
func Open(index string) (*Set, error) {
	if len(index) < len(indexMagic) || index[:len(indexMagic)] != indexMagic {
		return nil, errIndex
	}
	r := packed.NewReader(index[len(indexMagic):])
	plans := make([]plan, r.Number(len(index)))
	for i := range plans {
		plans[i].read(r)
	}
	if !r.Ok() {
		return nil, errIndex
	}
	return newSet(plans)
}

var errIndex = errors.New("the index of the built-in rules is not of this version: run go generate ./rules/builtin")

// flags of a plan.
const (
	isForeign = 1
	isCapped  = 2
)

func (p *plan) write(w *packed.Writer) error {
	encoded, err := json.Marshal(p.rule())
	if err != nil {
		return fmt.Errorf("encode rule %s: %w", p.id, err)
	}
	w.Text(p.id)
	w.Text(string(encoded))
	w.Number(int(p.lane))
	w.Text(p.regex.String())
	flags := 0
	if p.foreign {
		flags |= isForeign
	}
	if p.capped {
		flags |= isCapped
	}
	w.Number(flags)
	w.Number(p.value)
	w.Number(p.key)
	w.Number(p.width)
	w.Text(p.extent)
	w.Number(len(p.splits))
	for i := range p.splits {
		p.splits[i].Write(w)
	}
	w.Number(len(p.words))
	for _, word := range p.words {
		w.Text(word)
	}
	return nil
}

func (p *plan) read(r *packed.Reader) {
	p.id, p.encoded = r.Text(), r.Text()
	p.lane = lane(r.Number(int(absent)))
	p.regex.Text = r.Text()
	flags := r.Number(isForeign | isCapped)
	p.foreign, p.capped = flags&isForeign != 0, flags&isCapped != 0
	p.value, p.key, p.width = r.Number(tree.MaxProgram), r.Number(tree.MaxProgram), r.Number(tree.Endless)
	p.extent = r.Text()
	p.splits = make([]split.Split, r.Count())
	for i := range p.splits {
		p.splits[i].Read(r)
	}
	p.words = make([]string, r.Count())
	for i := range p.words {
		p.words[i] = r.Text()
	}
}
