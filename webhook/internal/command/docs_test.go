package command_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/webhook/internal/command"
)

// What docs/webhook.md has users type is a command line that the program knows.
func TestDocumentedCommandLines(t *testing.T) {
	text, err := os.ReadFile("../../../docs/webhook.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)(?:^|`)(oakum webhook [a-z][^`\n|#]*)").FindAllStringSubmatch(string(text), -1) {
		line := strings.TrimSpace(m[1])
		args := strings.Fields(line)[1:]
		var out, words strings.Builder
		if code := cli.Run(t.Context(), command.Program(), append([]string{"oakum-webhook"}, append(args, "--help")...), nil, cli.Stdio{In: strings.NewReader(""), Out: &out, Err: &words}); code != 0 || strings.Contains(out.String(), "Available Commands") {
			t.Errorf("%s: exit %d\n%s", line, code, words.String())
		}
		seen[args[1]] = true
	}
	for _, name := range []string{"serve", "vap", "audit", "images", "manifests", "uninstall"} {
		if !seen[name] {
			t.Errorf("docs/webhook.md does not show oakum webhook %s", name)
		}
	}
}
