package agent

// copilot is GitHub Copilot: its CLI, its cloud agent, and VS Code, which runs the
// same hooks. The hooks reference: events are configured in camelCase, with toolName,
// toolArgs and toolResult, or in Pascal case with Claude Code's field names;
// permissionDecision is allow, deny or ask at the top; modifiedArgs and
// modifiedResult replace arguments and answer; what a hook says to a prompt is
// dropped; and a preToolUse hook that does not end with 0 denies.
func copilot() *Agent {
	return &Agent{
		Name: "copilot", Title: "GitHub Copilot", Page: "https://docs.github.com/en/copilot/reference/hooks-reference",
		fits: func(o object) bool {
			_, stamped := o["timestamp"]
			return text(o, "sessionId") != "" && stamped || text(o, "hook_event_name") != "" && stamped
		},
		read: readCopilot, reply: replyCopilot,
		can: func(c *Call, v Verdict) bool {
			return c.Event == Before || c.Event == After && v == Mask
		},
		settings: copilotSettings(),
	}
}

// readCopilot tells events by their fields where they have no name: a camelCase
// payload carries none.
func readCopilot(c *Call) {
	if c.Word != "" {
		readClaude(c)
		at := []any{"tool_result", "text_result_for_llm"}
		c.shown(sub(c.body, "tool_result")["text_result_for_llm"], at, text(sub(c.body, "tool_input"), pathNames...))
		return
	}
	c.Dir = text(c.body, "cwd")
	_, answered := c.body["toolResult"]
	_, called := c.body["toolArgs"]
	switch {
	case answered:
		c.Event, c.Tool = After, text(c.body, "toolName")
		at := []any{"toolResult", "textResultForLlm"}
		c.shown(sub(c.body, "toolResult")["textResultForLlm"], at, text(sub(c.body, "toolArgs"), pathNames...))
	case called && c.body["error"] == nil:
		c.Event = Before
		c.before(text(c.body, "toolName"), sub(c.body, "toolArgs"), steps(c.body, "toolArgs"))
	case text(c.body, "prompt") != "":
		c.Event = Prompt
		c.said("prompt")
	}
}

// replyCopilot answers a payload with Claude Code's names in both spellings, for
// VS Code reads hookSpecificOutput and the CLI the top.
func replyCopilot(c *Call, a Answer) Reply {
	out := object{}
	switch {
	case a.Verdict == Allow || c.Event == Prompt:
		return noted(a.Notice)
	case a.Verdict == Mask && c.Event == Before:
		out["modifiedArgs"] = c.masked(a, c.either("tool_input", "toolArgs"))
		if s, ok := out["modifiedArgs"].(string); ok {
			out["modifiedArgs"] = parse([]byte(s))
		}
	case a.Verdict == Mask:
		out["modifiedResult"] = object{"resultType": "success", "textResultForLlm": c.shownMasked(a)}
		out["additionalContext"] = a.Reason
	case a.Verdict == Ask:
		out["permissionDecision"], out["permissionDecisionReason"] = "ask", joined(a.Reason, a.Notice)
	default:
		out["permissionDecision"], out["permissionDecisionReason"] = "deny", a.Reason
	}
	if c.Word != "" && c.Event == Before {
		out["hookSpecificOutput"] = claudeBefore(c, a)
	}
	return Reply{Out: written(out) + "\n"}
}

// either is the name that a call in Claude Code's words has, or the other.
func (c *Call) either(claude, own string) string {
	if c.Word != "" {
		return claude
	}
	return own
}
