package rawjson

import "strconv"

// maxDepth bounds how deep Walk follows. Manifests nest some twenty deep; what is deeper than
// this refers to no ConfigMap that anybody mounts.
const maxDepth = 40

// Walk calls use for every field of every object in text, outermost first, with the way
// there: names of fields, and numbers of elements as "[0]". Where use returns false the
// value is not followed. way is reused from call to call.
func Walk(text []byte, use func(way []string, value []byte) bool) {
	walk(text, make([]string, 0, 32), use)
}

func walk(text []byte, way []string, use func(way []string, value []byte) bool) {
	if len(text) == 0 || len(way) > maxDepth {
		return
	}
	switch text[0] {
	case '{':
		_ = Fields(text, func(key string, value []byte) bool { // up to where it is broken
			if next := append(way, key); use(next, value) {
				walk(value, next, use)
			}
			return true
		})
	case '[':
		Elements(text, func(i int, value []byte) bool {
			walk(value, append(way, index(i)), use)
			return true
		})
	}
}

func index(i int) string { return "[" + strconv.Itoa(i) + "]" }
