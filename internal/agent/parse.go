package agent

import (
	"errors"
	"slices"
	"strings"
)

// ErrNoCall is about input that is no call of any agent that is known.
var ErrNoCall = errors.New("this is no hook call of a coding agent that oakum knows")

// Parse reads a call. name is an agent's, where the user said whose call it is; ""
// has it told by its shape.
func Parse(data []byte, name string) (*Call, error) {
	body, ok := parse(data).(object)
	if !ok {
		return nil, errors.New("the call is not one JSON object")
	}
	var of *Agent
	if name != "" {
		var err error
		if of, err = ByName(name); err != nil {
			return nil, err
		}
	} else if i := slices.IndexFunc(Agents(), func(a *Agent) bool { return a.fits(body) }); i >= 0 {
		of = Agents()[i]
	}
	if of == nil {
		return nil, ErrNoCall
	}
	c := &Call{Agent: of, Word: text(body, "hook_event_name"), body: body}
	of.read(c)
	return c, nil
}

// mentions are the words of a prompt that name a file with an @ before it, as
// Claude Code, Gemini CLI and Codex take them.
func mentions(prompt string) (paths []string) {
	for _, word := range strings.Fields(prompt) {
		path, ok := strings.CutPrefix(word, "@")
		path = strings.Trim(path, `"'.,;:!?()`+"`")
		if ok && path != "" && len(paths) < maxPrinted {
			paths = append(paths, path)
		}
	}
	return paths
}
