package consumer

import (
	"slices"
	"strings"
)

// Ops is the list of rotations that an object of a platform names in an annotation or a
// tag, newest first: what was rotated since is as good as a rotation of its own, for
// programs read all of their secrets when they start.
type Ops struct {
	Separator string
	Max       int // how many are kept
}

// Add puts a rotation in front. Its counterpart, which undid it or is undone by it,
// leaves the list.
func (o Ops) Add(list, op, counterpart string) string {
	all := slices.DeleteFunc(o.split(list), func(s string) bool { return s == op || s == counterpart })
	all = append([]string{op}, all...)
	return strings.Join(all[:min(o.Max, len(all))], o.Separator)
}

// Has tells whether a list names a rotation.
func (o Ops) Has(list, op string) bool { return slices.Contains(o.split(list), op) }

func (o Ops) split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, o.Separator)
}

// UndoOp is the id under which a rotation is taken back.
func UndoOp(op string) string { return "undo-" + op }
