package agent

// plain is for an agent that is not listed and whose plugins can run a program. Its
// contract is ours (docs/agents.md): {"oakum":"agent/1","event":"before"|"after"|"prompt",
// "cwd":…,"tool":…,"input":{…},"output":…,"prompt":…} is answered by
// {"decision":"allow"|"mask"|"ask"|"deny","reason":…,"notice":…,"input":…,"output":…}.
func plain() *Agent {
	return &Agent{
		Name: "plain", Title: "any other agent", Page: "docs/agents.md",
		fits: func(o object) bool { return text(o, "oakum") == "agent/1" },
		read: func(c *Call) {
			c.Word, c.Dir, c.Tool = text(c.body, "event"), text(c.body, "cwd"), text(c.body, "tool")
			switch c.Word {
			case "before":
				c.Event = Before
				c.before(c.Tool, sub(c.body, "input"), steps(c.body, "input"))
			case "after":
				c.Event = After
				c.shown(c.body["output"], []any{"output"}, text(sub(c.body, "input"), pathNames...))
			case "prompt":
				c.Event = Prompt
				c.said("prompt")
			}
		},
		can: func(c *Call, v Verdict) bool {
			switch c.Event {
			case Before:
				return true
			case After:
				return v == Mask
			}
			return v == Deny || v == Ask
		},
		reply: func(c *Call, a Answer) Reply {
			out := object{"decision": map[Verdict]string{Allow: "allow", Mask: "mask", Ask: "ask", Deny: "deny"}[a.Verdict]}
			for name, s := range map[string]string{"reason": a.Reason, "notice": a.Notice} {
				if s != "" {
					out[name] = s
				}
			}
			if a.Verdict == Mask {
				name := map[Event]string{Before: "input", After: "output"}[c.Event]
				out[name] = c.masked(a, name)
			}
			return Reply{Out: written(out) + "\n"}
		},
	}
}
