package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
)

// calls are payloads written after each vendor's page (Agent.Page), and what is to be
// understood of them: "r" a file that is read with its lines, else a role and what the
// text is of.
var calls = []struct {
	agent, json string
	event       Event
	want        []string
	can         string // of m(ask), a(sk), d(eny)
}{
	{"claude", `{"session_id":"s","transcript_path":"/t","cwd":"/p","permission_mode":"default","hook_event_name":"PreToolUse","tool_name":"Read","tool_input":{"file_path":"/p/.env"}}`, Before, []string{"r /p/.env 1-0"}, "mad"},
	{"claude", `{"session_id":"s","cwd":"/p","hook_event_name":"PreToolUse","tool_name":"Read","tool_input":{"file_path":"/p/a","offset":20,"limit":5}}`, Before, []string{"r /p/a 20-24"}, "mad"},
	{"claude", `{"session_id":"s","cwd":"/p","hook_event_name":"PreToolUse","tool_name":"Write","tool_input":{"file_path":"/p/a","content":"new"}}`, Before, []string{"written /p/a new"}, "mad"},
	{"claude", `{"session_id":"s","cwd":"/p","hook_event_name":"PreToolUse","tool_name":"Edit","tool_input":{"file_path":"/p/a","old_string":"old","new_string":"new"}}`, Before, []string{"written /p/a new (old)"}, "mad"},
	{"claude", `{"session_id":"s","cwd":"/p","hook_event_name":"PreToolUse","tool_name":"MultiEdit","tool_input":{"file_path":"/p/a","edits":[{"old_string":"1","new_string":"2"},{"old_string":"3","new_string":"4"}]}}`, Before, []string{"written /p/a 2 (1)", "written /p/a 4 (3)"}, "mad"},
	{"claude", `{"session_id":"s","cwd":"/p","hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"cat .env | head -1","description":"d"}}`, Before, []string{"r .env 1-0", "command  cat .env | head -1", "sent  d"}, "mad"},
	{"claude", `{"session_id":"s","cwd":"/p","hook_event_name":"PreToolUse","tool_name":"mcp__x__send","tool_input":{"to":{"who":["a"]},"n":1}}`, Before, []string{"sent  a"}, "mad"},
	{"claude", `{"session_id":"s","cwd":"/p","hook_event_name":"PostToolUse","tool_name":"Bash","tool_input":{"command":"x"},"tool_response":{"stdout":"out","stderr":"err","interrupted":false,"isImage":false}}`, After, []string{"shown  err", "shown  out"}, "m"},
	{"claude", `{"session_id":"s","cwd":"/p","hook_event_name":"PostToolUse","tool_name":"Read","tool_input":{"file_path":"/p/a"},"tool_response":{"type":"text","file":{"filePath":"/p/a","content":"c","numLines":1}}}`, After, []string{"shown /p/a c", "shown /p/a /p/a", "shown /p/a text"}, "m"},
	{"claude", `{"session_id":"s","cwd":"/p","hook_event_name":"PostToolUseFailure","tool_name":"Bash","tool_input":{"command":"x"},"error":"e"}`, After, []string{"shown  e"}, ""},
	{"claude", `{"session_id":"s","cwd":"/p","hook_event_name":"UserPromptSubmit","prompt":"look at @conf/a.env, please"}`, Prompt, []string{"r conf/a.env 1-0", "said  look at @conf/a.env, please"}, "d"},
	{"claude", `{"session_id":"s","cwd":"/p","hook_event_name":"SessionStart","source":"startup"}`, Other, nil, "d"},

	{"codex", `{"session_id":"s","turn_id":"t","cwd":"/p","hook_event_name":"PreToolUse","model":"m","tool_name":"Bash","tool_input":{"command":"ls"},"tool_use_id":"u"}`, Before, []string{"command  ls"}, "d"},
	{"codex", `{"session_id":"s","turn_id":"t","cwd":"/p","hook_event_name":"PreToolUse","tool_name":"apply_patch","tool_input":{"command":"*** Begin Patch\n*** Update File: a.py\n@@\n-x = 1\n+x = 2\n*** Add File: b.py\n+y\n*** End Patch"}}`, Before, []string{"written a.py x = 2 (x = 1)", "written b.py y"}, "d"},
	{"codex", `{"session_id":"s","turn_id":"t","cwd":"/p","hook_event_name":"PostToolUse","tool_name":"Bash","tool_input":{"command":"ls"},"tool_response":"out"}`, After, []string{"shown  out"}, "m"},
	{"codex", `{"session_id":"s","turn_id":"t","cwd":"/p","hook_event_name":"UserPromptSubmit","prompt":"hello"}`, Prompt, []string{"said  hello"}, "d"},

	{"gemini", `{"session_id":"s","cwd":"/p","hook_event_name":"BeforeTool","timestamp":"2026-01-01T00:00:00Z","tool_name":"read_file","tool_input":{"absolute_path":"/p/.env"}}`, Before, []string{"r /p/.env 1-0"}, "md"},
	{"gemini", `{"session_id":"s","cwd":"/p","hook_event_name":"BeforeTool","timestamp":"t","tool_name":"replace","tool_input":{"file_path":"/p/a","old_string":"o","new_string":"n"}}`, Before, []string{"written /p/a n (o)"}, "md"},
	{"gemini", `{"session_id":"s","cwd":"/p","hook_event_name":"AfterTool","timestamp":"t","tool_name":"run_shell_command","tool_input":{"command":"x"},"tool_response":{"llmContent":"out","returnDisplay":"for a person"}}`, After, []string{"shown  out"}, "m"},
	{"gemini", `{"session_id":"s","cwd":"/p","hook_event_name":"BeforeAgent","timestamp":"t","prompt":"p"}`, Prompt, []string{"said  p"}, "d"},

	{"copilot", `{"sessionId":"s","timestamp":1,"cwd":"/p","toolName":"view","toolArgs":{"path":"/p/a","view_range":[3,9]}}`, Before, []string{"r /p/a 3-9"}, "mad"},
	{"copilot", `{"sessionId":"s","timestamp":1,"cwd":"/p","toolName":"create","toolArgs":"{\"path\":\"/p/a\",\"file_text\":\"new\"}"}`, Before, []string{"written /p/a new"}, "mad"},
	{"copilot", `{"sessionId":"s","timestamp":1,"cwd":"/p","toolName":"bash","toolArgs":{"command":"ls"},"toolResult":{"resultType":"success","textResultForLlm":"out"}}`, After, []string{"shown  out"}, "m"},
	{"copilot", `{"sessionId":"s","timestamp":1,"cwd":"/p","prompt":"p"}`, Prompt, []string{"said  p"}, ""},
	{"copilot", `{"hook_event_name":"PreToolUse","session_id":"s","timestamp":"t","cwd":"/p","tool_name":"Read","tool_input":{"file_path":"/p/a"}}`, Before, []string{"r /p/a 1-0"}, "mad"},
	{"copilot", `{"hook_event_name":"PostToolUse","session_id":"s","timestamp":"t","cwd":"/p","tool_name":"Bash","tool_input":{},"tool_result":{"result_type":"success","text_result_for_llm":"out"}}`, After, []string{"shown  out"}, "m"},

	{"cursor", `{"conversation_id":"c","generation_id":"g","hook_event_name":"beforeReadFile","cursor_version":"1.7","workspace_roots":["/p"],"file_path":"/p/.env","content":"c","attachments":[{"type":"rule","file_path":"/p/r"}]}`, Before, []string{"r /p/r 1-0", "shown /p/.env c"}, "d"},
	{"cursor", `{"conversation_id":"c","hook_event_name":"beforeShellExecution","workspace_roots":["/p"],"command":"cat a","cwd":"/p"}`, Before, []string{"r a 1-0", "command  cat a"}, "ad"},
	{"cursor", `{"conversation_id":"c","hook_event_name":"beforeMCPExecution","workspace_roots":["/p"],"tool_name":"t","tool_input":"{\"a\":\"b\"}","url":"u"}`, Before, []string{"sent  b"}, "ad"},
	{"cursor", `{"conversation_id":"c","hook_event_name":"preToolUse","workspace_roots":["/p"],"tool_name":"Write","tool_input":{"file_path":"/p/a","contents":"n"}}`, Before, []string{"written /p/a n"}, "md"},
	{"cursor", `{"conversation_id":"c","hook_event_name":"beforeSubmitPrompt","workspace_roots":["/p"],"prompt":"p","attachments":[{"type":"file","file_path":"/p/a"}]}`, Prompt, []string{"r /p/a 1-0", "said  p"}, "d"},
	{"cursor", `{"conversation_id":"c","hook_event_name":"postToolUse","workspace_roots":["/p"],"tool_name":"Shell","tool_input":{},"tool_output":"{\"stdout\":\"out\"}"}`, After, []string{"shown  out"}, ""},
	{"cursor", `{"conversation_id":"c","hook_event_name":"postToolUse","workspace_roots":["/p"],"tool_name":"fetch_issue","tool_input":{},"tool_output":"{\"body\":\"out\"}"}`, After, []string{"shown  out"}, "m"},

	{"windsurf", `{"agent_action_name":"pre_read_code","trajectory_id":"t","execution_id":"e","timestamp":"t","tool_info":{"file_path":"/p/a"}}`, Before, []string{"r /p/a 1-0"}, "d"},
	{"windsurf", `{"agent_action_name":"pre_write_code","tool_info":{"file_path":"/p/a","edits":[{"old_string":"o","new_string":"n"}]}}`, Before, []string{"written /p/a n (o)"}, "d"},
	{"windsurf", `{"agent_action_name":"pre_run_command","tool_info":{"command_line":"ls","cwd":"/p"}}`, Before, []string{"command  ls"}, "d"},
	{"windsurf", `{"agent_action_name":"pre_user_prompt","tool_info":{"user_prompt":"p"}}`, Prompt, []string{"said  p"}, "d"},
	{"windsurf", `{"agent_action_name":"pre_mcp_tool_use","tool_info":{"mcp_server_name":"s","mcp_tool_name":"t","mcp_tool_arguments":{"a":"b"}}}`, Before, []string{"sent  b"}, "d"},
	{"windsurf", `{"agent_action_name":"post_mcp_tool_use","tool_info":{"mcp_result":"out","mcp_tool_name":"t"}}`, After, []string{"shown  out"}, ""},

	{"cline", `{"clineVersion":"3","hookName":"PreToolUse","timestamp":"1","taskId":"t","workspaceRoots":["/p"],"preToolUse":{"toolName":"write_to_file","parameters":{"path":"a","content":"n"}}}`, Before, []string{"written a n"}, "d"},
	{"cline", `{"hookName":"tool_call","taskId":"t","workspaceRoots":["/p"],"tool_call":{"id":"1","name":"run_commands","input":{"commands":["ls"]}}}`, Before, []string{"sent  ls"}, "d"},
	{"cline", `{"hookName":"PostToolUse","workspaceRoots":["/p"],"postToolUse":{"toolName":"read_file","parameters":{"path":"a"},"result":"out","success":true}}`, After, []string{"shown a out"}, ""},
	{"cline", `{"hookName":"UserPromptSubmit","workspaceRoots":["/p"],"userPromptSubmit":{"prompt":"p","attachments":["/p/a"]}}`, Prompt, []string{"r /p/a 1-0", "said  p"}, "d"},

	{"plain", `{"oakum":"agent/1","event":"before","cwd":"/p","tool":"read_file","input":{"path":"a"}}`, Before, []string{"r a 1-0"}, "mad"},
	{"plain", `{"oakum":"agent/1","event":"after","output":{"text":"out"}}`, After, []string{"shown  out"}, "m"},
}

