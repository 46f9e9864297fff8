package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/internal/ci"
	"github.com/oakum-sec/oakum/internal/report"
)

// annotations are the formats of remarks beside lines, by platform. The others have
// none that a step could print.
var annotations = map[ci.Platform]string{ci.GitHub: "github", ci.Gitea: "github", ci.Azure: "azure"}

// deliver writes the report as in every scan, and what the platform shows beside it.
func (j *pipelineJob) deliver(doc *report.Document) error {
	o := j.flags.output
	if !o.quiet {
		j.notes(doc.Notices)
	}
	ended := time.Now()
	if err := j.write(doc, o, ended); err != nil {
		return err
	}
	for _, file := range j.flags.gate.reports {
		format, err := formatOf(file, j.platform)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(file), 0o755)
		}
		if err == nil {
			err = writeReport(file, format, doc, report.Options{ShowSuppressed: o.showSuppressed, Ended: ended})
		}
		if err != nil {
			return fmt.Errorf("--report: %w", err)
		}
	}
	if err := j.annotate(doc); err != nil {
		return fmt.Errorf("write annotations: %w", err)
	}
	if err := j.summarize(doc); err != nil {
		return fmt.Errorf("write the job's summary: %w", err)
	}
	if err := j.lacks(doc); err != nil {
		j.failed(err)
		return err
	}
	return exit(doc)
}

// annotate prints the platform's commands, where a program reads stdout to stderr.
func (j *pipelineJob) annotate(doc *report.Document) error {
	format, ok := annotations[j.platform]
	if !ok {
		return nil
	}
	if err := errors.Join(flush(j.Out), flush(j.Err)); err != nil {
		return err
	}
	to := j.out
	if j.flags.output.format != "text" && j.flags.output.file == "" {
		to = j.words
	}
	return report.Write(to, format, doc, report.Options{})
}

// failed tells where the person looks why there is no verdict.
func (j *pipelineJob) failed(err error) {
	if format, ok := annotations[j.platform]; ok {
		_ = report.Annotate(j.words, format, err.Error()) // who can't be told so is told on stderr, as ever
	}
}

// summarize writes the summary where the platform looks for it, or where the user says.
func (j *pipelineJob) summarize(doc *report.Document) error {
	var b bytes.Buffer
	if err := report.Write(&b, "markdown", doc, report.Options{}); err != nil {
		return err
	}
	if file := j.flags.gate.summary; file != "" {
		return writeWhole(file, b.Bytes(), 0o644)
	}
	switch {
	case j.platform == ci.GitHub || j.platform == ci.Gitea:
		// What steps before have written stays. Gitea sets its own name for the same file.
		for _, name := range []string{"GITHUB_STEP_SUMMARY", "GITEA_STEP_SUMMARY"} {
			if file := j.env[name]; file != "" {
				return appendTo(file, b.Bytes())
			}
		}
	case j.platform == ci.Azure && j.env["AGENT_TEMPDIRECTORY"] != "":
		file := filepath.Join(j.env["AGENT_TEMPDIRECTORY"], "oakum.md") // which is the title that is shown
		if err := writeWhole(file, b.Bytes(), 0o644); err != nil {
			return err
		}
		_, err := fmt.Fprint(j.out, report.AzureSummary(file))
		return err
	}
	return nil
}

func appendTo(file string, text []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// formats are those of reports, by the end of a file's name.
var formats = map[string]string{".sarif": "sarif", ".json": "json", ".jsonl": "jsonl", ".xml": "junit", ".csv": "csv", ".html": "html", ".md": "markdown", ".txt": "text"}

// formatOf is the format that a file's name asks for. GitLab's own reports are called
// gl-….json.
func formatOf(file string, p ci.Platform) (string, error) {
	name := path.Base(filepath.ToSlash(file))
	if path.Ext(name) == ".json" && (p == ci.GitLab || strings.HasPrefix(name, "gl-")) {
		return "gitlab", nil
	}
	format, ok := formats[path.Ext(name)]
	if !ok {
		return "", fmt.Errorf("--report: %s: its name says no format: end it with .sarif, .json, .xml (JUnit), .html, .md, .csv, .jsonl or .txt", file)
	}
	return format, nil
}
