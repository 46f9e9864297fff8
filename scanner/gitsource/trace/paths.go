package trace

import "strings"

// paths numbers folders. One is a chain: the folder around it, and its name in
// that. 0 is the top, whose path is empty; all others end in a slash.
type paths struct {
	names *names
	list  []spot
	at    map[spot]int32
}

// spot is an entry's path: its folder and its name there.
type spot struct{ dir, name int32 }

const top = 0

// nowhere is the spot of a blob that was noted without a path.
var nowhere = spot{-1, -1}

func newPaths(n *names) *paths {
	return &paths{names: n, list: []spot{{-1, -1}}, at: map[spot]int32{}}
}

// folder is the number of the folder at s.
func (p *paths) folder(s spot) int32 {
	s = p.plain(s)
	i, ok := p.at[s]
	if !ok {
		i = int32(len(p.list))
		p.list = append(p.list, s)
		p.at[s] = i
	}
	return i
}

// plain makes folders of the slashes that a name has: two spots of one path are
// one spot.
func (p *paths) plain(s spot) spot {
	if len(p.names.deep) == 0 || !p.names.deep[s.name] {
		return s
	}
	return p.parse(s.dir, p.names.list[s.name])
}

// parse is the spot of a path below dir.
func (p *paths) parse(dir int32, path string) spot {
	for {
		name, rest, more := strings.Cut(path, "/")
		s := spot{dir, p.names.number(name)}
		if !more {
			return s
		}
		dir, path = p.folder(s), rest
	}
}

// text is the path of s; "" for nowhere.
func (p *paths) text(s spot) string {
	if s == nowhere {
		return ""
	}
	return p.prefix(s.dir) + p.names.list[s.name]
}

// prefix is the path of a folder with the slash at its end.
func (p *paths) prefix(dir int32) string {
	var parts []string
	for ; dir > top; dir = p.list[dir].dir {
		parts = append(parts, p.names.list[p.list[dir].name])
	}
	var b strings.Builder
	for i := len(parts) - 1; i >= 0; i-- {
		b.WriteString(parts[i])
		b.WriteByte('/')
	}
	return b.String()
}
