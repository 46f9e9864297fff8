package agent

import (
	"slices"
	"strings"
)

// How the tools of agents name what they are about. The names are those of the tool
// references of Claude Code, Gemini CLI, Copilot, Codex, Cursor and Cline, and of the
// MCP file system server; a tool is told by its arguments, for names are many.
var (
	pathNames    = []string{"file_path", "filePath", "absolute_path", "notebook_path", "target_file", "path", "filename", "file"}
	contentNames = []string{"content", "contents", "new_string", "new_str", "newText", "new_source", "file_text", "replacement", "insert_text", "code_edit", "diff", "patch"}
	oldNames     = []string{"old_string", "old_str", "oldText"}
	commandNames = []string{"command", "cmd", "command_line", "commandLine", "script"}
	editNames    = []string{"edits", "replacements", "changes"}
)

// readers are words in the names of tools that show a file.
var readers = []string{"read", "view", "cat", "open_file", "get_file", "getfile"}

// before understands the arguments of a tool that is about to run, which stand at
// the place at of the call.
func (c *Call) before(tool string, in object, at []any) {
	c.Tool = tool
	if isPatch(in) {
		c.patch(in, at)
		return
	}
	name, path := named(in, pathNames...)
	taken := map[string]bool{name: path != ""}
	c.writes(in, path, at, taken)
	for _, name := range commandNames {
		if s, ok := in[name].(string); ok && path == "" {
			c.runs(s, append(slices.Clip(at), name))
			taken[name] = true
		}
	}
	if path != "" && len(c.Texts) == 0 && shows(tool) {
		c.Reads = append(c.Reads, readOf(tool, in, path))
		return
	}
	c.sent(in, at, taken)
}

// writes takes the texts that are to go into a file.
func (c *Call) writes(in object, path string, at []any, taken map[string]bool) {
	if path == "" {
		return
	}
	for _, name := range contentNames {
		if s, ok := in[name].(string); ok {
			old := text(in, oldNames...)
			c.Texts = append(c.Texts, Text{Role: Written, Value: s, File: path, Old: old, at: append(slices.Clip(at), name)})
			taken[name] = true
		}
	}
	for _, list := range editNames {
		edits, _ := in[list].([]any)
		for i, e := range edits {
			if edit, ok := e.(object); ok {
				c.writes(edit, path, append(slices.Clip(at), list, i), map[string]bool{})
			}
		}
		taken[list] = len(edits) > 0
	}
	for _, name := range oldNames {
		taken[name] = true // it stands in the file already
	}
}

// runs takes a command, and the files that it would print.
func (c *Call) runs(command string, at []any) {
	c.Texts = append(c.Texts, Text{Role: Command, Value: command, at: at})
	for _, path := range printed(command) {
		c.Reads = append(c.Reads, Read{Path: path, From: 1})
	}
	c.Guard = guarded(command)
}

// sent takes every other string, with its name before it where it has one: a name
// tells what a value is.
func (c *Call) sent(in object, at []any, taken map[string]bool) {
	rest := object{}
	for name, v := range in {
		if !taken[name] {
			rest[name] = v
		}
	}
	everyString(rest, at, func(at []any, key, value string) {
		c.Texts = append(c.Texts, Text{Role: Sent, Value: value, Key: key, at: at})
	})
}

// shown takes every string of a tool's answer, which stands at the place at.
func (c *Call) shown(v any, at []any, file string) {
	everyString(v, at, func(at []any, key, value string) {
		c.Texts = append(c.Texts, Text{Role: Shown, Value: value, File: file, Key: key, at: at})
	})
}

func shows(tool string) bool {
	tool = strings.ToLower(tool)
	return slices.ContainsFunc(readers, func(word string) bool { return strings.Contains(tool, word) })
}

// readOf is the part of a file that a tool would show: Claude Code's and Cursor's
// offset (from 1) and limit, Copilot's view_range, Gemini's start_line and end_line.
func readOf(tool string, in object, path string) Read {
	r := Read{Path: path, From: 1}
	if span, ok := in["view_range"].([]any); ok && len(span) == 2 {
		ends := object{"from": span[0], "to": span[1]}
		r.From, r.To = max(1, number(ends, "from")), number(ends, "to")
		return r
	}
	if from := number(in, "start_line", "start_line_one_indexed"); from > 0 {
		r.From, r.To = from, number(in, "end_line", "end_line_one_indexed_inclusive")
		return r
	}
	if strings.Contains(tool, "_") {
		return r // read_file's offset counts from 0 with some makers and from 1 with others
	}
	r.From = max(1, number(in, "offset"))
	if limit := number(in, "limit"); limit > 0 {
		r.To = r.From + limit - 1
	}
	return r
}