var roles = map[Role]string{Sent: "sent", Written: "written", Command: "command", Shown: "shown", Said: "said"}

func understood(c *Call) (got []string) {
	for _, r := range c.Reads {
		got = append(got, fmt.Sprintf("r %s %d-%d", r.Path, r.From, r.To))
	}
	for _, t := range c.Texts {
		s := fmt.Sprintf("%s %s %s", roles[t.Role], t.File, strings.TrimSuffix(t.Value, "\n"))
		if t.Old != "" {
			s += " (" + t.Old + ")"
		}
		got = append(got, s)
	}
	slices.Sort(got)
	return got
}

func TestCalls(t *testing.T) {
	seen := map[string]int{}
	for _, c := range calls {
		call, err := Parse([]byte(c.json), "")
		if err != nil {
			t.Errorf("%s: %v", c.json, err)
			continue
		}
		seen[call.Agent.Name]++
		if call.Agent.Name != c.agent || call.Event != c.event {
			t.Errorf("%s\nis a call of %s, event %d; want %s, %d", c.json, call.Agent.Name, call.Event, c.agent, c.event)
		}
		if got, want := understood(call), c.want; !slices.Equal(got, slices.Sorted(slices.Values(want))) {
			t.Errorf("%s\nunderstood as %q\nwant %q", c.json, got, want)
		}
		can := ""
		for i, v := range []Verdict{Mask, Ask, Deny} {
			if call.Can(v) {
				can += "mad"[i : i+1]
			}
		}
		if c.event != Other && can != c.can {
			t.Errorf("%s\ncan be answered %q, want %q", c.json, can, c.can)
		}
	}
	for _, a := range Agents() {
		if seen[a.Name] < 2 || a.Page == "" {
			t.Errorf("%s: %d calls tried", a.Name, seen[a.Name])
		}
	}
	if len(calls) < 40 {
		t.Errorf("%d calls", len(calls))
	}
}

