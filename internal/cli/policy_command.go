package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/policy"
)

func (a *app) policyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "policy",
		Short: "Try, test and copy policies: what is allowed, warned of, denied",
		Long: `A policy decides what a finding leads to. oakum's own decides unless you say otherwise;
yours (Rego, in a folder or a bundle) is named with --policy, and what it leaves open
oakum's own decides. docs/policy.md is the guide.`,
	}
	c.AddCommand(a.policyEvalCommand(), a.policyTestCommand(), a.policyShowCommand())
	return c
}

func (a *app) policyShowCommand() *cobra.Command {
	var folder string
	c := &cobra.Command{
		Use:   "show [default | lib | input | NAME]",
		Short: "Print a policy to copy, oakum's own, or the schema of the input; without a name list them",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.listPolicies()
			}
			files, err := policyFiles(args[0])
			if err != nil {
				return err
			}
			if folder == "" {
				_, err := a.Out.Write(files[0].content)
				return err
			}
			return a.copyPolicy(files, folder)
		},
	}
	c.Flags().StringVarP(&folder, "output", "o", "", "write it into the folder `DIR`, with its tests and data; files that are there stay as they are")
	return c
}

// checkFormat is for commands whose result is for people or for programs.
func checkFormat(format string) error {
	if format != "text" && format != "json" {
		return fmt.Errorf("--format: %q is not text or json", format)
	}
	return nil
}

// listPolicies lists what there is to copy.
func (a *app) listPolicies() error {
	samples, err := policy.Library()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(a.Out, 0, 0, 2, ' ', 0)
	for _, s := range samples {
		first, _, _ := strings.Cut(s.Doc, ". ")
		fmt.Fprintf(w, "%s\t%s\n", s.Name, strings.TrimSuffix(first, "."))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\ndefault\toakum's own: what decides where no policy does\nlib\twords for policies: import data.oakum.lib\ninput\tthe JSON Schema of what a policy is asked\n")
	if err := w.Flush(); err != nil {
		return err
	}
	if isTerminal(a.Out) {
		a.say("copy one with its tests:  oakum policy show %s --output policy", samples[0].Name)
	}
	return nil
}

// policyFile is one file to copy.
type policyFile struct {
	name    string
	content []byte
}

// policyFiles are the files of what show names, the one to print first.
func policyFiles(name string) ([]policyFile, error) {
	switch name {
	case "input":
		schema, err := policy.Schema()
		return []policyFile{{"input.schema.json", schema}}, err
	case "default", "lib":
		src, err := policy.Builtin(name)
		return []policyFile{{name + ".rego", src}}, err
	}
	samples, err := policy.Library()
	if err != nil {
		return nil, err
	}
	name = strings.ReplaceAll(name, "-", "_")
	i := slices.IndexFunc(samples, func(s policy.Sample) bool { return s.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("there is no policy %q: `oakum policy show` lists them", name)
	}
	files := []policyFile{{name + ".rego", samples[i].Files[name+".rego"]}}
	for _, other := range []string{name + "_test.rego", "data.json"} {
		if content, ok := samples[i].Files[other]; ok {
			files = append(files, policyFile{other, content})
		}
	}
	return files, nil
}

// copyPolicy writes the files into the folder, and nothing over another.
func (a *app) copyPolicy(files []policyFile, folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("policy show: %w", err)
	}
	for _, f := range files {
		if _, err := os.Lstat(filepath.Join(folder, f.name)); err == nil {
			return fmt.Errorf("policy show: %s is there already, and is left as it is", filepath.Join(folder, f.name))
		}
	}
	for _, f := range files {
		to := filepath.Join(folder, f.name)
		if err := os.WriteFile(to, f.content, 0o644); err != nil {
			return fmt.Errorf("policy show: %w", err)
		}
		fmt.Fprintln(a.Out, filepath.ToSlash(to))
	}
	a.say("test it:  oakum policy test %s\nuse it:   oakum scan --policy %s", shellWord(folder), shellWord(folder))
	return nil
}
