package cli_test

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
)

// commands are what a change could put into its names and messages to drive the CI
// system that prints them.
var commands = []string{
	"::error::pwned", " ::add-mask::a", "::stop-commands::x", "##[set-output name=a]b", "##[error]pwned", "##vso[task.setvariable variable=PATH]x",
	"x\n::error file=a::pwned", "x\r::error::pwned", "x,line=9::pwned", "%0A::error::pwned", "a]x", "a;type=warning]x", "%AZP25",
	"| x | y |", "<img src=x>", "<!-- x", "@octocat", "[x](https:evil)", "`x`", "**x**", "# x", "\x1b[31mx", "\u202ex",
}

// What a change is called cannot drive the platform that prints it: every command in
// what is printed is one of ours, and leads to the file that it is about.
func TestNamesAreNoCommands(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("its file names cannot hold most of this")
	}
	h := emptyHouse(t)
	h.write("README.md", "ours\n")
	h.commit("begin")
	h.git("checkout", "-q", "-b", "change")
	names := map[string]bool{}
	for i, c := range commands {
		name := strings.ReplaceAll(c, "/", "-")
		if err := os.WriteFile(filepath.Join(h.dir, name), []byte(leaktest.Must(uint64(800+i), "TOKEN={{github \"ghp_\"}}\n")), 0o644); err != nil {
			t.Fatal(err)
		}
		names[name] = true
		h.git("add", "-A")
		h.env = append(h.env, "GIT_AUTHOR_NAME="+strings.NewReplacer("\n", " ", "<", "(", ">", ")").Replace(c))
		h.git("commit", "-q", "--cleanup=verbatim", "-m", c)
	}
	summary := filepath.Join(t.TempDir(), "summary.md")
	sha := "GITHUB_SHA=" + h.git("rev-parse", "HEAD")
	was := h.env
	h.asJob("GITHUB_EVENT_NAME=pull_request", "GITHUB_BASE_REF=main", "GITHUB_HEAD_REF=::error::pwned", sha, "GITHUB_STEP_SUMMARY="+summary)
	out, words := h.want(1, "scan", "--ci")
	ours := regexp.MustCompile(`^::(error|notice) (?:file=([^,:]+),line=1,col=7,)?title=[^,:]+::[^\n\r]*$`)
	seen := 0
	for line := range eachLine(out + words) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") {
			m := ours.FindStringSubmatch(line)
			if m == nil {
				t.Errorf("no command of ours: %q", line)
				continue
			}
			seen++
			name, err := url.PathUnescape(m[2])
			if err != nil || name != "" && !escapedFrom(names, name) {
				t.Errorf("%q leads to %q (%v)", line, name, err)
			}
		} else if strings.Contains(line, "##[") || strings.Contains(line, "##vso[") {
			t.Errorf("a command: %q", line)
		}
	}
	if seen != 10 { // what GitHub shows of a step, the last of them says how many more there are
		t.Errorf("%d commands", seen)
	}
	if !strings.Contains(out, "::error title=oakum::and 14 more") {
		t.Error("it does not say how many annotations there are")
	}
	wantPlainMarkdown(t, summary)

	h.env = append(was, "TF_BUILD=True", "BUILD_REASON=PullRequest", "SYSTEM_PULLREQUEST_TARGETBRANCH=main")
	out, words = h.want(1, "scan", "--ci")
	azure := regexp.MustCompile(`^##vso\[task\.logissue type=error;(?:sourcepath=[^;\]]+;linenumber=1;columnnumber=7;)?\][^\n\r]*$`)
	seen = 0
	for line := range eachLine(out + words) {
		if strings.Contains(line, "##") && azure.MatchString(line) {
			seen++
			line = line[len("##vso["):]
		}
		if strings.Contains(line, "##vso[") || strings.Contains(line, "##[") {
			t.Errorf("a command: %q", line)
		}
	}
	if seen != len(commands) {
		t.Errorf("%d issues", seen)
	}
	// A report that a program reads is printed to the same log.
	out, _ = h.want(1, "scan", "--ci", "--format", "json")
	if strings.Contains(out, "##vso[") || strings.Contains(out, "##[") || !strings.Contains(out, "# #vso[") {
		t.Error("JSON in a log holds a command")
	}
}

// eachLine cuts as a runner does, which takes a carriage return for the end of a line.
func eachLine(text string) func(yield func(string) bool) {
	return strings.SplitSeq(strings.ReplaceAll(text, "\r", "\n"), "\n")
}

// escapedFrom tells whether a name is one of the files', as reports escape them.
func escapedFrom(names map[string]bool, shown string) bool {
	for name := range names {
		if strings.NewReplacer("\n", `\n`, "\r", `\r`, "\x1b", `\x1b`, "\u202e", `\u202e`).Replace(name) == shown {
			return true
		}
	}
	return false
}

// wantPlainMarkdown holds that a summary has no markup but ours.
func wantPlainMarkdown(t *testing.T, file string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.SplitSeq(string(b), "\n") {
		if strings.HasPrefix(line, "| denied") {
			rows++
			if n := strings.Count(line, "|"); n != 6 {
				t.Errorf("a row of %d cells: %s", n-1, line)
			}
		}
		plain := strings.NewReplacer("<code>", "", "</code>", "").Replace(line)
		if strings.ContainsAny(plain, "<>@*") || strings.Contains(plain, "[x]") || strings.Contains(plain, "`x`") {
			t.Errorf("markup: %s", line)
		}
	}
	if rows != len(commands) {
		t.Errorf("%d rows", rows)
	}
}
