package agent

// seconds bounds a hook for those agents that take a bound: oakum answers in
// milliseconds, and by itself within five seconds.
const seconds = 10

// claudeSettings are for Claude Code and those who took over its form: a list of
// groups for each event, with a matcher for tools. Gemini CLI counts milliseconds.
func claudeSettings(file string, events []string, note string) *settings {
	limit := seconds
	if file == ".gemini/settings.json" {
		limit *= 1000
	}
	return &settings{file: file, note: note, entries: func(command string, _ bool) (all []entry) {
		for _, event := range events {
			group := pairs{}
			if event != "UserPromptSubmit" && event != "BeforeAgent" {
				group = append(group, "matcher", ".*")
			}
			hook := pairs{"type", "command", "command", command, "timeout", limit}
			all = append(all, entry{[]string{"hooks", event}, nodeOf(append(group, "hooks", []any{hook}))})
		}
		return all
	}}
}

// version is what the files of Copilot and Cursor begin with.
func version() []member { return []member{{"version", nodeOf(1)}} }

func copilotSettings() *settings {
	return &settings{file: ".github/hooks/oakum.json", first: version(), entries: func(command string, _ bool) (all []entry) {
		for _, event := range []string{"preToolUse", "postToolUse"} {
			all = append(all, entry{[]string{"hooks", event}, nodeOf(pairs{"type", "command", "command", command, "timeoutSec", seconds})})
		}
		return all
	}}
}

// cursorSettings have the generic event for writing alone: the others have events of
// their own, which say more.
func cursorSettings() *settings {
	return &settings{file: ".cursor/hooks.json", first: version(), entries: func(command string, strict bool) (all []entry) {
		for _, event := range []string{"beforeReadFile", "beforeShellExecution", "beforeMCPExecution", "beforeSubmitPrompt", "preToolUse", "postToolUse"} {
			hook := pairs{"command", command, "timeout", seconds}
			if event == "preToolUse" {
				hook = append(hook, "matcher", "Write|Edit")
			}
			if strict && event != "postToolUse" {
				hook = append(hook, "failClosed", true)
			}
			all = append(all, entry{[]string{"hooks", event}, nodeOf(hook)})
		}
		return all
	}}
}

func windsurfSettings() *settings {
	return &settings{file: ".windsurf/hooks.json", entries: func(command string, _ bool) (all []entry) {
		for _, event := range []string{"pre_read_code", "pre_write_code", "pre_run_command", "pre_mcp_tool_use", "pre_user_prompt"} {
			all = append(all, entry{[]string{"hooks", event}, nodeOf(pairs{"command", command, "show_output", true})})
		}
		return all
	}}
}

func clineSettings() *settings {
	return &settings{file: ".clinerules/hooks", scripts: []string{"PreToolUse", "UserPromptSubmit"}, note: "switch hooks on in Cline's settings (Enable Hooks)"}
}
