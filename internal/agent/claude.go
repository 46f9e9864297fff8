package agent

import "fmt"

// claude is Claude Code. Its hooks reference says: a hook that ends with 0 is heard
// by the JSON on its stdout; permissionDecision is allow, deny or ask, and its reason
// goes to the model where it is deny; updatedInput replaces all of a tool's
// arguments; updatedToolOutput replaces a tool's answer and is ignored where it has
// not the answer's shape; a prompt can be blocked and not changed; systemMessage is
// for the person. Files that a person mentions with @ meet no PreToolUse.
func claude() *Agent {
	return &Agent{
		Name: "claude", Title: "Claude Code", Page: "https://code.claude.com/docs/en/hooks",
		fits: func(o object) bool { return text(o, "hook_event_name") != "" },
		read: readClaude, reply: replyClaude,
		can: func(c *Call, v Verdict) bool {
			switch c.Event {
			case Before:
				return true
			case After:
				return v == Mask && c.Word != "PostToolUseFailure"
			}
			return v == Deny
		},
		settings: claudeSettings(".claude/settings.json", []string{"PreToolUse", "PostToolUse", "UserPromptSubmit"}, ""),
	}
}

// readClaude reads a call of Claude Code, and of those who took over its words.
func readClaude(c *Call) {
	c.Dir = text(c.body, "cwd")
	switch c.Word {
	case "PreToolUse":
		c.Event = Before
		c.before(text(c.body, "tool_name"), sub(c.body, "tool_input"), steps(c.body, "tool_input"))
	case "PostToolUse", "PostToolUseFailure":
		c.Event, c.Tool = After, text(c.body, "tool_name")
		file := text(sub(c.body, "tool_input"), pathNames...)
		c.shown(c.body["tool_response"], []any{"tool_response"}, file)
		c.shown(c.body["error"], []any{"error"}, file)
	case "UserPromptSubmit":
		c.Event = Prompt
		c.said("prompt")
	}
}

// said takes a prompt, and the files that it mentions.
func (c *Call) said(name string) {
	prompt := text(c.body, name)
	c.Texts = append(c.Texts, Text{Role: Said, Value: prompt, at: []any{name}})
	for _, path := range mentions(prompt) {
		c.Reads = append(c.Reads, Read{Path: path, From: 1})
	}
}

func replyClaude(c *Call, a Answer) Reply {
	if a.Verdict == Allow {
		return noted(a.Notice)
	}
	out := object{}
	if a.Notice != "" {
		out["systemMessage"] = a.Notice
	}
	switch {
	case c.Event == Before:
		out["hookSpecificOutput"] = claudeBefore(c, a)
	case c.Event == After:
		out["hookSpecificOutput"] = object{"hookEventName": c.Word, "updatedToolOutput": c.masked(a, "tool_response"), "additionalContext": a.Reason}
	default:
		out["decision"], out["reason"] = "block", joined(a.Reason, a.Notice)
		delete(out, "systemMessage")
	}
	return Reply{Out: written(out) + "\n"}
}

// claudeBefore leaves permissionDecision out where the arguments are masked: allow
// would skip the question that the person is asked otherwise.
func claudeBefore(c *Call, a Answer) object {
	o := object{"hookEventName": c.Word}
	switch a.Verdict {
	case Mask:
		o["updatedInput"] = c.masked(a, "tool_input")
		o["additionalContext"] = a.Reason
	case Ask:
		o["permissionDecision"], o["permissionDecisionReason"] = "ask", joined(a.Reason, a.Notice)
	default:
		o["permissionDecision"], o["permissionDecisionReason"] = "deny", a.Reason
	}
	return o
}

// noted is a reply that only a person may read.
func noted(notice string) Reply {
	if notice == "" {
		return Reply{}
	}
	return Reply{Err: "oakum: " + notice + "\n"}
}

func joined(reason, notice string) string {
	if notice == "" {
		return reason
	}
	return fmt.Sprintf("%s\n%s", reason, notice)
}
