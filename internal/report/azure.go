package report

import (
	"fmt"
	"io"
	"strings"
)

// azureLimit bounds the issues of a level that are logged: Azure lists all of them
// above the job.
const azureLimit = 50

// writeAzure writes logging commands, which Azure Pipelines reads from what a step
// prints: https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands
func writeAzure(w io.Writer, d *Document) error {
	var lines []string
	for _, a := range atMost(d.annotations(), azureLimit) {
		lines = append(lines, a.azure())
	}
	return writeLines(w, lines)
}

// The agent decodes these ("Formatting commands" of the page above).
var (
	azureProperty = strings.NewReplacer("%", "%AZP25", "\r", "%0D", "\n", "%0A", "]", "%5D", ";", "%3B")
	azureData     = strings.NewReplacer("%", "%AZP25", "\r", "%0D", "\n", "%0A", "##", "# #")
)

func (a annotation) azure() string {
	level := a.level
	if level == "notice" { // it has errors and warnings alone
		level = "warning"
	}
	command := "##vso[task.logissue type=" + level + ";"
	if a.file != "" && !strings.Contains(a.file, "##") { // no second command within ours, whoever looks for one
		command += "sourcepath=" + azureProperty.Replace(Escape(a.file)) + ";"
		if a.line > 0 {
			command += fmt.Sprintf("linenumber=%d;columnnumber=%d;", a.line, max(1, a.column))
		}
	}
	return command + "]" + azureData.Replace(a.title+": "+a.text)
}

// AzureSummary is the command that attaches a Markdown file to the run's page.
func AzureSummary(file string) string {
	return "##vso[task.uploadsummary]" + azureData.Replace(file) + "\n"
}
