package report

import (
	"fmt"
	"io"
	"strings"
)

// githubLimit is how many annotations of a level GitHub shows for a step; it drops the
// others without a word
// (https://docs.github.com/actions/how-tos/troubleshoot-workflows, "annotations").
const githubLimit = 10

// writeGitHub writes workflow commands, which GitHub Actions, and Gitea's and Forgejo's,
// read from what a step prints:
// https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
func writeGitHub(w io.Writer, d *Document) error {
	var lines []string
	for _, a := range atMost(d.annotations(), githubLimit) {
		lines = append(lines, a.github())
	}
	return writeLines(w, lines)
}

// The runner decodes these, in properties the two more (actions/toolkit,
// packages/core/src/command.ts).
var (
	githubData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func (a annotation) github() string {
	var properties []string
	if a.file != "" {
		properties = append(properties, "file="+githubProperty.Replace(Escape(a.file)))
		if a.line > 0 {
			properties = append(properties, fmt.Sprintf("line=%d", a.line), fmt.Sprintf("col=%d", max(1, a.column)))
		}
	}
	properties = append(properties, "title="+githubProperty.Replace(a.title))
	return "::" + a.level + " " + strings.Join(properties, ",") + "::" + githubData.Replace(a.text)
}
