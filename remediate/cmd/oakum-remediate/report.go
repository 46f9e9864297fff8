package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/remediate"
)

//go:embed report.html.tmpl
var reportPage string

// filed is a report that a security officer can file. It holds no value.
type filed struct {
	Schema   string               `json:"schema"`
	Tool     string               `json:"tool"`
	Made     time.Time            `json:"made"`
	Who      string               `json:"who"`
	Accounts []*remediate.Account `json:"accounts"`
}

func reportCommand(kit cli.Kit) *cobra.Command {
	var format, output string
	c := &cobra.Command{
		Use:   "report",
		Short: "Each leaked secret from its first commit to its end, with the evidence",
		Long: `Writes what was done about each leaked secret: the commit it came with, where it was moved,
what replaced it, who did what when, and what was seen of it. No value is in it.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			write, ok := map[string]func(io.Writer, filed) error{"text": writeText, "json": writeJSON, "html": writeHTML}[format]
			if !ok {
				return kit.Usage(c, fmt.Errorf("--format: unknown format %q: use text, json or html", format))
			}
			t, err := tools(kit, nil)
			if err != nil {
				return err
			}
			all, err := t.Accounts()
			if err != nil {
				return err
			}
			r := filed{"oakum-remediation/1", t.Version, time.Now().UTC().Truncate(time.Second), t.Who, all}
			if output == "" {
				return write(kit.Stdio().Out, r)
			}
			f, err := os.OpenFile(output, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
			if err != nil {
				return err
			}
			if err := write(f, r); err != nil {
				f.Close()
				return err
			}
			return f.Close()
		},
	}
	c.Flags().StringVarP(&format, "format", "f", "text", "`FORMAT`: text, json, html")
	c.Flags().StringVarP(&output, "output", "o", "", "write it into a `FILE`")
	return c
}

func writeJSON(w io.Writer, r filed) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

func writeText(w io.Writer, r filed) error {
	if len(r.Accounts) == 0 {
		_, err := fmt.Fprintln(w, "nothing was moved or rotated yet: `oakum remediate plan` is the first step")
		return err
	}
	for _, a := range r.Accounts {
		fmt.Fprintf(w, "%s  %s\n", report.Escape(a.Title), a.State)
		fmt.Fprintf(w, "  in     %s\n", report.Escape(a.Store))
		if a.First != nil {
			fmt.Fprintf(w, "  since  %s, commit %.12s\n", a.First.Date.Format(time.DateOnly), a.First.Commit)
		}
		for _, e := range a.Events {
			fmt.Fprintf(w, "  %s  %s\n", e.Time.Format("2006-01-02 15:04"), report.Escape(e.What))
			if e.Evidence != "" {
				fmt.Fprintf(w, "                    %s\n", report.Escape(e.Evidence))
			}
		}
		if a.Next != "" {
			fmt.Fprintf(w, "  next   %s   (%s)\n", report.Escape(a.Next), a.Rotator)
		}
		for _, s := range a.Stays {
			fmt.Fprintf(w, "  stays  %s: %s\n", report.Escape(s.Place), report.Escape(s.Why))
		}
	}
	return nil
}

func writeHTML(w io.Writer, r filed) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"day":  func(t time.Time) string { return t.UTC().Format(time.DateOnly) },
		"time": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 MST") },
		"safe": report.Escape,
		"done": func(s remediate.State) bool { return s == "RETIRED" },
	}).Parse(reportPage)
	if err != nil {
		return err
	}
	return t.Execute(w, r)
}
