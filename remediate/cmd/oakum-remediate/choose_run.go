package main

import (
	"errors"
	"fmt"

	"github.com/oakum-sec/oakum/remediate/act"
)

// runWords are what people call a kind's plans, and its runs.
var runWords = map[act.Kind][2]string{act.Plans: {"plan", "run"}, act.Rotations: {"order", "rotation"}}

// chosenRun is the run that is meant: the named one, or the only one that is under way.
func chosenRun(h act.Home, of act.Kind, args []string, ended func(id string) (bool, error)) (string, error) {
	if len(args) == 1 {
		return args[0], noID(of, args[0])
	}
	ids, err := h.Runs(of)
	if err != nil {
		return "", err
	}
	var open []string
	var unread []error
	for _, id := range ids {
		is, err := ended(id)
		switch {
		case err != nil:
			unread = append(unread, err)
		case !is:
			open = append(open, id)
		}
	}
	switch word := runWords[of][1]; len(open) {
	case 0:
		return "", errors.Join(append([]error{fmt.Errorf("no %s is under way", word)}, unread...)...)
	case 1:
		return open[0], nil
	default:
		return "", fmt.Errorf("%d %ss are under way: name one of %v", len(open), word, open)
	}
}

// noID is the error about a text that is no id of a kind.
func noID(of act.Kind, text string) error {
	if of.IsID(text) {
		return nil
	}
	return fmt.Errorf("%q is no %s's id, such as %s20260102-0a1b2c3d: `oakum remediate status` lists them", text, runWords[of][0], of)
}