// Every verdict that a contract can express comes out in the vendor's words, and
// what is masked is in the place where the value was.
func TestReplies(t *testing.T) {
	want := map[string]string{ // the words that stop, by agent and event
		"claude 1": `"permissionDecision":"deny"`, "claude 3": `"decision":"block"`,
		"codex 1": `"permissionDecision":"deny"`, "codex 3": `"decision":"block"`,
		"gemini 1": `"decision":"deny"`, "gemini 3": `"decision":"deny"`,
		"copilot 1": `"permissionDecision":"deny"`,
		"cursor 1":  `"permission":"deny"`, "cursor 3": `"continue":false`,
		"windsurf 1": "the reason", "windsurf 3": "the reason",
		"cline 1": `"cancel":true`, "cline 3": `"cancel":true`,
		"plain 1": `"decision":"deny"`,
	}
	denied, maskedOnes := map[string]bool{}, 0
	for _, c := range calls {
		call, _ := Parse([]byte(c.json), "")
		if call.Can(Deny) && call.Event != Other {
			r := call.Reply(Answer{Verdict: Deny, Reason: "the reason", Notice: "the notice"})
			key := fmt.Sprintf("%s %d", c.agent, c.event)
			denied[key] = true
			if !strings.Contains(r.Out+r.Err, want[key]) || want[key] == "" || !strings.Contains(r.Out+r.Err, "the reason") {
				t.Errorf("%s\nis denied by %+v, want %q", c.json, r, want[key])
			}
			if stops := c.agent == "windsurf"; (r.Code == 2) != stops {
				t.Errorf("%s: ends with %d", c.agent, r.Code)
			}
			validJSON(t, r)
		}
		if call.Can(Mask) && len(call.Texts) > 0 {
			maskedOnes++
			masked := map[int]string{}
			for i := range call.Texts {
				masked[i] = fmt.Sprintf("masked%d", i)
			}
			r := call.Reply(Answer{Verdict: Mask, Reason: "the reason", Masked: masked})
			for i := range call.Texts {
				if !strings.Contains(r.Out, fmt.Sprintf("masked%d", i)) {
					t.Errorf("%s\nis masked as %s", c.json, r.Out)
				}
			}
			validJSON(t, r)
		}
		validJSON(t, call.Reply(Answer{}))
	}
	if missing := slices.Sorted(maps.Keys(want)); len(denied) != len(want) || maskedOnes < 12 {
		t.Errorf("denied %v, want %v; %d masked", slices.Sorted(maps.Keys(denied)), missing, maskedOnes)
	}
}

