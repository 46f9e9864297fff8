package cli_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

// agentHook answers one call, in this process.
func agentHook(tb testing.TB, in io.Reader, args ...string) (out, said string, code int) {
	tb.Helper()
	var stdout, stderr bytes.Buffer
	env := []string{"OAKUM_STATE_DIR=" + tb.TempDir()}
	code = cli.Main(tb.Context(), append([]string{"oakum", "hook", "run", "agent"}, args...), env, cli.Stdio{In: in, Out: &stdout, Err: &stderr})
	return stdout.String(), stderr.String(), code
}

// answered is a call of each agent that takes a masked answer, around a tool's answer.
func answered(text string) map[string]any {
	return map[string]any{
		"claude": map[string]any{"session_id": "s", "hook_event_name": "PostToolUse", "tool_name": "Bash", "tool_input": map[string]any{},
			"tool_response": map[string]any{"stdout": text, "stderr": "", "interrupted": false}},
		"codex": map[string]any{"session_id": "s", "turn_id": "t", "hook_event_name": "PostToolUse", "tool_name": "Bash", "tool_input": map[string]any{}, "tool_response": text},
		"gemini": map[string]any{"hook_event_name": "AfterTool", "tool_name": "run_shell_command", "tool_input": map[string]any{},
			"tool_response": map[string]any{"llmContent": text, "returnDisplay": "for a person"}},
		"copilot": map[string]any{"sessionId": "s", "timestamp": 1, "toolName": "bash", "toolArgs": map[string]any{},
			"toolResult": map[string]any{"resultType": "success", "textResultForLlm": text}},
		"plain": map[string]any{"oakum": "agent/1", "event": "after", "output": []any{map[string]any{"text": text}}},
	}
}

// What a tool answered reaches the model without any value, whatever carries it, and
// with what stands around it.
func TestAgentMasks(t *testing.T) {
	texts := []string{
		"before\nexport TOKEN={{github \"ghp_\"}} # after\nend",
		"before {{npm}} middle {{npm}} after",
		"before\naws_access_key_id = {{awsID \"AKIA\"}}\naws_secret_access_key = {{awsSecret}}\nafter",
		"before\n{{pem \"OPENSSH\"}}\nafter",
		"before\n{\"password\": \"{{randomPassword 20}}\"}\nafter",
		"before postgres://app:{{randomPassword 20}}@db.internal/shop after",
		"before\r\nslack: {{slackBot}}\r\nstripe: {{stripe \"sk_live_\"}}\r\nafter",
		"before\ntoken: {{b64 (github \"ghp_\")}}\nafter",
	}
	tried := 0
	for seed, tmpl := range texts {
		text, values := rendered(t, uint64(seed), tmpl)
		for name, call := range answered(text) {
			tried++
			in, err := json.Marshal(call)
			if err != nil {
				t.Fatal(err)
			}
			out, said, code := agentHook(t, bytes.NewReader(in))
			if code != 0 || !strings.Contains(out, "by oakum") {
				t.Errorf("%s, %q: %d, %s %s", name, tmpl, code, out, said)
			}
			for _, v := range values {
				if part := v[len(v)/3 : len(v)-len(v)/4]; strings.Contains(out+said, part) {
					t.Errorf("%s, %q: a value goes through", name, tmpl)
				}
			}
			for _, kept := range []string{"before", "after"} {
				if !strings.Contains(out, kept) {
					t.Errorf("%s, %q: what is harmless was taken out too: %s", name, tmpl, out)
				}
			}
		}
	}
	if tried != 40 {
		t.Errorf("%d calls", tried)
	}
}

// rendered is a template's text, and the values in it.
func rendered(t *testing.T, seed uint64, tmpl string) (text string, values []string) {
	t.Helper()
	marked, err := leaktest.Render(seed, action.ReplaceAllString(tmpl, "\x00$0\x01"))
	if err != nil {
		t.Fatal(err)
	}
	for _, piece := range strings.Split(marked, "\x00")[1:] {
		value, _, _ := strings.Cut(piece, "\x01")
		values = append(values, value)
	}
	return strings.NewReplacer("\x00", "", "\x01", "").Replace(marked), values
}

// An agent that writes no end of its call, or more than is read, is answered too.
func TestAgentHookNeverWaitsForever(t *testing.T) {
	open, w := io.Pipe()
	defer w.Close()
	if out, said, code := agentHook(t, open, "--timeout", "50ms"); code != 0 || out != "" || !strings.Contains(said, "nothing was looked at") {
		t.Errorf("%d: %s %s", code, out, said)
	}
	if _, _, code := agentHook(t, open, "--timeout", "50ms", "--strict"); code != 2 {
		t.Errorf("--strict: %d", code)
	}
	endless := io.LimitReader(zeros{}, 40<<20)
	if _, said, code := agentHook(t, endless); code != 0 || !strings.Contains(said, "larger than 32 MB") {
		t.Errorf("%d: %s", code, said)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte{'0'}, len(p))), nil }

// The two calls that an agent makes most: one with nothing in it, and one that is
// stopped. The process around them takes as long again.
func BenchmarkAgentHook(b *testing.B) {
	file := filepath.Join(b.TempDir(), ".env")
	if err := os.WriteFile(file, []byte(leaktest.Must(1, "A=1\nTOKEN={{github \"ghp_\"}}\n")), 0o600); err != nil {
		b.Fatal(err)
	}
	for name, call := range map[string]string{
		"nothing": `{"session_id":"s","hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"ls -la"}}`,
		"stopped": `{"session_id":"s","hook_event_name":"PreToolUse","tool_name":"Read","tool_input":{"file_path":"` + filepath.ToSlash(file) + `"}}`,
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				out, _, _ := agentHook(b, strings.NewReader(call))
				if stopped := strings.Contains(out, "deny"); stopped != (name == "stopped") {
					b.Fatal(out)
				}
			}
		})
	}
}
