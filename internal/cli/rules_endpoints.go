package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/rules"
)

// endpoint is a request that `oakum verify` may make.
type endpoint struct {
	Host   string `json:"host"`
	Method string `json:"method"`
	URL    string `json:"url"`
	Rule   string `json:"rule"`
	Doc    string `json:"doc,omitempty"`
}

func (a *app) rulesEndpointsCommand(config *string) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "endpoints",
		Short: "List every host that `oakum verify` may ask, and what it asks",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c, err := configure(word{config: *config})
			if err != nil {
				return err
			}
			return listEndpoints(a.Out, format, endpointsOf(c.set.Rules()))
		},
	}
	c.Flags().StringVarP(&format, "format", "f", "text", "`FORMAT`: text, json")
	return c
}

// endpointsOf sorts the rules' checks by host, then by rule.
func endpointsOf(all []*rules.Rule) []endpoint {
	list := []endpoint{}
	for _, r := range all {
		if r.Verify != nil {
			list = append(list, endpoint{r.Verify.Host(), cmp.Or(r.Verify.Method, "GET"), r.Verify.URL, r.ID, r.Verify.Doc})
		}
	}
	slices.SortFunc(list, func(a, b endpoint) int { return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Rule, b.Rule)) })
	return list
}

func listEndpoints(w io.Writer, format string, list []endpoint) error {
	switch format {
	case "json":
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(list)
	case "text":
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, e := range list {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", report.Escape(e.Host), e.Method, report.Escape(e.Rule), report.Escape(e.URL))
		}
		return t.Flush()
	}
	return fmt.Errorf("--format: unknown format %q: use text or json", format)
}
