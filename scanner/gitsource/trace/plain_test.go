package trace

import (
	"bytes"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
)

// plain is the walk that a Trace has to agree with: each tree whole, each path a
// string.
type plain struct {
	db      *fake
	wanted  map[object.ID]bool
	entered map[object.ID]map[string]bool
	found   []*Found
	at      map[object.ID]*Found
	links   map[string]object.ID
	linked  map[object.ID]map[string]bool
	seen    map[object.ID]bool // by later, in class
	class   int
	lost    []string
}

func newPlain(db *fake, wanted map[object.ID]bool) *plain {
	return &plain{db: db, wanted: wanted, entered: map[object.ID]map[string]bool{}, at: map[object.ID]*Found{},
		links: map[string]object.ID{}, linked: map[object.ID]map[string]bool{}, class: -1}
}

func (p *plain) entries(raw []byte) (all []odb.Entry, err error) {
	for len(raw) > 0 && err == nil {
		var e odb.Entry
		if e, raw, err = odb.NextEntry(raw, p.db.format); err == nil {
			all = append(all, e)
		}
	}
	return all, err
}

func (p *plain) tree(id object.ID, dir string, depth int, v Visit) {
	if p.entered[id] == nil {
		p.entered[id] = map[string]bool{}
	}
	if p.entered[id][dir] || len(p.entered[id]) > MaxPaths {
		return
	}
	p.entered[id][dir] = true
	raw, err := p.db.read(id)
	if err == nil && depth > MaxDepth {
		err = errDeep
	}
	if err != nil {
		p.lost = append(p.lost, lossOf(id, dir, err))
		return
	}
	all, err := p.entries(raw)
	for _, e := range all {
		switch path := dir + string(e.Name); {
		case e.IsTree():
			p.tree(e.ID, path+"/", depth+1, v)
		case e.IsLink():
			p.link(path, e.ID)
		default:
			p.blob(e.ID, path, v)
		}
	}
	if err != nil {
		p.lost = append(p.lost, lossOf(id, dir, ErrTree))
	}
}

func (p *plain) link(path string, id object.ID) {
	if p.linked[id] == nil {
		p.linked[id] = map[string]bool{}
	}
	if !p.linked[id][path] && len(p.linked[id]) <= MaxPaths {
		p.linked[id][path] = true
		p.links[path] = id
	}
}

// blob notes a blob if it is wanted, or none.
func (p *plain) blob(id object.ID, path string, v Visit) {
	n, there := p.db.Find(id)
	if there && p.db.Kind(n) == object.Blob && !p.wanted[id] {
		return
	}
	f := p.at[id]
	if f == nil {
		f = &Found{ID: id, Node: -1, First: v, Last: -1, Path: path}
		if there {
			f.Node = n
		}
		p.at[id] = f
		p.found = append(p.found, f)
	}
	if path != "" && f.Paths == nil && f.Path == path {
		f.Paths = []string{path}
	} else if f.Path != "" && !slices.Contains(f.Paths, path) && path != "" && len(f.Paths) <= MaxPaths {
		f.Paths = append(f.Paths, path)
	}
}

// tops are the trees that were not entered, but for parts of such.
func (p *plain) tops() (tops []object.ID) {
	parts := map[object.ID]bool{}
	for _, o := range p.db.all {
		if o.kind == object.Tree && p.entered[o.id] == nil {
			raw, _ := p.db.read(o.id)
			all, _ := p.entries(raw)
			for _, e := range all {
				if e.IsTree() {
					parts[e.ID] = true
				}
			}
		}
	}
	for _, o := range p.db.all {
		if o.kind == object.Tree && p.entered[o.id] == nil && !parts[o.id] {
			tops = append(tops, o.id)
		}
	}
	slices.SortFunc(tops, func(a, b object.ID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(tops)
}

func (p *plain) rest(v Visit) {
	var rest []object.ID
	for _, o := range p.db.all {
		if o.kind == object.Blob && p.wanted[o.id] && p.at[o.id] == nil {
			rest = append(rest, o.id)
		}
	}
	slices.SortFunc(rest, func(a, b object.ID) int { return bytes.Compare(a[:], b[:]) })
	for _, id := range rest {
		p.blob(id, "", v)
	}
}

// sweep gives every file of a tree, each tree once.
func (p *plain) sweep(id object.ID, seen map[object.ID]bool, use func(id object.ID)) {
	if seen[id] {
		return
	}
	seen[id] = true
	raw, _ := p.db.read(id)
	all, _ := p.entries(raw)
	for _, e := range all {
		if e.IsTree() {
			p.sweep(e.ID, seen, use)
		} else if !e.IsLink() {
			use(e.ID)
		}
	}
}

func (p *plain) head(id object.ID) {
	p.sweep(id, map[object.ID]bool{}, func(id object.ID) {
		if f := p.at[id]; f != nil {
			f.AtHead = true
		}
	})
}

func (p *plain) later(id object.ID, v Visit) {
	if p.class != int(v.Class) {
		p.class, p.seen = int(v.Class), map[object.ID]bool{}
	}
	p.sweep(id, p.seen, func(id object.ID) {
		if f := p.at[id]; f != nil && f.First.Class == v.Class && f.Last < 0 {
			f.Last = v.Commit
		}
	})
}

// named tells which blobs stand under a name that is a token.
func (p *plain) named(token func([]byte) bool) map[object.ID]bool {
	is := func(name []byte) bool { return slices.ContainsFunc(bytes.Split(name, []byte("/")), token) }
	named, seen := map[object.ID]bool{}, map[object.ID]bool{}
	for _, o := range p.db.all {
		if o.kind != object.Tree {
			continue
		}
		raw, _ := p.db.read(o.id)
		all, _ := p.entries(raw)
		for _, e := range all {
			switch {
			case e.IsLink() || !is(e.Name):
			case e.IsTree():
				p.sweep(e.ID, seen, func(id object.ID) { named[id] = true })
			default:
				named[e.ID] = true
			}
		}
	}
	return named
}

func lossOf(id object.ID, dir string, err error) string {
	return strings.Join([]string{id.String(), dir, err.Error()}, " ")
}
