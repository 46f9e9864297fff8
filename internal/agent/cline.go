package agent

// cline is Cline. Its repository documents: a hook is an executable file named for
// its event in .clinerules/hooks; it is handed hookName and a member of the event's
// own name (the CLI: tool_call); it answers cancel, with errorMessage, and
// contextModification, which the model is told with its next request. It changes
// neither arguments nor answers, and nobody is asked.
func cline() *Agent {
	return &Agent{
		Name: "cline", Title: "Cline", Page: "https://docs.cline.bot/customization/hooks",
		fits: func(o object) bool { return text(o, "hookName") != "" },
		read: readCline,
		can:  func(c *Call, v Verdict) bool { return v == Deny && c.Event != After },
		reply: func(c *Call, a Answer) Reply {
			out := object{"cancel": a.Verdict == Deny}
			if a.Verdict == Deny {
				out["errorMessage"] = joined(a.Reason, a.Notice)
			}
			if a.Reason != "" {
				out["contextModification"] = a.Reason
			}
			r := Reply{Out: written(out) + "\n"}
			if a.Verdict == Allow && a.Notice != "" {
				r.Err = noted(a.Notice).Err
			}
			return r
		},
		settings: clineSettings(),
	}
}

func readCline(c *Call) {
	c.Word = text(c.body, "hookName")
	if roots, ok := c.body["workspaceRoots"].([]any); ok && len(roots) > 0 {
		c.Dir, _ = roots[0].(string)
	}
	switch c.Word {
	case "PreToolUse":
		c.Event = Before
		pre := sub(c.body, "preToolUse")
		c.before(text(pre, "toolName", "tool"), sub(pre, "parameters"), []any{"preToolUse", "parameters"})
	case "tool_call":
		c.Event = Before
		call := sub(c.body, "tool_call")
		c.before(text(call, "name"), sub(call, "input"), []any{"tool_call", "input"})
	case "PostToolUse":
		c.Event = After
		post := sub(c.body, "postToolUse")
		c.Tool = text(post, "toolName", "tool")
		c.shown(post["result"], []any{"postToolUse", "result"}, text(sub(post, "parameters"), pathNames...))
	case "UserPromptSubmit":
		c.Event = Prompt
		said := sub(c.body, "userPromptSubmit")
		c.Texts = append(c.Texts, Text{Role: Said, Value: text(said, "prompt"), at: []any{"userPromptSubmit", "prompt"}})
		files, _ := said["attachments"].([]any)
		for _, f := range files {
			if path, ok := f.(string); ok {
				c.Reads = append(c.Reads, Read{Path: path, From: 1})
			}
		}
	}
}
