package agent

import "strings"

// codex is OpenAI's Codex CLI. Its hooks page, and the schemas in the folder
// codex-rs/hooks/schema of its repository, have Claude Code's words, a turn_id beside
// them, and less that can be said: no ask, updatedInput only together with allow, and
// after a tool "block", whose reason the model gets in the place of the answer. So
// an answer is masked by blocking it with its masked text.
func codex() *Agent {
	return &Agent{
		Name: "codex", Title: "Codex CLI", Page: "https://developers.openai.com/codex/hooks",
		fits: func(o object) bool { return text(o, "hook_event_name") != "" && text(o, "turn_id") != "" },
		read: readClaude, reply: replyCodex,
		can: func(c *Call, v Verdict) bool {
			if c.Event == After {
				return v == Mask
			}
			return v == Deny
		},
		settings: claudeSettings(".codex/hooks.json", []string{"PreToolUse", "PostToolUse", "UserPromptSubmit"}, "switch hooks on in config.toml: [features] hooks = true; and trust the folder in Codex"),
	}
}

func replyCodex(c *Call, a Answer) Reply {
	if c.Event == After && a.Verdict == Mask {
		out := object{"decision": "block", "reason": a.Reason + "\n\n" + c.shownMasked(a)}
		if a.Notice != "" {
			out["systemMessage"] = a.Notice
		}
		return Reply{Out: written(out) + "\n"}
	}
	return replyClaude(c, a)
}

// shownMasked is what the tool answered, masked and as text.
func (c *Call) shownMasked(a Answer) string {
	var pieces []string
	for i, t := range c.Texts {
		if t.Role != Shown {
			continue
		}
		if masked, ok := a.Masked[i]; ok {
			pieces = append(pieces, masked)
		} else if t.Value != "" {
			pieces = append(pieces, t.Value)
		}
	}
	return strings.Join(pieces, "\n")
}
