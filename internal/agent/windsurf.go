package agent

import "strings"

// windsurf is Windsurf's Cascade (and what Devin made of it). Its hooks page: a hook
// before an action stops it by ending with 2, and the model is told what it wrote to
// stderr; any other end lets it go on; one after an action changes nothing. A file's
// path may be a folder's.
func windsurf() *Agent {
	return &Agent{
		Name: "windsurf", Title: "Windsurf", Page: "https://docs.windsurf.com/windsurf/cascade/hooks",
		fits: func(o object) bool { return text(o, "agent_action_name") != "" },
		read: func(c *Call) {
			c.Word = text(c.body, "agent_action_name")
			info := sub(c.body, "tool_info")
			at := []any{"tool_info"}
			c.Dir = text(info, "cwd")
			switch {
			case c.Word == "pre_user_prompt":
				c.Event = Prompt
				c.Texts = append(c.Texts, Text{Role: Said, Value: text(info, "user_prompt"), at: append(at, "user_prompt")})
			case c.Word == "pre_mcp_tool_use":
				c.Event, c.Tool = Before, text(info, "mcp_tool_name")
				c.sent(sub(info, "mcp_tool_arguments"), append(at, "mcp_tool_arguments"), nil)
			case strings.HasPrefix(c.Word, "pre_"):
				c.Event = Before
				c.before(strings.TrimPrefix(c.Word, "pre_"), without(info, "cwd"), at)
			case c.Word == "post_mcp_tool_use":
				c.Event, c.Tool = After, text(info, "mcp_tool_name")
				c.shown(info["mcp_result"], append(at, "mcp_result"), "")
			}
		},
		can: func(c *Call, v Verdict) bool { return v == Deny && c.Event != After },
		reply: func(_ *Call, a Answer) Reply {
			if a.Verdict == Deny {
				return Reply{Err: joined(a.Reason, a.Notice) + "\n", Code: 2}
			}
			return noted(a.Notice)
		},
		settings: windsurfSettings(),
	}
}

// without is o without one member.
func without(o object, name string) object {
	rest := object{}
	for k, v := range o {
		if k != name {
			rest[k] = v
		}
	}
	return rest
}
