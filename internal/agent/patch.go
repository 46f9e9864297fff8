package agent

import (
	"slices"
	"strings"
)

// patchBegin opens a patch in the form that OpenAI's models write, as the Codex
// repository documents it (codex-rs/apply-patch/apply_patch_tool_instructions.md).
const patchBegin = "*** Begin Patch"

// isPatch tells whether an argument of a tool is such a patch.
func isPatch(in object) bool { return patchName(in) != "" }

func patchName(in object) string {
	for _, name := range []string{"command", "input", "patch"} {
		if s, ok := in[name].(string); ok && strings.Contains(s, patchBegin) {
			return name
		}
	}
	return ""
}

// patch takes what a patch adds, a text for every file of it.
func (c *Call) patch(in object, at []any) {
	name := patchName(in)
	var file string
	var added, removed []string
	flush := func() {
		if file != "" && len(added) > 0 {
			c.Texts = append(c.Texts, Text{Role: Written, File: file, at: append(slices.Clip(at), name),
				Value: strings.Join(added, "\n") + "\n", Old: strings.Join(removed, "\n")})
		}
		added, removed = nil, nil
	}
	whole, _ := in[name].(string)
	for line := range strings.Lines(whole) {
		line = strings.TrimRight(line, "\r\n")
		if named, ok := patchFile(line); ok {
			flush()
			file = named
			continue
		}
		switch {
		case strings.HasPrefix(line, "+"):
			added = append(added, line[1:])
		case strings.HasPrefix(line, "-"):
			removed = append(removed, line[1:])
		}
	}
	flush()
}

func patchFile(line string) (string, bool) {
	for _, word := range []string{"*** Add File: ", "*** Update File: ", "*** Move to: "} {
		if name, ok := strings.CutPrefix(line, word); ok {
			return strings.TrimSpace(name), true
		}
	}
	return "", false
}