func validJSON(t *testing.T, r Reply) {
	t.Helper()
	if r.Out != "" && !json.Valid([]byte(r.Out)) {
		t.Errorf("no JSON: %s", r.Out)
	}
}

// A masked answer keeps its shape: what is no string stays, to the digit.
func TestMaskedKeepsItsShape(t *testing.T) {
	in := `{"session_id":"s","cwd":"/p","hook_event_name":"PostToolUse","tool_name":"Bash","tool_input":{},"tool_response":{"stdout":"a<b","code":12345678901234567890,"ok":false,"list":[{"x":"y"}]}}`
	call, err := Parse([]byte(in), "")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(call.Texts, func(t Text) bool { return t.Value == "y" })
	out := call.Reply(Answer{Verdict: Mask, Masked: map[int]string{i: "M"}}).Out
	if want := `"updatedToolOutput":{"code":12345678901234567890,"list":[{"x":"M"}],"ok":false,"stdout":"a<b"}`; !strings.Contains(out, want) {
		t.Errorf("%s", out)
	}
}

func TestMasked(t *testing.T) {
	for _, c := range []struct {
		text string
		at   []Spot
		want string
	}{
		{"key=abc\nrest", []Spot{{1, 5, 1, 8, "r"}}, "key=[redacted by oakum: r]\nrest"},
		{"a\nbc\nd", []Spot{{2, 1, 3, 2, "r"}}, "a\n[redacted by oakum: r]"},
		{"k=abcdef", []Spot{{1, 3, 1, 9, "r"}, {1, 5, 1, 7, "s"}}, "k=[redacted by oakum: r]"},
		{"k=ab x\ny", []Spot{{Line: 1, Column: 3, Rule: "r"}}, "k=[redacted by oakum: r]\ny"},
		{"k=ab", []Spot{{9, 9, 9, 12, "r"}, {1, 3, 7, 1, "s"}}, "k=[redacted by oakum: s][redacted by oakum: r]"},
		{"", nil, ""},
	} {
		if got := Masked(c.text, c.at); got != c.want {
			t.Errorf("%q %v gave %q, want %q", c.text, c.at, got, c.want)
		}
	}
}

