package leaf

import "strings"

// byName puts [name=X] for [0] in the paths of lists whose elements all have a
// name of their own; see Step, which does so for YAML.
func byName(leaves []Leaf) []Leaf {
	names, seen := map[string]map[string]string{}, map[string]map[string]bool{}
	for _, l := range leaves {
		for i, step := range l.Path {
			if !strings.HasPrefix(step, "[") {
				continue
			}
			list := l.Path[:i].String()
			if seen[list] == nil {
				seen[list], names[list] = map[string]bool{}, map[string]string{}
			}
			seen[list][step] = true
			if i+2 == len(l.Path) && strings.EqualFold(l.Path[i+1], "name") {
				names[list][step] = l.Value
			}
		}
	}
	for list, steps := range seen {
		if !distinct(names[list], len(steps)) {
			delete(names, list)
		}
	}
	out := make([]Leaf, len(leaves))
	for i, l := range leaves {
		out[i] = l
		out[i].Path = rename(l.Path, names)
	}
	return out
}

// distinct tells whether there are n names, none twice.
func distinct(names map[string]string, n int) bool {
	all := map[string]bool{}
	for _, name := range names {
		all[name] = name != ""
	}
	return len(names) == n && len(all) == n && !all[""]
}

func rename(p Path, names map[string]map[string]string) Path {
	out := make(Path, len(p))
	for i, step := range p {
		out[i] = step
		if name, ok := names[p[:i].String()][step]; ok && strings.HasPrefix(step, "[") {
			out[i] = "[name=" + name + "]"
		}
	}
	return out
}
