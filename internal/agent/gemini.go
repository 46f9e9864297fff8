package agent

// gemini is Gemini CLI. Its hooks reference: stdout holds JSON and nothing else;
// decision deny keeps a tool from running, with its reason for the model; after a tool it
// hides the answer, and the reason takes its place; hookSpecificOutput.tool_input
// is laid over the arguments; a denied prompt is discarded. There is no ask.
func gemini() *Agent {
	events := map[string]Event{"BeforeTool": Before, "AfterTool": After, "BeforeAgent": Prompt}
	return &Agent{
		Name: "gemini", Title: "Gemini CLI", Page: "https://geminicli.com/docs/hooks/reference",
		fits: func(o object) bool {
			_, ok := events[text(o, "hook_event_name")]
			return ok
		},
		read: func(c *Call) {
			c.Dir, c.Event = text(c.body, "cwd"), events[c.Word]
			switch c.Event {
			case Before:
				c.before(text(c.body, "tool_name"), sub(c.body, "tool_input"), steps(c.body, "tool_input"))
			case After:
				c.Tool = text(c.body, "tool_name")
				// returnDisplay is for the person, who may see it.
				at := []any{"tool_response", "llmContent"}
				c.shown(sub(c.body, "tool_response")["llmContent"], at, text(sub(c.body, "tool_input"), pathNames...))
			case Prompt:
				c.said("prompt")
			}
		},
		reply: replyGemini,
		can: func(c *Call, v Verdict) bool {
			return v == Deny && c.Event != After || v == Mask && c.Event != Prompt
		},
		settings: claudeSettings(".gemini/settings.json", []string{"BeforeTool", "AfterTool", "BeforeAgent"}, ""),
	}
}

func replyGemini(c *Call, a Answer) Reply {
	out := object{}
	if a.Notice != "" && a.Verdict != Allow {
		out["systemMessage"] = a.Notice
	}
	switch {
	case a.Verdict == Allow:
		r := noted(a.Notice)
		r.Out = "{}\n"
		return r
	case a.Verdict == Mask && c.Event == Before:
		out["hookSpecificOutput"] = object{"hookEventName": c.Word, "tool_input": c.masked(a, "tool_input")}
	case a.Verdict == Mask:
		out["decision"], out["reason"] = "deny", a.Reason+"\n\n"+c.shownMasked(a)
	default:
		out["decision"], out["reason"] = "deny", a.Reason
	}
	return Reply{Out: written(out) + "\n"}
}
