package podsource

import (
	"strconv"
	"strings"
)

// way is where in an object a value stands: one step, and the way to it. Of an object's
// thousands of fields a few are ever told, so that paths are written for these alone. nil
// is the object itself.
type way struct {
	up  *way
	key string // "" where it is an element of a list
	at  int    // which
}

// field is the way on from at to a field.
func (o *writer) field(at *way, key string) *way { return o.step(way{up: at, key: key, at: -1}) }

// element is the way on from at to an element of a list.
func (o *writer) element(at *way, i int) *way { return o.step(way{up: at, at: i}) }

func (o *writer) step(w way) *way {
	to := o.ways.one()
	*to = w
	return to
}

// is tells whether w is a field of the object itself, called key.
func (w *way) is(key string) bool { return w != nil && w.up == nil && w.at < 0 && w.key == key }

// String is the path as kubectl's JSONPath has it.
func (w *way) String() string {
	if w == nil {
		return ""
	}
	before := w.up.String()
	switch {
	case w.at >= 0:
		return before + "[" + strconv.Itoa(w.at) + "]"
	case strings.ContainsAny(w.key, "./[]\" "):
		return before + "[" + strconv.Quote(w.key) + "]"
	case before == "":
		return w.key
	}
	return before + "." + w.key
}