func TestPrinted(t *testing.T) {
	for line, want := range map[string]string{
		"cat .env":                           ".env",
		"cat -n 'my file' \"b c\"":           "my file,b c",
		"cd x && sudo head -5 a | grep k":    "a,k",
		`echo "$(cat .env)"`:                 ".env",
		"FOO=1 env tail a; less b":           "a,b",
		"docker compose --env-file .env up":  "",
		"source .env && npm test":            "",
		"/usr/bin/cat a\\ b":                 "a b",
		"while read l; do :; done < .env":    "",
		"cat < .env":                         ".env",
		"grep -r key . && echo cat dog":      "key,.",
		"python x.py 'cat .env'":             "",
		strings.Repeat("cat a;", 100) + "ls": strings.TrimSuffix(strings.Repeat("a,", maxPrinted), ","),
	} {
		if got := strings.Join(printed(line), ","); got != want {
			t.Errorf("%s\nprints %s, want %s", line, got, want)
		}
	}
}

func TestGuarded(t *testing.T) {
	for line, want := range map[string]string{
		"oakum allow add v1.0 --reason x":     "oakum allow add",
		"cd a && ./bin/oakum -q trust .":      "oakum trust",
		`C:\bin\oakum.exe baseline -o b`:      "",
		`"C:\\bin\\oakum.exe" baseline`:       "oakum baseline",
		"sudo oakum hook uninstall agent":     "oakum hook uninstall",
		"oakum scan . && oakum explain a.b:1": "",
		"git commit -m 'oakum trust'":         "",
	} {
		if got := guarded(line); got != want {
			t.Errorf("%s\nis guarded as %q, want %q", line, got, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, in := range []string{"", "[]", "{", `"x"`, "null", `{"a":1} {"b":2}`, strings.Repeat(`{"a":`, 20000)} {
		if c, err := Parse([]byte(in), ""); err == nil {
			t.Errorf("%.20s is %+v", in, c)
		}
	}
	if _, err := Parse([]byte(`{"a":1}`), ""); !errors.Is(err, ErrNoCall) {
		t.Error(err)
	}
	if _, err := Parse([]byte(`{}`), "nobody"); err == nil {
		t.Error("an agent of no name was found")
	}
	for _, a := range Agents() { // a shape that is not the agent's is no panic
		for _, c := range calls {
			if call, err := Parse([]byte(c.json), a.Name); err == nil {
				call.Reply(Answer{Verdict: Deny, Reason: "r"})
				call.Reply(Answer{Verdict: Mask, Masked: map[int]string{0: "m"}})
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range calls {
		f.Add([]byte(c.json))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		call, err := Parse(data, "")
		if err != nil {
			return
		}
		masked := map[int]string{}
		for i := range call.Texts {
			masked[i] = "m"
		}
		for _, v := range []Verdict{Allow, Mask, Ask, Deny} {
			if call.Can(v) {
				validJSON(t, call.Reply(Answer{Verdict: v, Reason: "r", Notice: "n", Masked: masked}))
			}
		}
	})
}

// house is a project's files.
type house map[string]string

func (h house) read(file string) ([]byte, error) {
	text, ok := h[file]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return []byte(text), nil
}

func (h house) apply(changes []Change) {
	for _, c := range changes {
		if c.New == nil {
			delete(h, c.File)
			continue
		}
		h[c.File] = string(c.New)
	}
}

func TestInstallAndUninstall(t *testing.T) {
	own := map[string]string{
		".claude/settings.json": "{\n    \"model\": \"m\",\n    \"hooks\": {\n        \"PreToolUse\": [\n            {\n                \"matcher\": \"Bash\",\n                \"hooks\": [\n                    {\n                        \"type\": \"command\",\n                        \"command\": \"x.sh\"\n                    }\n                ]\n            }\n        ]\n    }\n}\n",
		".cursor/hooks.json":    "{\n\t\"version\": 1,\n\t\"hooks\": {\n\t\t\"afterFileEdit\": [\n\t\t\t{\n\t\t\t\t\"command\": \"fmt.sh\"\n\t\t\t}\n\t\t]\n\t}\n}\n",
	}
	tried := 0
	for _, a := range Agents() {
		if a.settings == nil {
			continue
		}
		for _, h := range []house{{}, maps.Clone(own)} {
			tried++
			before := maps.Clone(h)
			command := "oakum hook run agent --agent " + a.Name
			changes, _, err := a.Install(command, true, h.read)
			if err != nil || len(changes) == 0 {
				t.Fatalf("%s: %v, %d changes", a.Name, err, len(changes))
			}
			h.apply(changes)
			for file, text := range h {
				if strings.HasSuffix(file, ".json") && !json.Valid([]byte(text)) {
					t.Errorf("%s: %s is no JSON: %s", a.Name, file, text)
				}
			}
			if again, _, err := a.Install(command, true, h.read); err != nil || len(again) > 0 {
				t.Errorf("%s: the second time: %v, %d changes", a.Name, err, len(again))
			}
			if other, _, err := a.Install(command+" --mode mask", true, h.read); err != nil || len(other) == 0 {
				t.Errorf("%s: with another mode: %v, %d changes", a.Name, err, len(other))
			} else if n := strings.Count(string(other[0].New), "--agent"); n != strings.Count(string(other[0].New), "--mode mask") {
				t.Errorf("%s: old entries are left:\n%s", a.Name, other[0].New)
			}
			gone, err := a.Uninstall(h.read)
			if err != nil {
				t.Fatal(err)
			}
			h.apply(gone)
			if !maps.Equal(h, before) {
				t.Errorf("%s: after uninstall\n%v\nwant\n%v", a.Name, h, before)
			}
		}
	}
	if tried != 14 {
		t.Errorf("%d houses", tried)
	}
}

func TestInstallRefuses(t *testing.T) {
	for file, text := range map[string]string{
		".claude/settings.json":        "{ // a comment\n}",
		".cursor/hooks.json":           `{"hooks":[]}`,
		".gemini/settings.json":        `[]`,
		".clinerules/hooks/PreToolUse": "#!/bin/sh\nother\n",
	} {
		name := strings.Trim(file[:strings.Index(file, "/")], ".")
		a, err := ByName(strings.TrimSuffix(name, "rules"))
		if err != nil {
			t.Fatal(err)
		}
		if changes, _, err := a.Install("oakum hook run agent --agent x", false, house{file: text}.read); err == nil {
			t.Errorf("%s: %s was changed: %v", a.Name, file, changes)
		}
	}
	if _, _, err := plain().Install("", false, house{}.read); !errors.Is(err, ErrNoSettings) {
		t.Error(err)
	}
}
