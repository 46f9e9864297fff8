package agent

import "slices"

// cursor is Cursor. Its hooks page: beforeReadFile hands over the file's content and
// takes allow or deny; beforeShellExecution and beforeMCPExecution take ask too;
// preToolUse takes updated_input; postToolUse replaces the answer of MCP tools alone;
// afterShellExecution only tells; a prompt is stopped with continue false. A hook
// that fails lets the action pass unless its entry says failClosed.
func cursor() *Agent {
	return &Agent{
		Name: "cursor", Title: "Cursor", Page: "https://cursor.com/docs/agent/hooks",
		fits: func(o object) bool { return text(o, "cursor_version") != "" || text(o, "conversation_id") != "" },
		read: readCursor, reply: replyCursor,
		can: func(c *Call, v Verdict) bool {
			switch {
			case c.Word == "postToolUse":
				return v == Mask && !slices.Contains(cursorTools, c.Tool)
			case c.Event == After:
				return false
			case v == Ask:
				return c.Word == "beforeShellExecution" || c.Word == "beforeMCPExecution"
			case v == Mask:
				return c.Word == "preToolUse"
			}
			return true
		},
		settings: cursorSettings(),
	}
}

// cursorTools are Cursor's own tools, whose answers a hook cannot replace.
var cursorTools = []string{"Shell", "Read", "Write", "Edit", "Delete", "Grep", "Glob", "Task", "WebFetch", "WebSearch"}

func readCursor(c *Call) {
	c.Dir = text(c.body, "cwd")
	if roots, ok := c.body["workspace_roots"].([]any); ok && c.Dir == "" && len(roots) > 0 {
		c.Dir, _ = roots[0].(string)
	}
	switch c.Word {
	case "preToolUse":
		c.Event = Before
		c.before(text(c.body, "tool_name"), sub(c.body, "tool_input"), steps(c.body, "tool_input"))
	case "beforeShellExecution":
		c.Event, c.Tool = Before, "Shell"
		c.runs(text(c.body, "command"), []any{"command"})
	case "beforeMCPExecution":
		c.Event, c.Tool = Before, text(c.body, "tool_name")
		c.sent(sub(c.body, "tool_input"), steps(c.body, "tool_input"), nil)
	case "beforeReadFile", "beforeTabFileRead":
		c.Event, c.Tool = Before, "Read"
		c.Texts = append(c.Texts, Text{Role: Shown, Value: text(c.body, "content"), File: text(c.body, "file_path"), at: []any{"content"}})
		c.attached()
	case "beforeSubmitPrompt":
		c.Event = Prompt
		c.said("prompt")
		c.attached()
	case "postToolUse", "afterShellExecution", "afterMCPExecution":
		c.Event, c.Tool = After, text(c.body, "tool_name")
		for _, name := range []string{"tool_output", "output", "result_json"} {
			c.shown(c.body[name], []any{name}, "")
		}
	}
}

// attached takes the files that hang on a prompt.
func (c *Call) attached() {
	all, _ := c.body["attachments"].([]any)
	for _, one := range all {
		if o, ok := one.(object); ok && text(o, "file_path") != "" {
			c.Reads = append(c.Reads, Read{Path: text(o, "file_path"), From: 1})
		}
	}
}

func replyCursor(c *Call, a Answer) Reply {
	out := object{}
	switch {
	case c.Event == Other:
		return Reply{Out: "{}\n"}
	case c.Event == Prompt:
		out["continue"] = a.Verdict != Deny
		if a.Verdict == Deny {
			out["user_message"] = joined(a.Reason, a.Notice)
		}
	case c.Event == After && a.Verdict == Mask:
		out["updated_mcp_tool_output"] = c.cursorOutput(a)
		out["additional_context"] = a.Reason
	case c.Event == After:
		if a.Reason != "" {
			out["additional_context"] = a.Reason
		}
	case a.Verdict == Mask:
		out["permission"], out["updated_input"] = "allow", c.masked(a, "tool_input")
	case a.Verdict == Allow:
		out["permission"] = "allow"
	default:
		out["permission"] = map[Verdict]string{Ask: "ask", Deny: "deny"}[a.Verdict]
		out["user_message"], out["agent_message"] = joined(a.Reason, a.Notice), a.Reason
	}
	r := Reply{Out: written(out) + "\n"}
	if a.Verdict == Allow && a.Notice != "" {
		r.Err = noted(a.Notice).Err
	}
	return r
}

// cursorOutput is an MCP tool's answer, masked; it comes as JSON in a string.
func (c *Call) cursorOutput(a Answer) any {
	v := c.masked(a, "tool_output")
	if s, ok := v.(string); ok {
		if o := held(s); o != nil {
			return o
		}
	}
	return v
}
